"""What `health` answers."""

from typing import Literal

from msgspec import Struct

HealthStatus = Literal["ok", "degraded", "failing"]


class HealthReport(Struct, frozen=True, kw_only=True):
    """How a plugin is."""

    status: HealthStatus
    message: str = ""
    """One sentence for whoever reads `GET /api/v1/health`."""
    critical: bool = False
    """Whether the server should be sent no work while this is `failing`: then `/readyz` answers 503."""
    details: dict[str, object] | None = None
    """Anything JSON can hold."""
