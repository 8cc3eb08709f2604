"""The configuration as Structs: what can be set, what it means, what it is when left out.

These classes are the reference: `hookyard schema config` prints them as JSON Schema, and the loader checks a
file against them and reports every problem at once.
"""

from hookyard.config.model.access import TokenSettings
from hookyard.config.model.artifacts import ArtifactSettings, S3Settings
from hookyard.config.model.commands import (
    BreakerChanges,
    CommandKey,
    CommandSettings,
    KeyedSettings,
    RetryChanges,
    UniqueSettings,
)
from hookyard.config.model.endpoints import (
    EndpointBreaker,
    EndpointRules,
    EndpointSettings,
    OrderSettings,
    TlsSettings,
)
from hookyard.config.model.external import ExternalCommand
from hookyard.config.model.inbound import RouteSettings, SourceSettings
from hookyard.config.model.jobs import JobSettings, LaneSettings
from hookyard.config.model.jwt import JwtSettings
from hookyard.config.model.limits import LimitSettings
from hookyard.config.model.outbound import OutboundSettings
from hookyard.config.model.parts import HOUR, MINUTE, Envelope, Lane, Name, Scope, Section, Tenant
from hookyard.config.model.plugins import PluginHttp, PluginSettings, ProcessLimits
from hookyard.config.model.retention import Keep, RetentionSettings
from hookyard.config.model.root import Config
from hookyard.config.model.schedules import AfterSettings, BetweenSettings, ScheduleSettings
from hookyard.config.model.schemes import (
    HandshakeSettings,
    Place,
    PluginScheme,
    PresetName,
    PresetScheme,
    ReadingSettings,
    SignatureSettings,
    TemplateScheme,
    TimestampSettings,
)
from hookyard.config.model.secrets import SecretSettings
from hookyard.config.model.server import LogSettings, Server, StoreSettings

__all__ = [
    "HOUR",
    "MINUTE",
    "AfterSettings",
    "ArtifactSettings",
    "BetweenSettings",
    "BreakerChanges",
    "CommandKey",
    "CommandSettings",
    "Config",
    "EndpointBreaker",
    "EndpointRules",
    "EndpointSettings",
    "Envelope",
    "ExternalCommand",
    "HandshakeSettings",
    "JobSettings",
    "JwtSettings",
    "Keep",
    "KeyedSettings",
    "Lane",
    "LaneSettings",
    "LimitSettings",
    "LogSettings",
    "Name",
    "OrderSettings",
    "OutboundSettings",
    "Place",
    "PluginHttp",
    "PluginScheme",
    "PluginSettings",
    "PresetName",
    "PresetScheme",
    "ProcessLimits",
    "ReadingSettings",
    "RetentionSettings",
    "RetryChanges",
    "RouteSettings",
    "S3Settings",
    "ScheduleSettings",
    "Scope",
    "SecretSettings",
    "Section",
    "Server",
    "SignatureSettings",
    "SourceSettings",
    "StoreSettings",
    "TemplateScheme",
    "Tenant",
    "TimestampSettings",
    "TlsSettings",
    "TokenSettings",
    "UniqueSettings",
]
