"""What others wrote, shown on a terminal."""


def safe(text: str) -> str:
    """The text without what a terminal would obey: whatever is not printable is written as an escape."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
