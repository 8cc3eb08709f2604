"""What is wrong with an endpoint beyond what types say, whether the configuration has it or HTTP brought it."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Final

from hookyard.cel import CelError
from hookyard.config.kinds import one_of
from hookyard.config.model import EndpointBreaker, EndpointRules, OutboundSettings
from hookyard.config.values import Duration
from hookyard.egress.guard import EgressError, Guard
from hookyard.model import YEAR
from hookyard.outbound.endpoints.condition import Condition
from hookyard.outbound.endpoints.order import path_problem
from hookyard.outbound.endpoints.private import KeptSecret, Private
from hookyard.outbound.events import EVENT_TYPES
from hookyard.outbound.http.tls import identity_problem
from hookyard.outbound.signing import SecretError, check_secret, header_problem
from hookyard.outbound.signing.secrets import MOST
from hookyard.store.contract import is_glob
from hookyard.webhook_secret import PREFIX, PRIVATE, secret_key, seed_of

Fault = tuple[str, str]
"""A key path within the endpoint, and what is wrong there."""
_YEAR: Final = Duration(1000 * YEAR)
_DAY: Final = Duration(86_400_000)
_LONGEST_ATTEMPT: Final = Duration(600_000)
_MOST_AT_ONCE: Final = 1000
_OURS: Final = frozenset(each.type.partition(".")[0] for each in EVENT_TYPES)
_LOUD: Final = tuple(each.type for each in EVENT_TYPES if not each.quiet)
_ALIKE: Final = 0.8
_JOBS: Final = tuple(each.type for each in EVENT_TYPES if each.group == "job")
_QUIET: Final = tuple(each.type for each in EVENT_TYPES if each.quiet)


def url_problem(guard: Guard, url: str, *, operator: bool = False) -> str | None:
    """Why this URL can never be sent to, or None if it may be; to an operator also which setting could allow it."""
    try:
        guard.check(url)
    except EgressError as error:
        advice = f"; outbound.{error.setting} can allow it" if operator and error.setting else ""
        return f"the URL {error}{advice}"
    return None


def rule_faults(rules: EndpointRules, guard: Guard, *, operator: bool = False) -> Iterator[Fault]:
    """What is wrong with what may be shown of one."""
    if why := url_problem(guard, rules.url, operator=operator):
        yield "url", why
    for index, pattern in enumerate(rules.events):
        if why := event_problem(pattern):
            yield f"events[{index}]", why
    for index, pattern in enumerate(rules.commands):
        if not any(sign in pattern for sign in "/*?["):
            yield (
                f"commands[{index}]",
                f"matches no command: it takes plugin/command, such as {pattern}/* or */{pattern}",
            )
    if rules.if_ is not None:
        try:
            Condition(rules.if_)
        except CelError as error:
            yield "if", str(error)
    if rules.order is not None and (why := path_problem(rules.order.by)):
        yield "order.by", why
    yield from _measure_faults(rules)


def wish_faults(rules: EndpointRules, settings: OutboundSettings) -> Iterator[Fault]:
    """What nobody can mean, and what keeps nothing from being sent: refused of one that is made or changed."""
    for key, patterns, what in (("events", rules.events, "event"), ("commands", rules.commands, "command")):
        if not patterns:
            yield key, f"it is empty, so that the endpoint is told of no {what}: leave it out, or say which"
    if rules.order is not None and rules.order.attempts is not None and rules.order.head != "pass":
        yield "order.attempts", "it says when the others pass the first: that needs `head: pass`"
    timeout = settings.timeout if rules.timeout is None else rules.timeout
    if rules.connect_timeout is not None and rules.connect_timeout > timeout:
        yield "connect_timeout", f"{rules.connect_timeout.text} is longer than {timeout.text}, which holds it"


def unsigned_type(rules: EndpointRules, settings: OutboundSettings) -> Fault | None:
    """Whether one event can be passed off as another: nothing that is signed says which type it is of."""
    if (rules.envelope or settings.envelope) != "payload" or rules.http_signature:
        return None
    if len(rules.events) == 1 and not is_glob(rules.events[0]):
        return None
    why = "with envelope: payload no signature covers the type of an event: set http_signature, or take one type"
    return "envelope" if rules.envelope else "events", why


def _measure_faults(rules: EndpointRules) -> Iterator[Fault]:
    lengths: list[tuple[str, Duration | None, Duration, Duration]] = [
        ("timeout", rules.timeout, Duration(1), _LONGEST_ATTEMPT),
        ("connect_timeout", rules.connect_timeout, Duration(1), _LONGEST_ATTEMPT),
        ("max_retry_after", rules.max_retry_after, Duration(0), _YEAR),
        ("disable_after", rules.disable_after, Duration(0), _YEAR),
        *((f"schedule[{index}]", wait, Duration(0), _YEAR) for index, wait in enumerate(rules.schedule or ())),
    ]
    if isinstance(rules.breaker, EndpointBreaker):
        lengths.append(("breaker.cooldown", rules.breaker.cooldown, Duration(1), _YEAR))
        lengths.append(("breaker.longest", rules.breaker.longest, rules.breaker.cooldown, _YEAR))
    for path, value, least, most in lengths:
        if value is not None and not least <= value <= most:
            yield path, f"expected from {least.text} to {most.text}, found {value.text}"
    if rules.concurrency is not None and rules.concurrency > _MOST_AT_ONCE:
        yield "concurrency", f"expected at most {_MOST_AT_ONCE}"
    if rules.rate is not None and rules.rate.per > _DAY:
        yield "rate", f"expected a rate within at most {_DAY.text}, such as 1/{_DAY.text}"


def private_faults(rules: EndpointRules, private: Private) -> Iterator[Fault]:
    """What is wrong with the rest of it: what it has sealed, and whether that can do what the rules say."""
    sound = True
    for index, secret in enumerate(private.secrets):
        if why := secret_problem(secret.value):
            sound = False
            yield f"secrets[{index}]", why
    if sound and (again := _repeated(private.secrets)) is not None:
        yield f"secrets[{again}]", "it is there twice, and receivers refuse what has the same signature twice"
    if sound and (why := _unsigned(rules, private.secrets)):
        yield "secrets", why
    for name, value in private.headers.items():
        if why := header_problem(name, value):
            yield f"headers.{name}", f"the header {why}"
    names = [name.lower() for name in private.headers]
    for name in private.headers:
        if names.count(name.lower()) > 1:
            yield f"headers.{name}", "the header is there twice: upper and lower case are the same"
    if private.identity is not None and (why := identity_problem(private.identity)):
        yield "tls", why


def _repeated(secrets: Sequence[KeptSecret]) -> int | None:
    """The first that signs as one before it does: a text may have a prefix and padding or not."""
    keys = [seed_of(each.value).raw if each.value.startswith(PRIVATE) else secret_key(each.value) for each in secrets]
    kinds = [(each.value.startswith(PRIVATE), key) for each, key in zip(secrets, keys, strict=True)]
    return next((index for index, one in enumerate(kinds) if one in kinds[:index]), None)


def secret_problem(text: str) -> str | None:
    """Why a text is no secret that could sign, without quoting it; None when it is one."""
    try:
        check_secret(text)
    except SecretError as error:
        begins = f"; it begins with {PREFIX}, or that of a key pair with {PRIVATE}"
        advice = "" if text.startswith((PREFIX, PRIVATE)) else begins
        return f"a Standard Webhooks secret {error}{advice}; `hookyard webhook secret` makes one"
    return None


def _unsigned(rules: EndpointRules, secrets: Sequence[KeptSecret]) -> str | None:
    lasting = [secret for secret in secrets if secret.until is None]
    if not lasting:
        return "each of them has an end, after which nothing could be signed: leave `until` out of one"
    pairs = [secret.value.startswith(PRIVATE) for secret in lasting]
    if max(pairs.count(True), pairs.count(False)) > MOST:
        return f"there are more than {MOST} of a kind without an end, and no request carries so many signatures"
    if rules.signature == "plain" and all(secret.value.startswith(PRIVATE) for secret in lasting):
        return "the plain signature needs one that begins with whsec_, without an end"
    return None


def event_problem(pattern: str) -> str | None:
    """Why a glob can match no event; None when it can.

    Plugins make up their own events, but none that begins with `job.`; what is nearly one of ours is a mistake too.
    """
    head = pattern.partition(".")[0]
    if pattern in _QUIET or head not in _OURS or _matches(_LOUD, pattern):
        return None
    if found := _matches(_QUIET, pattern):
        return f"there is much of {' and '.join(found)}: it must stand here by its very name"
    near = difflib.get_close_matches(pattern, _LOUD + _QUIET, n=3, cutoff=_ALIKE)
    if not near and head != "job":
        return None
    return f"matches no event; {f'did you mean {one_of(near)}?' if near else f'there are {one_of(_JOBS)}'}"


def _matches(names: Iterable[str], pattern: str) -> list[str]:
    return [name for name in names if fnmatchcase(name, pattern)]
