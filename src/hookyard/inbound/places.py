"""Where in a request a value stands: the delivery id, the event, the time of sending; compiled once, at start."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Final, cast
from urllib.parse import quote_plus

import msgspec

from hookyard.config.model.schemes import Place, SignatureSettings
from hookyard.inbound.decoding import decoded_as
from hookyard.inbound.problem import SchemeError
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature
from hookyard.jsonpath import Missing, Steps, look_up, parse_path

_KINDS: Final = ("header", "query", "json", "part", "constant")
_LARGEST: Final = 1 << 64
LONGEST: Final = 8192
"""Bytes of a header or a parameter that is looked at; what is longer is no signature, id or event."""
MOST: Final = 16
"""Entries of one header that are looked at, so that nobody can have endless ones tried."""


class CompiledPlace(ABC):
    """One place. `header` is the lower-case name of the header that it reads, if it reads one."""

    header: bytes | None = None
    needs_body: bool = False
    """Whether it reads the decoded body."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def find(self, request: InboundRequest, body: object | None) -> str | None:
        """The text that stands here, without the prefix; None when there is none.

        Args:
            request: as it came.
            body: its JSON, decoded; None when it has none, or nobody knows yet.

        Raises:
            BadSignature: it stands there several times (`repeated`), or is no text (`malformed`).
        """
        found = self._find(request, body)
        if found is None or not self._prefix:
            return found
        return found[len(self._prefix) :] if found.startswith(self._prefix) else None

    @abstractmethod
    def _find(self, request: InboundRequest, body: object | None) -> str | None: ...

    @abstractmethod
    def put(self, request: InboundRequest, value: str | int) -> InboundRequest:
        """The request with a value here: what a sender does."""


class InHeader(CompiledPlace):
    """In a header."""

    def __init__(self, name: str, prefix: str = "") -> None:
        super().__init__(prefix)
        self.header = self._header = name.lower().encode()

    def _find(self, request: InboundRequest, body: object | None) -> str | None:  # noqa: ARG002  as all
        if self._header in request.repeated:
            raise BadSignature("repeated", self._header.decode())
        found = request.headers.get(self._header)
        return None if found is None else found.decode("latin-1")

    def put(self, request: InboundRequest, value: str | int) -> InboundRequest:
        """Set the header."""
        return with_header(request, self._header, f"{self._prefix}{value}".encode())


class InQuery(CompiledPlace):
    """In a parameter of the URL's query."""

    def __init__(self, name: str, prefix: str = "") -> None:
        super().__init__(prefix)
        self._name = name

    def _find(self, request: InboundRequest, body: object | None) -> str | None:  # noqa: ARG002  as all
        found = request.parameters(self._name)
        if len(found) > 1:
            raise BadSignature("repeated", f"the parameter {self._name}")
        try:
            return found[0].decode() if found else None
        except UnicodeDecodeError:
            raise BadSignature("malformed", f"the parameter {self._name}") from None

    def put(self, request: InboundRequest, value: str | int) -> InboundRequest:
        """Add the parameter, in the place of those that were there."""
        name = quote_plus(self._name).encode()
        others = [part for part in request.query.split(b"&") if part and part.partition(b"=")[0] != name]
        others.append(name + b"=" + quote_plus(f"{self._prefix}{value}").encode())
        return msgspec.structs.replace(request, query=b"&".join(others))


class InBody(CompiledPlace):
    """At a path of the body, where a string or an integer counts."""

    needs_body = True

    def __init__(self, path: str, steps: Steps, prefix: str = "") -> None:
        super().__init__(prefix)
        self._path, self._steps = path, steps

    def _find(self, request: InboundRequest, body: object | None) -> str | None:  # noqa: ARG002  as all
        try:
            found = look_up(body, self._steps, self._path)
        except Missing:
            return None
        if isinstance(found, int) and not isinstance(found, bool) and abs(found) < _LARGEST:
            return str(found)
        return found if isinstance(found, str) else None

    def put(self, request: InboundRequest, value: str | int) -> InboundRequest:
        """Set the member, and those around it that are not there; a body that is no JSON stays as it is."""
        tree = decoded_as(object, request.body or b"{}")
        here = tree
        for at, step in enumerate(self._steps):
            last = at == len(self._steps) - 1
            if isinstance(step, str) and isinstance(here, dict):
                members = cast("dict[str, object]", here)
                if last:
                    members[step] = f"{self._prefix}{value}" if self._prefix else value
                here = members.setdefault(step, {})
            elif isinstance(step, int) and isinstance(here, list) and step < len(items := cast("list[object]", here)):
                if last:
                    items[step] = f"{self._prefix}{value}" if self._prefix else value
                here = items[step]
            else:
                return request
        return msgspec.structs.replace(request, body=msgspec.json.encode(tree))


