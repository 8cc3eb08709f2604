"""Changing endpoints while the server runs."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import chain
from random import getrandbits
from typing import Final

from msgspec import UNSET, Struct
from msgspec.structs import replace

from hookyard import log
from hookyard.clock import Clock, rfc3339
from hookyard.config.endpoints.spec import encode_spec, rules_of
from hookyard.config.model import Config, EndpointRules
from hookyard.errors import Refused
from hookyard.model import AuditEntry, DisabledReason, Endpoint
from hookyard.outbound.courier import Writer
from hookyard.outbound.endpoints.bodies import MOST_SECRETS, NewEndpoint, SecretKind, TlsTexts, merged
from hookyard.outbound.endpoints.check import Fault, private_faults, rule_faults, wish_faults
from hookyard.outbound.endpoints.endpoints import Endpoints
from hookyard.outbound.endpoints.entry import Entry
from hookyard.outbound.endpoints.health import EndpointHealth
from hookyard.outbound.endpoints.keyring import Keyring
from hookyard.outbound.endpoints.making import Maker
from hookyard.outbound.endpoints.private import KeptSecret, Private, Quietly, Request, with_private
from hookyard.outbound.endpoints.secrets import checked_secret, ending, kind_of, lasting, made_secret, shared
from hookyard.outbound.endpoints.sync import with_marks
from hookyard.outbound.endpoints.telling import Announcement, Telling
from hookyard.outbound.events.house import EndpointChanged, EndpointDisabled, EndpointRotated
from hookyard.store.audited import first_of
from hookyard.store.contract import AppendAudit, DeleteEndpoint, NotFound, Op, PutEndpoint

_log = log.get("outbound")
_EPOCH_BITS: Final = 62
MOST: Final = 10_000
"""How many endpoints there may be."""
LONGEST_OVERLAP: Final = 366 * 86_400_000
"""Milliseconds for which a secret that was replaced may go on signing."""


class Made(Quietly, Struct, frozen=True):
    """An endpoint, and what was made for it."""

    entry: Entry
    secrets: tuple[str, ...] = ()
    """Shared secrets that nobody has seen yet, to be shown this once. Those that the caller gave are not among them,
    nor are private keys, which nobody but Hookyard needs."""
    again: bool = False
    """Whether an earlier one of the same request made it."""


class Manager:
    """Changes endpoints, one after the other; every change is written with its entry of the audit log and its event.

    Args:
        endpoints: changed once that is on disk.
        maker: prepares what is new.
        health: told where it must begin anew.
        telling: makes what is written.
        writer: takes it.
        clock: for the times of it all.
        changed: called with the name of every endpoint to which requests go another way now, or not any more.
    """

    def __init__(
        self,
        *,
        endpoints: Endpoints,
        maker: Maker,
        health: EndpointHealth,
        telling: Telling,
        writer: Writer,
        clock: Clock,
        changed: Callable[[str], None],
    ) -> None:
        self._endpoints = endpoints
        self._maker = maker
        self._health = health
        self._telling = telling
        self._writer = writer
        self._clock = clock
        self._changed = changed
        self.lock: Final = asyncio.Lock()
        """Held while an endpoint changes; a reload holds it too."""
        self._claimed: Collection[str] = ()

    def entries(self, tenant: str = "") -> list[Entry]:
        """The endpoints that a tenant sees, by name; all of them without one."""
        found = (entry for entry in self._endpoints if not tenant or entry.row.tenant == tenant)
        return sorted(found, key=lambda entry: entry.row.name)

    def find(self, name: str, tenant: str = "") -> Entry:
        """One endpoint.

        Raises:
            Refused: there is none of this name, or it is another tenant's (`not_found`).
        """
        entry = self._endpoints.get(name)
        if entry is None or (tenant and entry.row.tenant != tenant):
            raise Refused("not_found", f"There is no endpoint {name}.")
        return entry

    async def claim(self, config: Config) -> tuple[tuple[str, str], ...]:
        """Ask for the names of a configuration that is about to be used; nobody else gets them from then on.

        What is written from then on is encrypted under its keys: after a kill the next start has no others.

        Returns:
            What keeps it from being used, as (key path, message); then nothing is claimed.
        """
        async with self.lock:
            found = (*self._endpoints.clashes(config), *self._endpoints.forgotten_keys(config))
            if not found:
                self._claimed = config.endpoints.keys()
                keys = (key.reveal() for key in config.encryption.keys)
                self._maker.keyring = Keyring(keys, older=self._maker.keyring)
            return found

    async def create(
        self,
        name: str,
        asked: NewEndpoint,
        *,
        principal: str,
        tenant: str,
        audit: AuditEntry,
        request: Request | None = None,
    ) -> Made:
        """Keep a new one.

        Args:
            name: what it is called.
            asked: what it shall be.
            principal: who makes it.
            tenant: that of the caller.
            audit: who does it, for the audit log.
            request: what tells that the same is asked for again; then nothing is made, whatever the name is.

        Raises:
            Refused: there is one of this name (`exists`), something is wrong with it (`invalid_input`), or its key was
                used for another body (`idempotency_mismatch`).
            StoreUnavailable: the store cannot take it now.
        """
        if asked.name is not None and asked.name != name:
            raise Refused("invalid_input", f"The name is {name!r} already.", path="$.name")
        whose = tenant if asked.tenant is UNSET else asked.tenant
        if tenant and whose != tenant:
            raise Refused("invalid_input", "You may make endpoints of your own tenant only.", path="$.tenant")
        async with self.lock:
            if request is not None and (made_before := self._made_for(request)) is not None:
                return Made(made_before, again=True)
            if request is not None and asked.name is None:
                self._require_all_known(principal, whose)
            if self._endpoints.get(name) is not None or name in self._claimed:
                raise Refused("exists", "There is an endpoint of this name already.")
            if len(self._endpoints) >= MOST:
                raise Refused("busy", f"There are {MOST} endpoints, which is as many as there may be.")
            now, rules = self._clock.now(), rules_of(asked)
            made = () if asked.secrets else tuple(map(made_secret, dict.fromkeys(asked.sign)))
            secrets = tuple(KeptSecret(value=value, created_at=now) for value in asked.secrets or made)
            private = replace(_private(asked, secrets), request=request)
            self._check(rules, private, operator=not tenant)
            row = Endpoint(
                name=name,
                tenant=whose,
                origin="http",
                spec=encode_spec(rules),
                epoch=getrandbits(_EPOCH_BITS),
                created_at=now,
                created_by=principal,
                updated_at=now,
            )
            row = with_private(row, private, self._maker.keyring)
            fact = EndpointChanged(endpoint=name, tenant=whose, by=audit.principal)
            await self._write(now, audit, Announcement("endpoint.created", fact), PutEndpoint(now=now, endpoint=row))
            return Made(self._keep(self._maker.entry(row, rules, private)), shared(made))

    async def change(self, name: str, patch: Mapping[str, object], *, tenant: str, audit: AuditEntry) -> Entry:
        """Change an endpoint by a JSON merge patch (RFC 7396) of what a new one is; secrets are not among that.

        Raises:
            Refused: there is none (`not_found`), the configuration has it (`configured`), it cannot be read
                (`endpoint_disabled`), or what comes of it is wrong (`invalid_input`).
            StoreUnavailable: the store cannot take it now.
        """
        async with self.lock:
            entry, rules = self._own(name, tenant)
            now, asked = self._clock.now(), merged(rules, entry.private, patch)
            new = rules_of(asked)
            private = replace(_private(asked, lasting(entry.secrets, now)), request=entry.private.request)
            self._check(new, private, operator=not tenant)
            row = replace(entry.row, spec=encode_spec(new), updated_at=now)
            row = with_marks(with_private(row, private, self._maker.keyring), entry.row, new)
            fact = EndpointChanged(endpoint=name, tenant=row.tenant, by=audit.principal)
            await self._write(now, audit, Announcement("endpoint.updated", fact), PutEndpoint(now=now, endpoint=row))
            return self._keep(self._maker.entry(row, new, private), entry)

    async def delete(self, name: str, *, tenant: str, audit: AuditEntry) -> None:
        """Forget an endpoint; what is pending for it fails as `endpoint_removed`, whatever has its name from then on.

        Raises:
            Refused: there is none (`not_found`), or the configuration has it (`configured`).
            StoreUnavailable: the store cannot do it now.
        """
        async with self.lock:
            row = _http(self.find(name, tenant)).row
            now = self._clock.now()
            fact = EndpointChanged(endpoint=name, tenant=row.tenant, by=audit.principal)
            await self._write(now, audit, Announcement("endpoint.deleted", fact), DeleteEndpoint(now=now, name=name))
            self._endpoints.remove(name)
            self._health.forget(name)
            self._changed(name)

    async def enable(self, name: str, *, tenant: str, audit: AuditEntry) -> Entry:
        """Let one that was disabled get events again, whoever or whatever disabled it; what it failed is forgotten.

        One that is off by its settings (`enabled: false`) is switched on by a change of those.

        Raises:
            Refused: there is none (`not_found`).
            StoreUnavailable: the store cannot do it now.
        """
        async with self.lock:
            entry = self.find(name, tenant)
            if entry.row.disabled_at is None:
                return entry
            fact = EndpointChanged(endpoint=name, tenant=entry.row.tenant, by=audit.principal)
            return await self._mark(entry, audit, Announcement("endpoint.enabled", fact), None, None)

    async def disable(self, name: str, *, tenant: str, audit: AuditEntry) -> Entry:
        """Let one get nothing until it is enabled; what is pending for it waits. Raises as :meth:`enable` does."""
        async with self.lock:
            entry = self.find(name, tenant)
            if entry.row.disabled_at is not None:
                return entry
            since = entry.row.failing_since
            fact = EndpointDisabled(
                endpoint=name,
                tenant=entry.row.tenant,
                reason="user",
                by=audit.principal,
                failing_since=None if since is None else rfc3339(since),
            )
            return await self._mark(entry, audit, Announcement("endpoint.disabled", fact), self._clock.now(), "user")

    async def rotate(
        self,
        name: str,
        *,
        kind: SecretKind,
        overlap: int,
        given: str | None,
        tenant: str,
        audit: AuditEntry,
    ) -> Made:
        """Give it a new secret; those of its kind that it has go on signing for so long. All others stay as they are.

        Args:
            name: which.
            kind: what the secret signs. One that has none of this kind gets its first.
            overlap: milliseconds, at most a year; 0 ends them at once.
            given: a secret of the caller's own; one is made if there is none.
            tenant: that of the caller.
            audit: who does it.

        Raises:
            Refused: there is none (`not_found`), the configuration has it (`configured`), it cannot be read
                (`endpoint_disabled`), or the secret or the overlap is none, or as many secrets sign as may
                (`invalid_input`).
            StoreUnavailable: the store cannot do it now.
        """
        if not 0 <= overlap <= LONGEST_OVERLAP:
            raise Refused("invalid_input", "An overlap is at most a year.", path="$.overlap")
        async with self.lock:
            entry, rules = self._own(name, tenant)
            now = self._clock.now()
            ends = now + overlap
            value = made_secret(kind) if given is None else checked_secret(given, kind, entry.secrets)
            kept = [secret if kind_of(secret.value) != kind else ending(secret, ends) for secret in entry.secrets]
            secrets = (KeptSecret(value=value, created_at=now), *lasting(kept, now))
            if len(secrets) > MOST_SECRETS:
                raise Refused("invalid_input", f"{MOST_SECRETS} secrets sign already: let some of them end first.")
            private = replace(entry.private, secrets=secrets)
            _refuse(chain(rule_faults(rules, self._maker.guard), private_faults(rules, private)))
            row = with_private(replace(entry.row, updated_at=now), private, self._maker.keyring)
            fact = EndpointRotated(endpoint=name, tenant=row.tenant, by=audit.principal, kind=kind, until=rfc3339(ends))
            await self._write(now, audit, Announcement("endpoint.rotated", fact), PutEndpoint(now=now, endpoint=row))
            made = shared((value,)) if given is None else ()
            return Made(self._keep(self._maker.entry(row, rules, private), entry), made)

    # --- in every one of them ---

    def _made_for(self, request: Request) -> Entry | None:
        for entry in self._endpoints:
            before = entry.private.request
            if before is not None and before.key == request.key:
                if before.body != request.body:
                    raise Refused("idempotency_mismatch", f"It stands for the endpoint {entry.row.name}.")
                return entry
        return None

    def _require_all_known(self, principal: str, tenant: str) -> None:
        """For what a new one was made is kept with its secrets: where those cannot be read, it may be the same."""
        for entry in self._endpoints:
            if entry.locked and (entry.row.created_by, entry.row.tenant) == (principal, tenant):
                detail = f"Whether it was made before cannot be known now: the secrets of {entry.row.name} are locked."
                raise Refused("busy", f"{detail} Give it a name, or wait.")

    def _own(self, name: str, tenant: str) -> tuple[Entry, EndpointRules]:
        entry = _http(self.find(name, tenant))
        if entry.locked:
            raise Refused("endpoint_disabled", f"{entry.problem} It can be changed once they can be read.")
        if entry.settings is None:
            raise Refused("endpoint_disabled", f"{entry.problem} Delete it, and make it anew.")
        return entry, entry.settings

    def _check(self, rules: EndpointRules, private: Private, *, operator: bool) -> None:
        rest = wish_faults(rules, self._maker.settings), private_faults(rules, private)
        _refuse(chain(rule_faults(rules, self._maker.guard, operator=operator), *rest))

    async def _mark(
        self, entry: Entry, audit: AuditEntry, announcement: Announcement, at: int | None, reason: DisabledReason | None
    ) -> Entry:
        row = replace(entry.row, disabled_at=at, disabled_reason=reason)
        if at is None:
            row = replace(row, failing_since=None)
        # All of the row: of one of the configuration it may not have been stored yet.
        op = PutEndpoint(now=self._clock.now(), endpoint=row)
        await self._write(op.now, audit, announcement, op)
        return self._keep(replace(self._endpoints.get(row.name) or entry, row=row), entry)

    async def _write(self, now: int, audit: AuditEntry, announcement: Announcement, op: Op) -> None:
        change = self._telling.change(now, [announcement], op, AppendAudit(now=now, entry=audit))
        try:
            result = first_of(await self._writer.submit(change.op))
        except BaseException:
            change.dropped()
            raise
        change.committed()
        if isinstance(result, NotFound):
            _log.warning("endpoint.not_stored", endpoint=audit.target)

    def _keep(self, new: Entry, before: Entry | None = None) -> Entry:
        """Go on with it, and with what its receiver has done while it was written."""
        current = self._endpoints.get(new.row.name)
        if before is not None:
            if current is not None and current.row is not before.row:
                new = replace(new, row=_with_marks_of(new.row, current.row))
            elif new.row.failing_since is None:
                self._health.forget(new.row.name)
        self._endpoints.put(new)
        if before is None or before.destination is not new.destination or before.live != new.live:
            self._changed(new.row.name)
        return new


def _with_marks_of(row: Endpoint, other: Endpoint) -> Endpoint:
    return replace(
        row,
        failing_since=other.failing_since,
        disabled_at=other.disabled_at,
        disabled_reason=other.disabled_reason,
    )


def _http(entry: Entry) -> Entry:
    if entry.row.origin == "config":
        raise Refused(
            "configured", "The configuration has this endpoint: change it there. It can be enabled and disabled."
        )
    return entry


def _refuse(faults: Iterable[Fault]) -> None:
    for path, why in faults:
        end = "" if why.endswith("?") else "."
        raise Refused("invalid_input", f"{why[0].upper()}{why[1:]}{end}", path=f"$.{path}")


def _private(asked: NewEndpoint, secrets: tuple[KeptSecret, ...]) -> Private:
    tls = asked.tls or TlsTexts()
    return Private(secrets=secrets, headers=asked.headers, ca=tls.ca, cert=tls.cert, key=tls.key)
