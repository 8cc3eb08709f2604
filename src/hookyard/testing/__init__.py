"""What plugin authors and store authors test with: the public fakes and the contract suites they pass."""

from hookyard.testing.clock import FakeClock
from hookyard.testing.context import FakeContext, FakeSyncContext
from hookyard.testing.host import Host
from hookyard.testing.outcome import JobFailed
from hookyard.testing.port import FakeArtifact, FakePort
from hookyard.testing.run import run_command
from hookyard.testing.webhook import WebhookAnswer

__all__ = [
    "FakeArtifact",
    "FakeClock",
    "FakeContext",
    "FakePort",
    "FakeSyncContext",
    "Host",
    "JobFailed",
    "WebhookAnswer",
    "run_command",
]
