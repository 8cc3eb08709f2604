"""The pytest plugin of Hookyard, which every pytest run in an environment with Hookyard in it loads.

It is a package of its own, and imports nothing but pytest, so that test runs of others are not slowed down by it: a
module inside `hookyard` would bring all of that with it.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    # Only the tests that use the fixture load it.
    from hookyard.testing import Host


@pytest.fixture
def hookyard() -> "Iterator[Host]":
    """A Hookyard of the test's own, in memory: see :class:`hookyard.testing.Host`."""
    from hookyard.testing import Host

    with Host() as host:
        yield host
