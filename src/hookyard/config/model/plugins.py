"""The plugins."""

from typing import Any, Literal

from msgspec import field

from hookyard.config.model.external import ExternalCommand, Schema
from hookyard.config.model.parts import Name, Positive, ReceivingPort, Section, Text
from hookyard.config.values import Duration, Secret, Size


class ProcessLimits(Section, frozen=True, kw_only=True):
    """What the operating system holds a plugin's process to (`setrlimit`); left out, nothing is limited."""

    memory: Size | None = None
    """Address space (RLIMIT_AS)."""
    cpu: Duration | None = None
    """Processor time, in whole seconds (RLIMIT_CPU); a worker's is of all its jobs together."""
    files: Positive | None = None
    """Open descriptors (RLIMIT_NOFILE)."""
    processes: Positive | None = None
    """Processes and threads of the same user, others' included (RLIMIT_NPROC)."""
    file_size: Size | None = None
    """Length of any file it writes (RLIMIT_FSIZE)."""


class PluginHttp(Section, frozen=True, kw_only=True):
    """Where `ctx.http` of one plugin may go, beyond what `outbound` allows everyone."""

    allow_hosts: tuple[Text, ...] | None = None
    """Only these hosts, with globs such as `*.example.com`; left out, every public one."""
    allow_http: bool = False
    """Whether plain http is allowed."""
    allow_ports: tuple[ReceivingPort, ...] | Literal["any"] = (80, 443)
    """TCP ports that may be called."""
    allow_networks: tuple[str, ...] = ()
    """CIDRs that may be called although they are not public."""
    timeout: Duration = Duration(30_000)
    """How long one call may take where the plugin does not say."""


class PluginSettings(Section, frozen=True, kw_only=True):
    """One plugin. Naming it here is also what lets an installed (entry-point) plugin run."""

    enabled: bool = True
    """A disabled plugin is listed and not imported."""
    uses: Name | None = None
    """Run the Ductile plugin of that name under this one too, with its own configuration, state and lanes."""
    isolation: Literal["worker"] | None = None
    """`worker` runs a Python plugin in child processes: it is not imported into the server at all."""
    python: Text | None = None
    """The interpreter of its workers, such as `venvs/reports/bin/python`, relative to the configuration file."""
    workers: Positive = 1
    """How many worker processes there may be at once."""
    recycle_jobs: Positive | None = 10_000
    """After how many jobs a worker is replaced; at the latest after twice as many, if its successor starts."""
    recycle_memory: Size | None = None
    """Above how much resident memory a worker is replaced, once its job is through."""
    grace: Duration = Duration(5_000)
    """What its processes get between SIGTERM and SIGKILL."""
    env: dict[str, str] = field(default_factory=dict[str, str])
    """The environment of its processes, beyond PATH, HOME, TZ, LANG, LC_* and TMPDIR."""
    limits: ProcessLimits = ProcessLimits()
    secrets: dict[Name, Secret] = field(default_factory=dict[str, Secret])
    """The secrets that it declares; of a Ductile plugin, which gets them as members of `config`, any."""
    http: PluginHttp = PluginHttp()
    config: dict[str, Any] = field(default_factory=dict[str, Any])
    """The plugin's own configuration, checked against the Struct it declares."""
    events: dict[Text, Schema] = field(default_factory=dict[str, Schema])
    """Of a Ductile plugin: the events that it emits, by type, each with the JSON Schema of its data, an object; or with
    the path of a YAML or JSON file that holds it, relative to the configuration. Others declare them themselves."""
    commands: dict[Name, ExternalCommand] = field(default_factory=dict[str, ExternalCommand])
    """Commands that external workers run. A plugin that has them is made of nothing else: no file is looked for."""
