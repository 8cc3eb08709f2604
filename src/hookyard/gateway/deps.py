"""What the gateway is built from, and what it asks of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from hookyard.artifacts import ArtifactStore
from hookyard.auth import Tokens
from hookyard.clock import Clock
from hookyard.config.model import Config
from hookyard.credentials import TokenBook
from hookyard.dispatch.lanes import LaneControl
from hookyard.dispatch.schedules import Manager
from hookyard.dispatch.work import Work
from hookyard.gateway.bodies import Bodies
from hookyard.gateway.dispatching import Dispatcher
from hookyard.gateway.documents import Fetch, no_fetches
from hookyard.gateway.handshake import Visit, no_visits
from hookyard.gateway.limits import Limits
from hookyard.gateway.readiness import Readiness
from hookyard.host.changes import Changes
from hookyard.host.hooks import Hooks
from hookyard.host.registry import Registry
from hookyard.ids import IdSource
from hookyard.inbound.sources import Sources
from hookyard.outbound.endpoints import Manager as EndpointManager
from hookyard.outbound.endpoints import RecentDead
from hookyard.outbound.lines import LineState
from hookyard.outbound.overview import EndpointCounts
from hookyard.outbound.recovery import Recovery
from hookyard.store.contract import Op, Result, Store
from hookyard.store.write_probe import WriteProbe
from hookyard.webhook_secret import PublicKey


@dataclass(frozen=True, kw_only=True)
class GatewayDeps:
    """Everything the gateway needs."""

    config: Config
    registry: Registry
    dispatcher: Dispatcher
    store: Store
    artifacts: ArtifactStore
    sources: Sources
    write: Callable[[Op], Awaitable[Result]]
    """Has an operation applied, and returns once it is on disk. Raises StoreUnavailable, StoreError."""
    tokens: Tokens
    book: TokenBook
    """The tokens of the store."""
    ids: IdSource
    clock: Clock
    readiness: Readiness
    limits: Limits
    check_callback: Callable[[str], str | None]
    """Say why a callback URL is refused, or None."""
    lanes: LaneControl | None = None
    """How the lanes are, and pausing them; without it there are no such routes."""
    schedules: Manager | None = None
    work: Work | None = None
    """What external workers do with jobs; without it there are no such routes."""
    endpoints: EndpointManager | None = None
    """Those that keep endpoints of outgoing webhooks."""
    recovery: Recovery | None = None
    """Those that send again."""
    lines: Callable[[str], LineState] | None = None
    """How the requests to an endpoint go at this moment."""
    count_endpoints: Callable[[], Awaitable[EndpointCounts]] | None = None
    """How all endpoints are together."""
    recent_dead: RecentDead | None = None
    """Which endpoints have dead letters of the last day."""
    write_probe: WriteProbe | None = None
    """Whether the store takes writes; without it only whether it answers is known."""
    public_key: Callable[[str], PublicKey | None] | None = None
    """The key that is published under a name."""
    hooks: Hooks = field(default_factory=Hooks)
    bodies: Bodies = field(default_factory=Bodies)
    visit: Visit = no_visits
    """Asks a URL that a sender wants to be asked."""
    fetch: Fetch = no_fetches
    """Gets a document of a sender's, such as a certificate."""
    reload: Callable[[], Awaitable[Changes]] | None = None
    """Read the configuration and the plugins again. Raises ConfigError when nothing was changed."""
