"""What holds for every test."""

import gc
import os

# Programs that tests start keep what they compiled of Hookyard for the next one; else each compiles all of it again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_collection_finish() -> None:
    """Thousands of collected tests stay until the end: the collector need not look at them again and again."""
    gc.collect()
    gc.freeze()
