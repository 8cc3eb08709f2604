"""From what is stored of an endpoint to all that sending needs, made once."""

from collections.abc import Callable
from itertools import chain

import msgspec

from hookyard import log
from hookyard.cel import CelError
from hookyard.clock import Clock
from hookyard.config.endpoints.spec import decode_spec
from hookyard.config.model import EndpointBreaker, EndpointRules, OutboundSettings
from hookyard.egress.guard import Guard
from hookyard.egress.resolver import Resolver
from hookyard.egress.rules import outbound_rules
from hookyard.model import Endpoint
from hookyard.outbound.destination import Destination
from hookyard.outbound.endpoints.check import private_faults, rule_faults
from hookyard.outbound.endpoints.condition import Condition
from hookyard.outbound.endpoints.entry import Entry
from hookyard.outbound.endpoints.keyring import Keyring, LockedError
from hookyard.outbound.endpoints.listening import Listening
from hookyard.outbound.endpoints.order import Order
from hookyard.outbound.endpoints.private import KeptSecret, Private, decode_private
from hookyard.outbound.form import Form
from hookyard.outbound.lines.line import CALLBACK
from hookyard.outbound.policy import Policy
from hookyard.outbound.sender import Channel
from hookyard.outbound.signing import SecretError, SigningSecret, form_of, public_key
from hookyard.store.origins import origin_of
from hookyard.webhook_secret import PRIVATE, PublicKey

_log = log.get("outbound")


