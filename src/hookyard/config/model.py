"""The configuration as Structs: what can be set, what it means, what it is when left out.

These classes are the reference: `hookyard schema config` prints them as JSON Schema, and the loader checks a
file against them and reports every problem at once.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from hookyard.command import Priority
from hookyard.config.values import PRIVATE, Duration, Secret, Size

# A description here is what a message says after "expected".
Name = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$",
        description="a name of at most 64 letters, digits, `_`, `.` and `-`, a letter or digit first",
    ),
]
Header = Annotated[str, Meta(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", description="the name of an HTTP header")]
Port = Annotated[int, Meta(ge=0, le=65535)]
Positive = Annotated[int, Meta(ge=1)]
Text = Annotated[str, Meta(min_length=1)]
Scope = Annotated[
    str,
    Meta(
        pattern=r"^(admin|jobs:read|trigger:ro|trigger:[A-Za-z0-9_.*?\[\]!-]+/[A-Za-z0-9_.*?\[\]!-]+)$",
        description="a scope: trigger:<plugin>/<command> with globs, trigger:ro, jobs:read or admin",
    ),
]
Lane = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?$",
        description="a lane: plugin/command, or the name of a Ductile plugin",
    ),
]

MINUTE, HOUR = 60_000, 3_600_000


class _Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Server(_Section, frozen=True, kw_only=True):
    """Where the gateway listens and what it takes."""

    host: Text = "127.0.0.1"
    """Address to listen on; 0.0.0.0 for every one."""
    port: Port = 8420
    """TCP port; 0 takes a free one and prints it."""
    max_body: Size = Size(25 << 20)
    """Largest body accepted, refused with 413 before it is read. GitHub sends up to 25 MB."""
    max_wait: Duration = Duration(60_000)
    """Upper bound of `Prefer: wait`."""


class StoreSettings(_Section, frozen=True, kw_only=True):
    """Where jobs are kept."""

    path: Text = "hookyard.db"
    """The SQLite file, relative to the configuration file."""
    synchronous: Literal["full", "normal"] = "full"
    """`full` survives a power cut; `normal` may lose the last commits in one, and is faster."""
    queue: Positive = 10_000
    """How many operations may wait for a commit before callers get 503."""
    batch: Annotated[int, Meta(ge=1, le=1024)] = 256
    """The most operations in one commit."""


class LogSettings(_Section, frozen=True, kw_only=True):
    """What is logged to standard error, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important lines that are written."""
    format: Literal["auto", "console", "json"] = "auto"
    """`auto` is console on a terminal and JSON elsewhere."""


class JobSettings(_Section, frozen=True, kw_only=True):
    """How jobs run where their command does not say otherwise."""

    timeout: Duration = Duration(60_000)
    """How long one attempt may take."""
    lease: Duration = Duration(30_000)
    """How long a worker may stay silent before its job is given to another."""
    drain: Duration = Duration(20_000)
    """How long a shutdown waits for running jobs before it gives them back."""
    idempotency_window: Duration = Duration(24 * HOUR)
    """How long an `Idempotency-Key` stands for the same job."""


class LaneSettings(_Section, frozen=True, kw_only=True):
    """The limit of one lane; without it the command's own, or 256 inline and in workers, 8 in threads."""

    limit: Positive
    """How many of its jobs may run at once."""


class ProcessLimits(_Section, frozen=True, kw_only=True):
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


class PluginHttp(_Section, frozen=True, kw_only=True):
    """Where `ctx.http` of one plugin may go, beyond what `outbound` allows everyone."""

    allow_hosts: tuple[Text, ...] | None = None
    """Only these hosts, with globs such as `*.example.com`; left out, every public one."""
    allow_http: bool = False
    """Whether plain http is allowed."""
    allow_ports: tuple[Port, ...] | Literal["any"] = (80, 443)
    """TCP ports that may be called."""
    allow_networks: tuple[str, ...] = ()
    """CIDRs that may be called although they are not public."""
    timeout: Duration = Duration(30_000)
    """How long one call may take where the plugin does not say."""


class PluginSettings(_Section, frozen=True, kw_only=True):
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


class TokenSettings(_Section, frozen=True, kw_only=True):
    """A bearer token; `hookyard token new` makes one and prints these lines."""

    name: Name
    """Who it is, in logs and in `principal`."""
    sha256: Annotated[
        str,
        Meta(
            pattern=r"^[0-9a-fA-F]{64}$",
            description="the SHA-256 digest of the token as 64 hex digits",
            extra={PRIVATE: True},  # somebody will paste the token itself here
        ),
    ]
    """The digest of the token, in hex; the token itself is kept nowhere."""
    scopes: tuple[Scope, ...]
    """What it may do: `trigger:<plugin>/<command>` with globs, `trigger:ro`, `jobs:read`, `admin`."""


class HmacScheme(_Section, frozen=True, kw_only=True):
    """A generic HMAC signature over the raw body."""

    header: Header
    """The header that carries the signature."""
    prefix: str = ""
    """What stands before the signature in the header, such as `sha256=`."""
    encoding: Literal["hex", "base64"] = "hex"
    """How the signature is written."""
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    """The hash; `sha1` only for senders that know no other."""
    timestamp_header: Header | None = None
    """The header with the time of sending, in unix seconds; it is signed as `{timestamp}.{body}`."""
    tolerance: Duration = Duration(5 * MINUTE)
    """How far that time may be from ours, in both directions."""
    event_header: Header | None = None
    """The header that names the event; without it every request is of the event `webhook`."""
    delivery_header: Header | None = None
    """The header with the sender's delivery id; without it the digest of the body takes its place."""


class PluginScheme(_Section, frozen=True, kw_only=True):
    """A signature that a plugin verifies."""

    plugin: Name
    """The plugin whose hook `verify_webhook` is asked about every request; it is handed the source's `secrets`."""


