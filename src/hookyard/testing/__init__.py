"""What plugin authors and store authors test with: the public fakes and the contract suites they pass."""

from hookyard.testing.clock import FakeClock

__all__ = ["FakeClock"]
