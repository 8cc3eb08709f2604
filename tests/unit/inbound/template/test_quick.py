"""The one step in which most signatures are checked comes to the same as the many steps that others take."""

import hmac

import pytest
from msgspec import convert
from msgspec.structs import replace

from hookyard.config.model import TemplateScheme
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.template import compile_template
from hookyard.inbound.template.quick import quick_of
from hookyard.inbound.verifier import BadSignature, Key

BODY = b'{"n":1}' * 400
NAME = b"x-signature"


def settings(mac: str, prefix: str, **more: object) -> TemplateScheme:
    signature = {"header": "X-Signature", "prefix": prefix} | more
    return convert({"mac": mac, "signature": signature}, TemplateScheme)


def signed(key: bytes, mac: str, prefix: str) -> bytes:
    return prefix.encode() + hmac.new(key, BODY, mac.removeprefix("hmac-")).hexdigest().encode()


def outcome(scheme: TemplateScheme, request: InboundRequest, keys: list[Key]) -> object:
    try:
        return keys.index(compile_template(scheme).verify(request, keys))
    except BadSignature as error:
        return error.step, str(error)


@pytest.mark.parametrize("mac", ["hmac-sha1", "hmac-sha256", "hmac-sha384", "hmac-sha512"])
@pytest.mark.parametrize("prefix", ["", "sha256="])
def test_one_step_and_many_come_to_the_same(mac: str, prefix: str) -> None:
    quick = settings(mac, prefix)
    slow = settings(mac, prefix, separator=",")  # a list of one: by all the steps
    assert quick_of(quick) is not None
    assert quick_of(slow) is None
    keys = [Key(material=b"old"), Key(material=b"new"), Key(material=b"new")]
    good = signed(b"new", mac, prefix)
    request = InboundRequest(headers={NAME: good}, body=BODY, now=0)
    cases = [
        request,
        replace(request, headers={NAME: signed(b"old", mac, prefix)}),
        replace(request, headers={NAME: prefix.encode() + good[len(prefix) :].upper()}),
        replace(request, body=BODY + b" "),
        replace(request, headers={NAME: signed(b"other", mac, prefix)}),
        replace(request, headers={}),
        replace(request, headers={NAME: b""}),
        replace(request, headers={NAME: good[:-2]}),
        replace(request, headers={NAME: good + b"00"}),
        replace(request, headers={NAME: good[:-1] + b"g"}),
        replace(request, headers={NAME: b"SHA256=" + good[len(prefix) :]}),
        replace(request, repeated=frozenset({NAME})),
    ]
    outcomes = [outcome(quick, case, keys) for case in cases]
    assert outcomes[:5] == [1, 0, 1, outcomes[3], outcomes[3]]
    for case, found in zip(cases, outcomes, strict=True):
        # The many say of a list that no entry is well formed, in the same word.
        assert found == outcome(slow, case, keys)
