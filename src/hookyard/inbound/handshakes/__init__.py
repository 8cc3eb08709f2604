"""What senders are answered who first ask whether they may send: a module for each."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hookyard.inbound.handshake import Handshake
from hookyard.inbound.handshakes.aws_sns import AwsSns
from hookyard.inbound.handshakes.azure_event_grid import AzureEventGrid
from hookyard.inbound.handshakes.cloudevents import CloudEvents
from hookyard.inbound.handshakes.discord import Discord
from hookyard.inbound.handshakes.meta import Meta
from hookyard.inbound.handshakes.microsoft_graph import MicrosoftGraph
from hookyard.inbound.handshakes.slack import Slack
from hookyard.inbound.handshakes.twitch import Twitch
from hookyard.inbound.handshakes.websub import WebSub
from hookyard.inbound.handshakes.x import X
from hookyard.inbound.handshakes.zoom import Zoom

_ALL: Final[tuple[Handshake, ...]] = (
    AwsSns(),
    AzureEventGrid(),
    CloudEvents(),
    Discord(),
    Meta(),
    MicrosoftGraph(),
    Slack(),
    Twitch(),
    WebSub(),
    X(),
    Zoom(),
)
BY_NAME: Final[Mapping[str, Handshake]] = MappingProxyType({each.name: each for each in _ALL})
"""Each by the name that presets give it."""