class InPart(CompiledPlace):
    """In a named part of the signature's header."""

    def __init__(self, name: str, signature: SignatureSettings, prefix: str = "") -> None:
        super().__init__(prefix)
        self.header = self._header = (signature.header or "").lower().encode()
        self._name, self._separator, self._assign = name, signature.separator, signature.assign

    def _find(self, request: InboundRequest, body: object | None) -> str | None:  # noqa: ARG002  as all
        if self._header in request.repeated:
            raise BadSignature("repeated", self._header.decode())
        text = request.headers.get(self._header, b"").decode("latin-1")
        found = [value for name, value in parts(text, self._separator, self._assign) if name == self._name]
        if len(found) > 1:
            raise BadSignature("repeated", f"{self._name} in {self._header.decode()}")
        return found[0] if found else None

    def put(self, request: InboundRequest, value: str | int) -> InboundRequest:
        """Add the part behind those that are there."""
        entry = f"{self._name}{self._assign}{self._prefix}{value}".encode()
        before = request.headers.get(self._header)
        return with_header(request, self._header, entry if not before else before + self._separator.encode() + entry)


class Constant(CompiledPlace):
    """Always the same."""

    def __init__(self, text: str) -> None:
        super().__init__("")
        self._text = text

    def _find(self, request: InboundRequest, body: object | None) -> str | None:  # noqa: ARG002  as all
        return self._text

    def put(self, request: InboundRequest, value: str | int) -> InboundRequest:  # noqa: ARG002  as all
        """It stands nowhere."""
        return request


class FirstOf(CompiledPlace):
    """At the first of several places that has a value."""

    def __init__(self, places: Sequence[CompiledPlace]) -> None:
        super().__init__("")
        self._places = places
        self.needs_body = any(place.needs_body for place in places)

    def _find(self, request: InboundRequest, body: object | None) -> str | None:
        return next((found for place in self._places if (found := place.find(request, body)) is not None), None)

    def put(self, request: InboundRequest, value: str | int) -> InboundRequest:
        """Put it at the first, where it counts whatever stands at the others."""
        return self._places[0].put(request, value)


def places_of(settings: Place | Sequence[Place] | None) -> Sequence[Place]:
    """One place, several or none, as a list."""
    return () if settings is None else (settings,) if isinstance(settings, Place) else settings


def compile_places(
    settings: Place | Sequence[Place] | None, signature: SignatureSettings | None = None
) -> CompiledPlace | None:
    """Compile one place or several, of which the first that has a value counts; None when there is none.

    Args:
        settings: where.
        signature: as in :func:`compile_place`.

    Raises:
        SchemeError: one of them is none.
    """
    made = [compile_place(place, signature) for place in places_of(settings)]
    return None if not made else made[0] if len(made) == 1 else FirstOf(made)


def compile_place(settings: Place, signature: SignatureSettings | None = None) -> CompiledPlace:
    """Compile one.

    Args:
        settings: where.
        signature: of the same scheme, whose header the parts are of; without it there are no parts.

    Raises:
        SchemeError: it is not exactly one place, or none that there can be.
    """
    problems = list(place_problems(settings, signature))
    if problems:
        raise SchemeError(problems)
    if settings.header is not None:
        return InHeader(settings.header, settings.prefix)
    if settings.query is not None:
        return InQuery(settings.query, settings.prefix)
    if settings.json is not None:
        return InBody(settings.json, parse_path(settings.json) or (), settings.prefix)
    if settings.part is not None and signature is not None:
        return InPart(settings.part, signature, settings.prefix)
    return Constant(settings.constant or "")


def place_problems(settings: Place, signature: SignatureSettings | None) -> Iterator[tuple[str, str]]:
    """What is wrong with a place: the key in it (nothing for all of it), and a sentence."""
    given = [kind for kind in _KINDS if getattr(settings, kind) is not None]
    if len(given) != 1:
        has = " and ".join(given) if given else "none"
        yield "", f"must have exactly one of {', '.join(_KINDS[:-1])} and {_KINDS[-1]}, and has {has}"
    if settings.json is not None and not parse_path(settings.json):
        yield "json", f"{settings.json!r} is no path into the body, such as $.id or $.items[0].name"
    if settings.part is not None and (signature is None or signature.header is None or not signature.separator):
        yield "part", "needs a signature in a header whose parts are told apart by a separator"


def parts(text: str, separator: str, assign: str) -> Iterator[tuple[str, str]]:
    """The named parts of a header, in order; what has no name is passed over, and so is what comes after many."""
    for entry in entries(text, separator):
        name, is_there, value = entry.partition(assign)
        if is_there:
            yield name, value


def entries(text: str, separator: str) -> list[str]:
    """The entries of a header, without the spaces before them; empty ones do not count."""
    if not separator:
        return [text]
    return [bare for entry in text[:LONGEST].split(separator, MOST)[:MOST] if (bare := entry.lstrip(" "))]


def with_header(request: InboundRequest, name: bytes, value: bytes) -> InboundRequest:
    """The request with this header, once."""
    return msgspec.structs.replace(
        request, headers={**request.headers, name: value}, repeated=request.repeated - {name}
    )
