"""What most senders do, GitHub among them, in one step: the HMAC of the body, as hex in a header of its own.

The steps of :class:`hookyard.inbound.template.verifier.Template` come to the same, by a dozen calls.
"""

import hmac
from binascii import Error as BinasciiError
from binascii import a2b_hex
from collections.abc import Callable, Sequence
from typing import cast

from hookyard.config.model.schemes import TemplateScheme
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.template.mac import HASHES
from hookyard.inbound.verifier import BadSignature, Key

Quick = Callable[[InboundRequest, Sequence[Key]], Key | None]
"""The key that signed a request; None when the header is not as it should be, which the steps say more about.

It raises BadSignature (`mismatch`) when none did.
"""


def quick_of(settings: TemplateScheme) -> Quick | None:
    """Make one for a template that signs the body alone; None when its signature stands or is written otherwise."""
    how = settings.signature
    if how.header is None or how.separator or how.part or settings.encoding != "hex" or settings.mac not in HASHES:
        return None
    name, prefix = how.header.lower().encode(), how.prefix.encode()
    digest, size = HASHES[settings.mac]
    start, length = len(prefix), len(prefix) + 2 * size

    def quick(request: InboundRequest, keys: Sequence[Key]) -> Key | None:
        text = request.headers.get(name)
        if text is None or len(text) != length or not text.startswith(prefix) or name in request.repeated:
            return None
        try:
            given = a2b_hex(text[start:])
        except BinasciiError:
            return None
        matched: Key | None = None
        for key in keys:  # all of them, so that the time taken tells nothing
            expected = hmac.digest(cast("bytes", key.material), request.body, digest)
            if hmac.compare_digest(expected, given) and matched is None:
                matched = key
        if matched is None:
            raise BadSignature("mismatch")
        return matched

    return quick
