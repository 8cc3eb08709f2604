"""A command as data: its types, its codecs and its options."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal, cast

import msgspec
from msgspec import Meta, Struct

from hookyard.context.events import NO_EVENTS, EventSpec
from hookyard.errors import InvalidOutput, place_of
from hookyard.model import Breaker, Retry, UniquePolicy

Isolation = Literal["inline", "thread", "worker", "exec", "ductile", "external"]
"""Where a command runs: on the event loop, in a thread, in a persistent child process, or in a process for each
attempt, which speaks the exec or the Ductile protocol; or not here at all, but with workers that come for its jobs
over HTTP. The first two trust the plugin fully."""

Priority = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
"""32 bits, as every store can keep it; higher runs first."""


class Keyed(Struct, frozen=True):
    """A limit for each key: of the jobs with the same key so many may run at once."""

    key: str
    """Where in the input the key is, such as `payload.repo`; a job without a value there has no key and no limit."""
    limit: int = 1


class Unique(Struct, frozen=True):
    """What becomes of a job while others with the same key are active, that is queued or running."""

    policy: UniquePolicy = "skip"
    """`skip`: the one that is there stands for it. `replace`: those still queued are cancelled for it, and it waits
    for the one that runs. `queue`: one after the other."""
    key: str | None = None
    """Where in the input the key is, such as `payload.repo`; without one, equal inputs have the same key."""


class CommandOptions(Struct, frozen=True, kw_only=True):
    """What a command says of itself beyond its signature."""

    summary: str = ""
    """One line; the first of the docstring when left out."""
    read_only: bool = False
    """It changes nothing, so that a lesser scope may trigger it."""
    timeout: float | None = None
    """Seconds one attempt may take; None takes `jobs.timeout` of the configuration."""
    retry: Retry = Retry()
    concurrency: int | Keyed | None = None
    """How many may run at once, in all or of each key; None is 256 inline, 8 in threads, 8 for each worker process."""
    isolation: Isolation = "inline"
    idempotent: bool = False
    """Running it twice is the same as running it once. It is what callers are told, in the OpenAPI document
    (`x-idempotent`); nothing here acts on it: whatever it says, an attempt may be repeated."""
    priority: Priority = 0
    """Of its jobs, where the caller gives none; higher runs first."""
    deprecated: bool = False
    breaker: Breaker | None = None
    """After how many failures in a row nothing of its lane is started for a while; None: it goes on whatever
    happens."""
    max_result: int | None = None
    """Bytes; a larger result is kept as the artifact `result.json`. None takes `jobs.max_result`."""
    unique: UniquePolicy | Unique | None = None
    """What becomes of a job while an equal one is active; None: they run beside each other."""
    debounce: float | None = None
    """Seconds for which a job waits for later ones with the same key, whose input takes the place of its own."""
    debounce_max: float | None = None
    """Seconds that these can put it off in all; None is ten times `debounce`."""
    on_success: str | tuple[str, ...] = ()
    """Commands, as `plugin/command`, that follow each success with the result as their input."""
    on_failure: str | tuple[str, ...] = ()
    """Commands that follow each failure for good; their input is a :class:`hookyard.JobFailure`."""


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One command of a plugin: a typed function and all that follows from its signature."""

    plugin: str
    name: str
    function: Callable[[Any, Any], Any]
    is_async: bool
    input_type: type[Struct]
    output_type: object
    """A type form: the Struct, or whatever else msgspec encodes and decodes."""
    summary: str
    description: str
    options: CommandOptions
    events: Mapping[str, EventSpec] = field(default_factory=lambda: NO_EVENTS, repr=False, compare=False)
    """What its plugin declares of the events that it emits, by type."""
    key: str = field(init=False)
    """`plugin/command`."""
    _decoder: msgspec.json.Decoder[Any] = field(init=False, repr=False, compare=False)
    _checker: msgspec.json.Decoder[Any] = field(init=False, repr=False, compare=False)
    _struct: type[Struct] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make what every call uses, once."""
        put = object.__setattr__  # the class is frozen
        put(self, "key", f"{self.plugin}/{self.name}")
        put(self, "_decoder", msgspec.json.Decoder(self.input_type))
        checker: msgspec.json.Decoder[Any] = msgspec.json.Decoder(cast("Any", self.output_type))
        put(self, "_checker", checker)
        put(self, "_struct", as_struct(self.output_type))

    def decode(self, raw: bytes | msgspec.Raw) -> Struct:
        """The command's input from its JSON.

        Raises:
            msgspec.ValidationError: it is JSON of another type; the message ends with the JSON path.
            msgspec.DecodeError: it is not JSON.
        """
        try:
            found: Struct = self._decoder.decode(raw)
        except msgspec.DecodeError:
            raise
        except RecursionError:
            msg = "JSON is nested too deeply"
            raise msgspec.DecodeError(msg) from None
        except Exception as error:
            # A Struct's own __post_init__; ValueError and TypeError msgspec has turned into its own already.
            msg = f"the input's own check failed with {type(error).__name__}"
            raise msgspec.ValidationError(msg) from error
        return found

    def encode(self, result: object) -> bytes:
        """The JSON of the command's answer. msgspec checks on decoding only, so the JSON is read back once.

        Raises:
            InvalidOutput: the answer is not of the declared type.
        """
        if self._struct is not None and not isinstance(result, self._struct):
            problem = f"expected `{self._struct.__name__}`, got `{type(result).__name__}`"
            raise InvalidOutput(self.key, problem)
        try:
            body = _encode(result)
        except Exception as error:
            raise InvalidOutput(self.key, f"it is not JSON ({error})") from error
        self.check(body)
        return body

    def check(self, body: bytes) -> None:
        """Check an answer that came as JSON, such as another process's.

        Raises:
            InvalidOutput: it is not JSON, or not of the declared type.
        """
        try:
            self._checker.decode(body)
        except msgspec.ValidationError as error:
            problem, path = place_of(error)
            raise InvalidOutput(self.key, problem[:1].lower() + problem[1:], path) from error
        except Exception as error:
            raise InvalidOutput(self.key, f"it is not JSON ({error})") from error


def as_struct(hint: object) -> type[Struct] | None:
    """The annotation, when it is a Struct."""
    return hint if isinstance(hint, type) and issubclass(hint, Struct) else None


_encode: Final = msgspec.json.Encoder().encode
