"""One webhook that came, judged in words."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import typer
from msgspec import Struct

from hookyard.client.verify import Form, VerificationError, Verified, verify
from hookyard.clock import rfc3339
from hookyard.inbound.explain.bodies import bodies
from hookyard.inbound.explain.capture import CaptureError, parse
from hookyard.inbound.request import InboundRequest

Moment = float | Literal["sent"] | None


class Case(Struct, frozen=True, kw_only=True):
    """The request. It does not show what it carries when it is printed."""

    headers: tuple[tuple[str, str | bytes], ...]
    body: bytes
    method: str = "POST"
    url: str | None = None
    """As the capture has it, in full."""
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Case({len(self.headers)} headers, body of {len(self.body)} bytes)"

    def judge(
        self, keys: Sequence[str], *, form: Form | Literal["auto"], url: str | None, now: Moment, tolerance: float
    ) -> tuple[list[str], bool]:
        """What is to be said of it, and whether it verifies.

        Raises:
            SecretError: a key is none.
        """
        asked = _Asked(
            keys=tuple(keys),
            form=form,
            url=url,
            now=time.time() if now is None or now == "sent" else now,
            tolerance=float("inf") if now == "sent" else tolerance,
        )
        lines = [f"The capture: {note}" for note in self.notes]
        found = self._ask(asked)
        if isinstance(found, VerificationError) and found.step == "url" and self.url is not None:
            asked = asked.but(url=self.url)
            found = self._ask(asked)
        if isinstance(found, Verified):
            return [*lines, *_certain(found, asked)], True
        lines.append(f"It does not verify ({found.step}): {found}.")
        return [*lines, *self._hints(found, asked)], False

    def _ask(self, asked: "_Asked", body: bytes | None = None) -> Verified | VerificationError:
        try:
            return verify(
                self.headers,
                self.body if body is None else body,
                asked.keys,
                form=asked.form,
                tolerance=asked.tolerance,
                now=asked.now,
                url=asked.url,
                method=self.method,
            )
        except VerificationError as error:
            return error

    def _hints(self, found: VerificationError, asked: "_Asked") -> Iterator[str]:
        """What would have to be otherwise, as far as that can be found out."""
        if found.step == "url":
            yield "Give --url."
        if found.step == "timestamp":
            if isinstance(self._ask(asked.but(tolerance=float("inf"))), Verified):
                yield "But for its time it verifies; --at sent leaves that out."
            return
        if found.step == "form" and isinstance(self._ask(asked.but(form="plain")), Verified):
            yield "With --form plain it verifies."
        if found.step in {"mismatch", "content_digest"}:
            yield self._other_body(asked)

    def _other_body(self, asked: "_Asked") -> str:
        request = InboundRequest(headers={}, body=self.body, now=0)
        for says, body in bodies(request):
            if isinstance(self._ask(asked, body), Verified):
                return f"It would verify with the body {says}: something changed it on its way."
        return "No usual change of the body explains it: it is another body, another secret, or a header was changed."


class _Asked(Struct, frozen=True, kw_only=True):
    keys: tuple[str, ...]
    form: Form | Literal["auto"]
    url: str | None
    now: float
    tolerance: float

    def but(self, *, form: Form | None = None, url: str | None = None, tolerance: float | None = None) -> "_Asked":
        """The same with something changed."""
        return _Asked(
            keys=self.keys,
            form=form or self.form,
            url=url or self.url,
            now=self.now,
            tolerance=self.tolerance if tolerance is None else tolerance,
        )


def captured(content: bytes, folder: Path) -> Case:
    """Read a capture.

    Raises:
        BadParameter: it is none.
    """
    try:
        found = parse(content, folder=folder)
    except CaptureError as error:
        message = f"the capture cannot be used: {error}; with -H it is taken for a body"
        raise typer.BadParameter(message, param_hint="FILE") from None
    whole = found.target.startswith(("http://", "https://"))
    return Case(
        headers=found.headers,
        body=found.body,
        method=found.method,
        url=found.target if whole else None,
        notes=found.notes,
    )


def _certain(found: Verified, asked: _Asked) -> Iterator[str]:
    kind = "public key" if asked.keys[found.number].startswith("whpk_") else "secret"
    yield f"It verifies: {found.form}, {found.algorithm}, by {kind} {found.number + 1} of {len(asked.keys)}."
    if found.id is not None:
        yield f"id: {found.id}"
    if found.timestamp is None:
        yield "When it was sent is not signed: anybody who has seen it can send it again."
    else:
        yield f"sent: {rfc3339(found.timestamp * 1000)}, {asked.now - found.timestamp:.0f} s before"