class Maker:
    """Makes entries and destinations under the settings that hold for all.

    Args:
        settings: what an endpoint does not say itself.
        clock: for the age of resolved names.
        resolver: from names to addresses; the machine's own if left out.
        draw: random numbers in [0, 1) for the jitter of schedules.
        agent: the `user-agent` of every request.
        source: what CloudEvents say that they come from, a URI-reference.
        keyring: the keys that what is never shown is stored under.
        quiet: say nothing in the log, as for whoever only looks.
    """

    def __init__(
        self,
        settings: OutboundSettings,
        *,
        clock: Clock,
        resolver: Resolver | None,
        draw: Callable[[], float],
        agent: str,
        source: str,
        keyring: Keyring | None = None,
        quiet: bool = False,
    ) -> None:
        self._quiet = quiet
        self.settings = settings
        self.keyring = keyring or Keyring()
        """Another one after a reload that changes the keys."""
        self._clock = clock
        self._resolver = resolver
        self._draw = draw
        self._agent = agent
        self._source = source
        self.guard = self.guard_for(())
        """What all share that have no networks of their own."""
        self.policy = self._policy_of(EndpointRules(url="-"))
        """What holds for callback URLs."""

    def guard_for(self, allow_networks: tuple[str, ...]) -> Guard:
        """A guard that lets requests into these networks too."""
        rules = outbound_rules(self.settings)
        if allow_networks:
            rules = msgspec.structs.replace(rules, allow_networks=(*rules.allow_networks, *allow_networks))
        return Guard(rules, self._clock, self._resolver)

    def stored(self, row: Endpoint) -> Entry:
        """The entry of an endpoint that came over HTTP, which may be older than the settings and this version."""
        try:
            rules, private = decode_spec(row.spec), decode_private(row, self.keyring)
        except msgspec.DecodeError as error:
            bare = Entry(row=row, settings=None, private=Private())
            return self._faulty(bare, f"It cannot be read any more: {error}.")
        except LockedError as error:
            bare = Entry(row=row, settings=decode_spec(row.spec), private=Private(), locked=True)
            return self._faulty(bare, str(error))
        return self.entry(row, rules, private)

    def entry(
        self, row: Endpoint, rules: EndpointRules, private: Private, allow_networks: tuple[str, ...] = ()
    ) -> Entry:
        """The entry of an endpoint; with its problem and no destination, where it is not sound any more."""
        guard = self.guard_for(allow_networks) if allow_networks else self.guard
        bare = Entry(row=row, settings=rules, private=private, allow_networks=allow_networks)
        fault = next(chain(rule_faults(rules, guard), private_faults(rules, private)), None)
        if fault is not None:
            return self._faulty(bare, f"{fault[0]}: {fault[1]}.")
        try:
            order = None if rules.order is None else Order(rules.order)
            return msgspec.structs.replace(
                bare,
                destination=self._destination(row.name, rules, private, guard, order),
                listening=Listening(rules),
                condition=None if rules.if_ is None else Condition(rules.if_),
                order=order,
                public_keys=keys_of(private.secrets),
            )
        except (SecretError, CelError, ValueError) as error:
            return self._faulty(bare, f"It cannot be used: {error}.")

    def _faulty(self, entry: Entry, problem: str) -> Entry:
        """The entry of one that gets nothing; what it signed before can still be verified."""
        if not self._quiet:
            _log.error("endpoint.faulty", endpoint=entry.row.name, problem=problem)
        try:
            keys = keys_of(entry.secrets)
        except SecretError:
            keys = ()
        return msgspec.structs.replace(entry, problem=problem, public_keys=keys)

    def callback(self, url: str, form: Form) -> Destination:
        """Where the deliveries to a callback URL go."""
        settings = self.settings
        return Destination(
            endpoint=None,
            url=url,
            form=form,
            channel=self._channel(place_of(url), EndpointRules(url=url), Private()),
            guard=self.guard,
            policy=self.policy,
            concurrency=settings.concurrency_per_endpoint,
        )

    def callback_form(self) -> Form | None:
        """How those are signed; None while there is no secret for them."""
        secrets = [SigningSecret(secret.reveal()) for secret in self.settings.callback_secrets]
        # Of the one form whatever endpoints get: whoever gives a callback URL cannot say which.
        return self._form(EndpointRules(url="-", envelope="standard"), secrets, {}) if secrets else None

    def _destination(
        self, name: str, rules: EndpointRules, private: Private, guard: Guard, order: Order | None
    ) -> Destination:
        secrets = [SigningSecret(secret.value, secret.until) for secret in private.secrets]
        return Destination(
            endpoint=name,
            url=rules.url,
            form=self._form(rules, secrets, dict(private.headers)),
            channel=self._channel(name, rules, private),
            guard=guard,
            policy=self._policy_of(rules),
            concurrency=self.settings.concurrency_per_endpoint if rules.concurrency is None else rules.concurrency,
            rate=rules.rate,
            breaker=rules.breaker if isinstance(rules.breaker, EndpointBreaker) else None,
            pass_after=None if order is None else order.pass_after,
        )

    def _form(self, rules: EndpointRules, secrets: list[SigningSecret], headers: dict[str, str]) -> Form:
        return form_of(
            signature=rules.signature,
            http_signature=rules.http_signature,
            envelope=rules.envelope or self.settings.envelope,
            secrets=secrets,
            headers=headers,
            agent=self._agent,
            source=self._source,
            url=rules.url,
        )

    def _channel(self, key: str, rules: EndpointRules, private: Private) -> Channel:
        settings = self.settings
        timeout = settings.timeout if rules.timeout is None else rules.timeout
        connect = settings.connect_timeout if rules.connect_timeout is None else rules.connect_timeout
        most = settings.concurrency_per_endpoint if rules.concurrency is None else rules.concurrency
        return Channel(
            key=key,
            timeout=timeout.seconds,
            connect_timeout=min(connect, timeout).seconds,
            idle=most,
            identity=private.identity,
        )

    def _policy_of(self, rules: EndpointRules) -> Policy:
        settings = self.settings
        return Policy(
            schedule=settings.schedule if rules.schedule is None else rules.schedule,
            jitter=settings.jitter if rules.jitter is None else rules.jitter,
            bound=int(settings.max_retry_after if rules.max_retry_after is None else rules.max_retry_after),
            draw=self._draw,
        )


def keys_of(secrets: tuple[KeptSecret, ...]) -> tuple[PublicKey, ...]:
    """The public halves of those that are key pairs."""
    return tuple(public_key(secret.value) for secret in secrets if secret.value.startswith(PRIVATE))


def place_of(url: str) -> str:
    """What the requests to a callback URL are counted under: its origin, behind an `@`."""
    return f"{CALLBACK}{origin_of(url)}"
