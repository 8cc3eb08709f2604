"""What holds for every test."""

import gc
import os

from hypothesis import HealthCheck, settings

# Programs that tests start keep what they compiled of Hookyard for the next one; else each compiles all of it again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# How long an example takes says how busy the machine is: no test fails by that.
settings.register_profile("hookyard", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hookyard")


def pytest_collection_finish() -> None:
    """Thousands of collected tests stay until the end: the collector need not look at them again and again."""
    gc.collect()
    gc.freeze()
