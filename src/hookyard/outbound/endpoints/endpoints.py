"""The endpoints as the outbox and the courier look them up: prepared once, no work left for a delivery."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from typing import Final, Protocol

from msgspec.structs import replace

from hookyard import log
from hookyard.config.endpoints.spec import rules_of
from hookyard.config.model import Config
from hookyard.model import Delivery, DisabledReason, Endpoint
from hookyard.outbound.destination import Destination
from hookyard.outbound.endpoints.entry import Entry
from hookyard.outbound.endpoints.keyring import Keyring, key_of
from hookyard.outbound.endpoints.listening import Audience
from hookyard.outbound.endpoints.making import Maker, place_of
from hookyard.outbound.endpoints.sync import clashes, is_off, private_of, synced
from hookyard.outbound.endpoints.told import Told
from hookyard.outbound.policy import Verdict
from hookyard.store.contract import Op
from hookyard.webhook_secret import PublicKey

_log = log.get("outbound")
_MOST_CALLBACKS: Final = 4096
REMOVED: Final = Verdict(status="failed", error="endpoint_removed")
DISABLED: Final = Verdict(status="failed", error="endpoint_disabled")


class Health(Protocol):
    """Is told how receivers are."""

    def succeeded(self, name: str, now: int) -> None:
        """An attempt arrived."""
        ...

    def failed(self, name: str, now: int, error: str) -> None:
        """An attempt failed."""
        ...

    def disable(self, name: str, reason: DisabledReason, now: int, error: str) -> None:
        """The receiver wants no more."""
        ...

    def breaker(self, name: str, state: str, failures: int, now: int, until: int | None) -> None:
        """A breaker is in another state."""
        ...


class Endpoints:
    """All endpoints, and who listens to what; the `Destinations` of the courier.

    Args:
        config: without problems. Its endpoints are there at once; :meth:`load` adds what the store knows.
        maker: prepares them.
        now: milliseconds.
    """

    def __init__(self, config: Config, maker: Maker, now: int) -> None:
        self._maker = maker
        self._entries: dict[str, Entry] = {}
        self._audience = Audience(self._entries)
        self.listeners: Final = self._audience.of
        """The names of the endpoints that want to know of an event of a command and a tenant, filters left aside."""
        self._conditions = 0
        self._keys: dict[str, PublicKey] = {}
        self._callback = lru_cache(maxsize=_MOST_CALLBACKS)(self._make_callback)
        self._callback_form = maker.callback_form()
        self.callback_policy: Final = maker.policy
        """What holds for callback URLs."""
        self.quiet: Final = set[str]()
        """Of what there is much of, that which some endpoint asks for by name; always the same object."""
        self.health: Health | None = None
        """Told how receivers are; set once, before anything is sent."""
        self.resumed: Callable[[str], None] | None = None
        """Told of every endpoint that got nothing and is live again, and of every one that is new or gone, since what
        is pending for one that had its name ends; set once, as `health`."""
        self.use(config, now)

    # --- who there is ---

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, name: str) -> Entry | None:
        """The endpoint of this name."""
        return self._entries.get(name)

    def public_key(self, kid: str) -> PublicKey | None:
        """A public key of any endpoint, by its thumbprint."""
        return self._keys.get(kid)

    # --- who listens ---

    def wanted(self, names: tuple[str, ...], told: Told) -> tuple[str, ...]:
        """Those of them whose filter, if they have one, lets the event through."""
        if not self._conditions or not names:
            return names
        seen: dict[str, bool | str] = {}
        return tuple(name for name in names if self._wants(name, told, seen))

    def _wants(self, name: str, told: Told, seen: dict[str, bool | str]) -> bool:
        entry = self._entries.get(name)
        if entry is None or entry.condition is None:
            return entry is not None
        text = entry.condition.text
        if text not in seen:  # many endpoints may say the same
            seen[text] = entry.condition.ask(told)
        outcome = seen[text]
        if isinstance(outcome, str):
            entry.condition.fail(told, name, outcome)
            return False
        return outcome

    # --- where a delivery goes ---

    def line_key(self, delivery: Delivery) -> str:
        """What a delivery's requests are counted under: its endpoint, or the place its callback URL names."""
        return place_of(delivery.url or "") if delivery.endpoint is None else delivery.endpoint

    def destination(self, delivery: Delivery) -> Destination | Verdict | None:
        """Where a delivery goes; a verdict if it never can, None if it cannot as things stand.

        What is pending for an endpoint that was switched off by somebody waits for it. What is pending for one whose
        receiver is gone, wants no more or only failed becomes a dead letter, which can be recovered when that is over.
        """
        if delivery.endpoint is None:
            return None if delivery.url is None or self._callback_form is None else self._callback(delivery.url)
        entry = self._entries.get(delivery.endpoint)
        if entry is None or entry.row.epoch != delivery.epoch or (entry.tenant and entry.tenant != delivery.tenant):
            return REMOVED  # or another one of the same name, to which this was never addressed
        if entry.row.disabled_at is not None and entry.row.disabled_reason != "user":
            return DISABLED
        return entry.destination if entry.live else None

    def _make_callback(self, url: str) -> Destination | None:
        form = self._callback_form
        return None if form is None else self._maker.callback(url, form)

    # --- how receivers are ---

    def succeeded(self, name: str, now: int) -> None:
        """An attempt at an endpoint arrived."""
        if self.health is not None:
            self.health.succeeded(name, now)

    def failed(self, name: str, now: int, error: str) -> None:
        """An attempt failed."""
        if self.health is not None:
            self.health.failed(name, now, error)

    def disable(self, name: str, reason: DisabledReason, now: int, error: str) -> None:
        """The receiver wants no more."""
        if self.health is not None:
            self.health.disable(name, reason, now, error)

    def breaker(self, name: str, state: str, failures: int, now: int, until: int | None = None) -> None:
        """Tell that an endpoint's breaker is in another state."""
        if self.health is not None:
            self.health.breaker(name, state, failures, now, until)

    # --- how they change ---

    def clashes(self, config: Config) -> Iterator[tuple[str, str]]:
        """What keeps a configuration from being used, as (key path, message): names that were given over HTTP."""
        for row in clashes(config.endpoints, (entry.row for entry in self)):
            advice = "delete it first, or give this one another name"
            yield f"endpoints.{row.name}", f"there is one of this name, made over HTTP by {row.created_by}; {advice}"

    def forgotten_keys(self, config: Config) -> Iterator[tuple[str, str]]:
        """The same, of keys that it has no longer though something is still encrypted under them."""
        kept = Keyring(key.reveal() for key in config.encryption.keys).ids
        under = Counter(None if entry.locked else key_of(entry.row.private) for entry in self)
        for kid, count in under.items():
            if kid is not None and kid not in kept:
                advice = "put it back as the last one, and take it out once `hookyard doctor` says nothing of it"
                whose = "1 endpoint" if count == 1 else f"{count} endpoints"
                yield "encryption.keys", f"the secrets of {whose} are encrypted under the key {kid}: {advice}"

    def put(self, entry: Entry) -> None:
        """Go on with this one, new or instead of the one of its name."""
        before = self._entries.get(entry.row.name)
        if before is not None and before.name_taken:
            entry = replace(entry, name_taken=True)
        self._entries[entry.row.name] = entry
        self._changed()
        if before is None or not before.live:
            self._tell_of([entry.row.name])

    def remove(self, name: str) -> None:
        """Forget one."""
        if self._entries.pop(name, None) is not None:
            self._changed()
            if self.resumed is not None:
                self.resumed(name)

    def mark(self, row: Endpoint) -> None:
        """Note how one is that is otherwise the same."""
        entry = self._entries[row.name]
        self._entries[row.name] = new = replace(entry, row=row)
        if new.live != entry.live:
            self._changed()

    def put_private(self, name: str, before: bytes, after: bytes) -> None:
        """Note that what is never shown of one is stored in another form; it is otherwise the same."""
        entry = self._entries.get(name)
        if entry is not None and entry.row.private == before:
            self._entries[name] = replace(entry, row=replace(entry.row, private=after))

    def use(self, config: Config, now: int) -> tuple[list[str], list[Op]]:
        """Go on with the endpoints of this configuration, and those of HTTP.

        Returns:
            The names of those that are others now or gone, and what has to be written for that.
        """
        rows, ops = synced(config.endpoints, [entry.row for entry in self], now)
        return self._take(config, rows), ops

    def load(self, config: Config, rows: Collection[Endpoint], now: int) -> list[Op]:
        """Take what the store knows, at the start; returns what has to be written."""
        known, ops = synced(config.endpoints, tuple(rows), now)
        self._take(config, known)
        for row in clashes(config.endpoints, rows):
            advice = "that of the configuration is not used: delete the other, or rename one"
            _log.error("endpoint.name_taken", endpoint=row.name, created_by=row.created_by, advice=advice)
        self._tell_of(row.name for row in rows if is_off(row))
        return ops

    def _take(self, config: Config, rows: dict[str, Endpoint]) -> list[str]:
        before = dict(self._entries)
        self._entries.clear()
        for name, row in rows.items():
            self._entries[name] = self._entry(config, row, before.get(name))
        self._changed()
        self._tell_of(name for name, entry in before.items() if not entry.live)
        return [name for name, entry in before.items() if self._destination(name) is not entry.destination]

    def _tell_of(self, stopped: Iterable[str]) -> None:
        """Tell which of those that got nothing are live now."""
        for name in stopped:
            entry = self._entries.get(name)
            if entry is not None and entry.live and self.resumed is not None:
                self.resumed(name)

    def _destination(self, name: str) -> Destination | None:
        entry = self._entries.get(name)
        return None if entry is None else entry.destination

    def _entry(self, config: Config, row: Endpoint, before: Entry | None) -> Entry:
        if row.origin != "config":
            same = before is not None and before.row is row and not before.locked
            stored = before if before is not None and same else self._maker.stored(row)
            return replace(stored, name_taken=row.name in config.endpoints)
        settings = config.endpoints[row.name]
        rules, private = rules_of(settings), private_of(settings)
        same = before is not None and (before.settings, before.private) == (rules, private)
        if before is not None and same and before.allow_networks == settings.allow_networks:
            return replace(before, row=row)
        return self._maker.entry(row, rules, private, settings.allow_networks)

    def _changed(self) -> None:
        self._audience.clear()
        self._conditions = sum(entry.condition is not None for entry in self)
        self._keys = {key.kid: key for entry in self for key in entry.public_keys}
        self.quiet.clear()
        for entry in self:
            if entry.live and entry.listening is not None:
                self.quiet.update(entry.listening.quiet)
