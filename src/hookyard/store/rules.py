"""What every store works out in the same way."""

from hookyard.store.contract import Unique


def debounced(run_at: int, submitted_at: int, unique: Unique | None) -> int:
    """When a queued job is to run whose input is now that of a later one.

    Args:
        run_at: of the later one.
        submitted_at: of the queued one.
        unique: says for how long a queued one may be put off.
    """
    latest = None if unique is None else unique.latest
    return run_at if latest is None else min(run_at, submitted_at + latest)
