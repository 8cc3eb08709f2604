"""Microsoft Graph: every notification of a request repeats the `clientState` of its subscription.

Source: https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks. Nothing is signed, so the
secret is all there is; a request of which one item does not have it is refused as a whole.
"""

from collections.abc import Sequence
from secrets import token_urlsafe
from typing import Final

import msgspec
from msgspec import Struct

from hookyard.inbound.decoding import NO_JSON, decoded_as
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature, Key, Pair
from hookyard.inbound.verifiers.parts import holds, token, who
from hookyard.webhook_secret import SecretError

_LONGEST: Final = 128
"""Characters of a `clientState`."""
_MOST: Final = 1000
"""Items of one request; Graph sends far fewer."""
_STATE: Final = "clientState"


class _Item(Struct):
    state: str | None = msgspec.field(name=_STATE)
    """Must be there, so that a stranger's list of nothing ends with its first item."""


class _Body(Struct):
    value: list[_Item]


_DECODER: Final = msgspec.json.Decoder(_Body)


class MicrosoftGraph:
    """Verifies, and fills in what Graph would."""

    def load(self, secret: str) -> object:
        """The key: the `clientState` of the subscriptions; see :class:`Verifier`."""
        if len(secret) > _LONGEST:
            msg = f"is of {len(secret)} characters, and Microsoft Graph takes at most {_LONGEST} as a clientState"
            raise SecretError(msg)
        return token(secret)

    def verify(self, request: InboundRequest, keys: Sequence[Key]) -> Key:
        """The key that all items have; of several the one that ends first; see :class:`Verifier`."""
        if request.body.count(_STATE.encode()) > _MOST:
            raise BadSignature("malformed", f"more than {_MOST} notifications")
        try:
            items = _DECODER.decode(request.body).value
        except msgspec.ValidationError as error:
            if f"`{_STATE}`" in str(error):
                raise BadSignature("missing", _STATE) from None
            raise BadSignature("malformed", "the body is no list of notifications") from None
        except NO_JSON:
            raise BadSignature("malformed", "the body is no list of notifications") from None
        if not items:
            raise BadSignature("missing", "clientState: there is no notification")
        if len(items) > _MOST:
            raise BadSignature("malformed", f"more than {_MOST} notifications")
        used = [_key_of(item, keys) for item in items]
        return min(used, key=lambda key: (key.until is None, key.until or 0))

    def sign(self, request: InboundRequest, secret: str) -> InboundRequest:
        """The request with the `clientState` in every item; a body that has none gets one."""
        body = _tree(request.body)
        items = body.get("value")
        if not isinstance(items, list) or not items:
            items = [{"subscriptionId": "hookyard", "changeType": "updated"}]
        signed = [{**item, "clientState": secret} for item in msgspec.convert(items, list[dict[str, object]])]
        return msgspec.structs.replace(request, body=msgspec.json.encode({**body, "value": signed}))

    def pair(self) -> Pair:
        """A random `clientState`."""
        secret = token_urlsafe(32)
        return Pair(secret, secret)


def _key_of(item: _Item, keys: Sequence[Key]) -> Key:
    if item.state is None:
        raise BadSignature("missing", "clientState")
    given = item.state.encode(errors="surrogatepass")
    return who(keys, [holds(key, given) for key in keys])


def _tree(body: bytes) -> dict[str, object]:
    return decoded_as(dict[str, object], body or b"{}") or {}
