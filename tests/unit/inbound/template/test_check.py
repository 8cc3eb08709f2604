"""Templates that contradict themselves are refused, with the key and a sentence."""

import pytest

from hookyard.config.model import Place, SignatureSettings, TemplateScheme, TimestampSettings
from hookyard.config.model.schemes import Mac
from hookyard.config.values import Duration
from hookyard.inbound.template import SchemeError, compile_template

HEADER = SignatureSettings(header="X-Sig")
PARTS = SignatureSettings(header="X-Sig", separator=",", part="v1")
TIME = TimestampSettings(header="X-Time")
TIMED = "{timestamp}.{body}"


def problems(settings: TemplateScheme, tolerance: int | None = None) -> dict[str, str]:
    with pytest.raises(SchemeError) as caught:
        compile_template(settings, tolerance=tolerance)
    assert str(caught.value)
    return dict(caught.value.problems)


@pytest.mark.parametrize(
    ("settings", "key", "words"),
    [
        (TemplateScheme(signature=SignatureSettings()), "signature", "has none"),
        (TemplateScheme(signature=SignatureSettings(header="A", query="b")), "signature", "has header and query"),
        (TemplateScheme(signature=SignatureSettings(basic=True)), "signature.basic", "needs `mac: token`"),
        (
            TemplateScheme(signature=SignatureSettings(basic=True, prefix="x"), mac="token"),
            "signature.basic",
            "takes no prefix",
        ),
        (
            TemplateScheme(signature=SignatureSettings(query="a", separator=",")),
            "signature.separator",
            "the signature is in none",
        ),
        (
            TemplateScheme(signature=SignatureSettings(header="A", separator=",", part="v1", assign="")),
            "signature.assign",
            "is empty",
        ),
        (
            TemplateScheme(signature=SignatureSettings(header="A", separator="=", part="v1")),
            "signature.assign",
            "is the separator too",
        ),
        (TemplateScheme(signature=SignatureSettings(json="$.s")), "signature.json", "within the body"),
        (
            TemplateScheme(signature=HEADER, event=(Place(json="$.a"), Place(json="$.["))),
            "event[1].json",
            "no path",
        ),
        (TemplateScheme(signature=SignatureSettings(json="$.[")), "signature.json", "no path"),
        (
            TemplateScheme(signature=HEADER, content="{body}{nonce}"),
            "content",
            "{nonce} is not known; there are {body}",
        ),
        (TemplateScheme(signature=HEADER, content="{body}{"), "content", "a brace that belongs to no token"),
        (TemplateScheme(signature=HEADER, content="{Body}{body}"), "content", "a brace that belongs to no token"),
        (TemplateScheme(signature=HEADER, content="{method}{url}"), "content", "the same for every request"),
        (TemplateScheme(signature=HEADER, content=TIMED), "content", "`timestamp` does not say where"),
        (TemplateScheme(signature=HEADER, content="{id}{body}"), "content", "`delivery` does not say where"),
        (TemplateScheme(signature=HEADER, timestamp=TIME), "timestamp", "is not signed, so it proves nothing"),
        (
            TemplateScheme(signature=HEADER, content=TIMED, timestamp=TimestampSettings(constant="1")),
            "timestamp.constant",
            "no time of sending",
        ),
        (
            TemplateScheme(
                signature=HEADER, content=TIMED, timestamp=TimestampSettings(header="T", tolerance=Duration(0))
            ),
            "timestamp.tolerance",
            "is 0",
        ),
        (
            TemplateScheme(signature=PARTS, content=TIMED, timestamp=TimestampSettings(part="v1")),
            "timestamp.part",
            "the name of the signatures",
        ),
        (
            TemplateScheme(signature=HEADER, content=TIMED, timestamp=TimestampSettings(part="t")),
            "timestamp.part",
            "told apart by a separator",
        ),
        (TemplateScheme(signature=HEADER, content=TIMED, timestamp=TimestampSettings()), "timestamp", "has none"),
        (
            TemplateScheme(signature=HEADER, delivery=Place(header="A", query="b")),
            "delivery",
            "has header and query",
        ),
        (TemplateScheme(signature=HEADER, delivery=Place(constant="1")), "delivery.constant", "all deliveries one"),
        (TemplateScheme(signature=HEADER, event=Place(json="$.[")), "event.json", "no path"),
        (TemplateScheme(signature=HEADER, mac="token", content="{body}."), "content", "signed by nobody"),
        (TemplateScheme(signature=HEADER, mac="token", timestamp=TIME), "timestamp", "proves nothing"),
        (TemplateScheme(signature=HEADER, mac="token", key="hex"), "key", "must be `raw`"),
        (TemplateScheme(signature=HEADER, key="pem"), "key", "takes a shared secret"),
        (TemplateScheme(signature=HEADER, form_signs="field"), "form_signs", "does not say which"),
        (
            TemplateScheme(signature=HEADER, never_with=("X-Other", "x-sig")),
            "never_with[1]",
            "uses itself",
        ),
    ],
)
def test_a_contradiction_is_named(settings: TemplateScheme, key: str, words: str) -> None:
    with pytest.raises(SchemeError) as caught:
        compile_template(settings)
    assert any(words in sentence for place, sentence in caught.value.problems if place == key), caught.value


@pytest.mark.parametrize(("mac", "key"), [("ed25519", "raw"), ("ecdsa-p256-sha256", "raw"), ("rsa-sha256", "hex")])
def test_a_public_key_is_not_written_as_a_secret(mac: Mac, key: str) -> None:
    settings = TemplateScheme(signature=HEADER, mac=mac, key="hex" if key == "hex" else "raw")
    assert f"a public key for {mac} is" in problems(settings)["key"]


def test_all_problems_are_told_at_once() -> None:
    found = problems(TemplateScheme(signature=SignatureSettings(), content="{nonce}", form_signs="field"))
    assert found.keys() == {"signature", "content", "form_signs"}


def test_a_tolerance_needs_a_time_of_sending_and_is_not_nothing() -> None:
    assert "does not say when" in problems(TemplateScheme(signature=HEADER), 1000)["tolerance"]
    timed = TemplateScheme(signature=HEADER, content=TIMED, timestamp=TIME)
    assert "is 0" in problems(timed, 0)["tolerance"]
    compile_template(timed, tolerance=1)
