"""The requests that may have been signed where another one was captured."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from hookyard.inbound.explain.bodies import bodies
from hookyard.inbound.explain.capture import Capture
from hookyard.inbound.explain.edits import edits
from hookyard.inbound.explain.exemplar import Exemplar
from hookyard.inbound.explain.judge import Judge
from hookyard.inbound.explain.urls import urls
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature, Key


class Variations:
    """Makes them.

    Args:
        judge: asks the verifier.
        capture: what was captured.
        exemplar: what a good request looks like.
    """

    def __init__(self, judge: Judge, capture: Capture, exemplar: Exemplar) -> None:
        self._judge, self._capture, self._exemplar = judge, capture, exemplar

    def of(
        self, request: InboundRequest, keys: Sequence[Key], error: BadSignature
    ) -> Iterator[tuple[str, InboundRequest]]:
        """The request itself and all that it could have been, the simpler first: words for the change, and it."""
        bases = [("", request)]
        if error.step in {"missing", "malformed", "repeated"}:
            for says, edited in edits(request, self._exemplar):
                found = self._judge.judge(edited, keys, request.now)
                if isinstance(found, Key) or found.step == "mismatch":
                    bases.append((f"the signature {says}", edited))
            bases = bases[1:] or bases
        yield from bases
        for says, base in bases:
            yield from self._more(f"{says}; " if says else "", base)

    def _more(self, before: str, base: InboundRequest) -> Iterator[tuple[str, InboundRequest]]:
        if self._exemplar.signs_url:
            for url in urls(self._capture, base):
                says = f"{before}the URL that was signed is {url}, and the source's is {base.url or 'not known'}"
                yield says, replace(base, url=url)
            if base.query:
                yield f"{before}the URL was signed without its query", replace(base, query=b"")
        for how, body in bodies(base):
            yield f"{before}the body that was signed is the captured one {how}", replace(base, body=body)
