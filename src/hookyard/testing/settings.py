"""The configuration of a test's host."""

from typing import Final

from hookyard.config.model import (
    ArtifactSettings,
    Config,
    EndpointSettings,
    JobSettings,
    OutboundSettings,
)
from hookyard.config.values import Duration, Secret
from hookyard.testing.webhook import SECRET

ENDPOINT: Final = "test"
"""The one subscriber of a test's host. It wants everything, and nothing is ever sent to it."""
_MONTH: Final = 30 * 24 * 3_600_000


def settings_of_tests() -> Config:
    """Without plugins or sources; leases outlast every jump of the clock."""
    return Config(
        jobs=JobSettings(lease=Duration(_MONTH), drain=Duration(0)),
        artifacts=ArtifactSettings(path="memory"),
        endpoints={ENDPOINT: EndpointSettings(url="https://receiver.test/", secrets=(Secret(SECRET),), events=("*",))},
        # A first wait, so that deliveries are looked at as they were planned: pending.
        outbound=OutboundSettings(schedule=(Duration(1000),), callback_secrets=(Secret(SECRET),)),
    )
