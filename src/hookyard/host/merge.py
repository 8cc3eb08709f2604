"""What a command says of itself, with what the configuration decides instead."""

from typing import Literal

from msgspec.structs import asdict, replace

from hookyard.command import CommandOptions, Keyed, Unique
from hookyard.config.model import BreakerChanges, CommandSettings, RetryChanges
from hookyard.model import Breaker, Retry


def merged(options: CommandOptions, settings: CommandSettings) -> CommandOptions:
    """The options as they hold: what is set is taken, what is left out stays."""
    unique = settings.unique
    given: dict[str, object] = {
        "timeout": None if settings.timeout is None else settings.timeout.seconds,
        "priority": settings.priority,
        "retry": _retry(options.retry, settings.retry),
        "concurrency": None if settings.concurrency is None else Keyed(**asdict(settings.concurrency)),
        "unique": unique if unique is None or isinstance(unique, str) else Unique(unique.policy, unique.key),
        "debounce": None if settings.debounce is None else settings.debounce.seconds,
        "debounce_max": None if settings.debounce_max is None else settings.debounce_max.seconds,
        "max_result": None if settings.max_result is None else int(settings.max_result),
        "on_success": settings.on_success,
        "on_failure": settings.on_failure,
    }
    breaker = _breaker(options.breaker, settings.breaker)
    return replace(options, breaker=breaker, **{name: value for name, value in given.items() if value is not None})


def _retry(own: Retry, changes: RetryChanges) -> Retry:
    given = {name: value for name, value in asdict(changes).items() if value is not None}
    for name in ("base", "cap"):
        if name in given:
            given[name] = given[name].seconds
    return replace(own, **given)


def _breaker(own: Breaker | None, changes: BreakerChanges | Literal["off"] | None) -> Breaker | None:
    if changes is None:
        return own
    if isinstance(changes, str):
        return None
    given = {name: value for name, value in asdict(changes).items() if value is not None}
    if changes.cooldown is not None:
        given["cooldown"] = changes.cooldown.seconds
    return replace(own or Breaker(), **given)
