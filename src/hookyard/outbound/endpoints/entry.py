"""One endpoint as it is known in memory: its row, and all that was made of it."""

from collections.abc import Collection

from msgspec import Struct

from hookyard.config.model import EndpointRules
from hookyard.model import Endpoint
from hookyard.outbound.destination import Destination
from hookyard.outbound.endpoints.condition import Condition
from hookyard.outbound.endpoints.listening import Listening
from hookyard.outbound.endpoints.order import Order
from hookyard.outbound.endpoints.private import KeptSecret, Private
from hookyard.outbound.sender import Identity
from hookyard.webhook_secret import PublicKey


class Entry(Struct, frozen=True, kw_only=True):
    """An endpoint; a new one is made whenever anything about it changes."""

    row: Endpoint
    settings: EndpointRules | None
    """None when the row cannot be read by this version."""
    private: Private
    problem: str | None = None
    """What is wrong with it, in a sentence: it was sound when it was made, and the settings or the rules are others
    now. Until it is mended it gets nothing, and what is pending for it waits."""
    locked: bool = False
    """Whether its secrets are encrypted and cannot be read, so that nothing of it can be changed."""
    destination: Destination | None = None
    """Where its deliveries go; None when there is a problem."""
    listening: Listening | None = None
    condition: Condition | None = None
    order: Order | None = None
    public_keys: tuple[PublicKey, ...] = ()
    """Of those of its secrets that sign `v1a`."""
    allow_networks: tuple[str, ...] = ()
    name_taken: bool = False
    """Whether the configuration has another one of this name, which is not used while this one is there."""

    def __repr__(self) -> str:
        """Which it is; what it has is not for the log."""
        return f"Entry({self.row.name!r})"

    @property
    def live(self) -> bool:
        """Whether it gets what happens."""
        return (
            self.row.disabled_at is None
            and self.settings is not None
            and self.settings.enabled
            and self.destination is not None
        )

    @property
    def tenant(self) -> str:
        """Whose events alone it hears; empty: everybody's."""
        return self.row.tenant

    @property
    def secrets(self) -> tuple[KeptSecret, ...]:
        """What signs, those of which the time is over among them."""
        return self.private.secrets

    @property
    def header_names(self) -> Collection[str]:
        """Of the headers that its requests have besides."""
        return sorted(self.private.headers)

    @property
    def identity(self) -> Identity | None:
        """Its certificates."""
        return self.private.identity