class RouteSettings(_Section, frozen=True, kw_only=True):
    """Which command an event runs."""

    on: str | tuple[str, ...] = "*"
    """The event, or several, such as `push`; `*` is any."""
    run: Annotated[str, Meta(pattern=r"^[^/]+/[^/]+$", description="a command, written plugin/command")]
    """The command, as `plugin/command`."""
    with_: dict[str, Any] | None = field(name="with", default=None)
    """The command's input. Strings that begin with `$.` are paths into the body, `$event` and `$delivery` the
    event and the delivery id, all else stands for itself. Left out, the whole body is the input."""
    map: Name | None = None
    """Instead of `with`: the plugin whose hook `map_input` makes the command's input of the event, or ignores it."""
    priority: Priority = 0
    """Higher runs first."""


class SourceSettings(_Section, frozen=True, kw_only=True):
    """An inbound webhook at `/hooks/<source>`."""

    scheme: Literal["github"] | HmacScheme | PluginScheme
    """How its sender signs: `github`, the settings of a generic HMAC, or a plugin that verifies."""
    secrets: Annotated[tuple[Secret, ...], Meta(min_length=1)]
    """The shared secrets, any of which may have signed; two of them make a rotation."""
    routes: Annotated[tuple[RouteSettings, ...], Meta(min_length=1)]
    """The first route whose `on` matches is taken; an event that none matches is answered 200 and ignored."""
    dedupe_window: Duration = Duration(72 * HOUR)
    """How long the same delivery id stands for the same job."""


class EndpointSettings(_Section, frozen=True, kw_only=True):
    """A subscriber's URL for outgoing webhooks."""

    url: Text
    """Where events are sent; https unless `outbound.allow_http`."""
    secrets: Annotated[tuple[Secret, ...], Meta(min_length=1)]
    """Standard Webhooks secrets (`whsec_` and base64); with several, every one signs."""
    events: tuple[str, ...] = ("job.*",)
    """Which events, with globs: `job.succeeded`, `job.*`."""
    commands: tuple[str, ...] = ("*/*",)
    """Of which commands, with globs: `github_push/*`."""
    enabled: bool = True
    """A disabled endpoint gets nothing new; what is pending for it waits."""


class OutboundSettings(_Section, frozen=True, kw_only=True):
    """How webhooks are sent, and where they may go."""

    callback_secrets: tuple[Secret, ...] = ()
    """Standard Webhooks secrets for `callback_url`; while empty, a trigger that has one is refused."""
    allow_http: bool = False
    """Whether plain http is allowed, for receivers inside one's own network."""
    allow_ports: tuple[Port, ...] | Literal["any"] = (443,)
    """TCP ports that may be called."""
    allow_networks: tuple[str, ...] = ()
    """CIDRs that may be called although they are not public, such as `10.1.0.0/16`."""
    timeout: Duration = Duration(15_000)
    """How long one attempt may take in all."""
    connect_timeout: Duration = Duration(5_000)
    """How long connecting may take."""
    schedule: Annotated[tuple[Duration, ...], Meta(min_length=1)] = (
        Duration(0),
        Duration(5_000),
        Duration(5 * MINUTE),
        Duration(30 * MINUTE),
        Duration(2 * HOUR),
        Duration(5 * HOUR),
        Duration(10 * HOUR),
        Duration(14 * HOUR),
        Duration(20 * HOUR),
        Duration(24 * HOUR),
    )
    """The wait before each attempt; as many attempts as entries."""
    jitter: Annotated[float, Meta(ge=0, le=1)] = 0.2
    """The share of a wait by which it is drawn longer or shorter, at random."""
    max_retry_after: Duration = Duration(24 * HOUR)
    """The longest `Retry-After` of a receiver that is honoured."""
    concurrency: Positive = 64
    """Requests under way at once, over all endpoints."""
    concurrency_per_endpoint: Positive = 32
    """Requests under way at once to one endpoint, so that a slow one does not hold up the rest."""


class ArtifactSettings(_Section, frozen=True, kw_only=True):
    """Where the named blobs of jobs are kept."""

    path: Text = "artifacts"
    """A folder, relative to the configuration file, or `memory` for trials."""
    max_size: Size = Size(1 << 30)
    """Largest single artifact."""
    max_per_job: Positive = 1000
    """How many artifacts one job may have."""


class Config(_Section, frozen=True, kw_only=True):
    """The whole of one file."""

    server: Server = Server()
    store: StoreSettings = StoreSettings()
    log: LogSettings = LogSettings()
    jobs: JobSettings = JobSettings()
    lanes: dict[Lane, LaneSettings] = field(default_factory=dict[str, LaneSettings])
    """Limits by lane; a lane is a command, written `plugin/command`, or all of a Ductile plugin, by its name."""
    artifacts: ArtifactSettings = ArtifactSettings()
    require_types: bool = False
    """Whether `hookyard check` refuses a Python plugin that `hookyard plugins check --types` has not passed."""
    plugin_dirs: tuple[str, ...] = ()
    """Folders whose files and packages are plugins, relative to the configuration file."""
    plugins: dict[Name, PluginSettings] = field(default_factory=dict[str, PluginSettings])
    """Plugins by name. Naming one here is also what lets an installed (entry-point) plugin run."""
    tokens: tuple[TokenSettings, ...] = ()
    """Who may call. With none, nobody may."""
    sources: dict[Name, SourceSettings] = field(default_factory=dict[str, SourceSettings])
    """Inbound webhooks by name."""
    endpoints: dict[Name, EndpointSettings] = field(default_factory=dict[str, EndpointSettings])
    """Subscribers of outgoing webhooks by name."""
    outbound: OutboundSettings = OutboundSettings()
