"""The whole of one file."""

from typing import Literal

from msgspec import field

from hookyard.config.model.access import TokenSettings
from hookyard.config.model.artifacts import ArtifactSettings
from hookyard.config.model.commands import CommandKey, CommandSettings
from hookyard.config.model.encryption import EncryptionSettings
from hookyard.config.model.endpoints import EndpointSettings
from hookyard.config.model.inbound import SourceSettings
from hookyard.config.model.jobs import JobSettings, LaneSettings
from hookyard.config.model.jwt import JwtSettings
from hookyard.config.model.limits import LimitSettings
from hookyard.config.model.outbound import OutboundSettings
from hookyard.config.model.parts import Lane, Name, Section
from hookyard.config.model.plugins import PluginSettings
from hookyard.config.model.retention import RetentionSettings
from hookyard.config.model.schedules import ScheduleSettings
from hookyard.config.model.server import LogSettings, Server, StoreSettings


class Config(Section, frozen=True, kw_only=True):
    """The whole of one file."""

    server: Server = Server()
    store: StoreSettings = StoreSettings()
    encryption: EncryptionSettings = EncryptionSettings()
    log: LogSettings = LogSettings()
    jobs: JobSettings = JobSettings()
    lanes: dict[Lane, LaneSettings] = field(default_factory=dict[str, LaneSettings])
    """Limits by lane; a lane is a command, written `plugin/command`, or all of a Ductile plugin, by its name. By the
    name of another plugin they are of all its lanes together."""
    commands: dict[CommandKey, CommandSettings] = field(default_factory=dict[str, CommandSettings])
    """What is to hold for single commands, whatever they say of themselves."""
    artifacts: ArtifactSettings = ArtifactSettings()
    retention: RetentionSettings = RetentionSettings()
    require_types: bool = False
    """Whether `hookyard check` refuses a Python plugin that `hookyard plugins check --types` has not passed."""
    plugin_dirs: tuple[str, ...] = ()
    """Folders whose files and packages are plugins, relative to the configuration file."""
    plugins: dict[Name, PluginSettings] = field(default_factory=dict[str, PluginSettings])
    """Plugins by name. Naming one here is also what lets an installed (entry-point) plugin run."""
    tokens: tuple[TokenSettings, ...] = ()
    """Who may call, beside the tokens of the store. With none, nobody may."""
    first_admin: Literal["auto", "print", "never"] = "auto"
    """Whether a server that nobody can call yet, since there is no token at all, makes an admin's token and prints it
    to standard error, once. `auto` does where that is a terminal; `hookyard token bootstrap` makes one anywhere."""
    jwt: dict[Name, JwtSettings] = field(default_factory=dict[str, JwtSettings])
    """Issuers of JSON Web Tokens that callers may show instead, by name."""
    limits: LimitSettings = LimitSettings()
    sources: dict[Name, SourceSettings] = field(default_factory=dict[str, SourceSettings])
    """Inbound webhooks by name."""
    schedules: dict[Name, ScheduleSettings] = field(default_factory=dict[str, ScheduleSettings])
    """Rules that create jobs by time, by name."""
    endpoints: dict[Name, EndpointSettings] = field(default_factory=dict[str, EndpointSettings])
    """Subscribers of outgoing webhooks by name."""
    outbound: OutboundSettings = OutboundSettings()
