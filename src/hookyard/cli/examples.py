"""Examples below a help text."""


def examples(*lines: str) -> str:
    """The epilog of a command: one example a line, as written."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])  # \b keeps click from joining lines
