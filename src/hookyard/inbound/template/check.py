"""What contradicts itself in a template, all of it at once."""

from collections.abc import Iterator
from typing import Final

from hookyard.config.model.schemes import Place, SignatureSettings, TemplateScheme
from hookyard.inbound.places import place_problems, places_of
from hookyard.inbound.problem import Found
from hookyard.inbound.template.content import TOKENS, has_stray_brace, tokens_of
from hookyard.inbound.template.extraction import AUTHORIZATION

_KEYS_OF_PAIRS: Final = {"ed25519": {"pem", "hex", "base64"}, "ecdsa-p256-sha256": {"pem", "hex", "base64"}}


def problems_of(settings: TemplateScheme) -> Iterator[Found]:
    """Every problem: the key path within the template, and a sentence."""
    yield from _signature(settings.signature)
    yield from _places(settings)
    yield from _content(settings)
    yield from _mac(settings)
    yield from _timestamp(settings)
    yield from _headers(settings)
    if settings.form_signs == "field" and settings.form is None:
        yield "form_signs", "is `field`, and `form` does not say which"


def _signature(signature: SignatureSettings) -> Iterator[Found]:
    given = [name for name in ("header", "query", "json") if getattr(signature, name) is not None]
    given += ["basic"] if signature.basic else []
    if len(given) != 1:
        has = " and ".join(given) if given else "none"
        yield "signature", f"must have exactly one of header, query, json and basic, and has {has}"
    if signature.basic and (signature.prefix or signature.separator or signature.part):
        yield "signature.basic", "takes no prefix, separator or part"
    if signature.header is None and (signature.separator or signature.part):
        yield "signature.separator", "and `part` tell entries of a header apart, and the signature is in none"
    if not signature.assign and signature.part:
        yield "signature.assign", "is empty, so that no name can be told from its value"
    elif signature.separator and signature.separator == signature.assign and signature.part:
        yield "signature.assign", "is the separator too"


def _places(settings: TemplateScheme) -> Iterator[Found]:
    places: dict[str, Place | None] = {"timestamp": settings.timestamp, "delivery": settings.delivery}
    several = not isinstance(settings.event, Place)
    places |= {f"event[{at}]" if several else "event": place for at, place in enumerate(places_of(settings.event))}
    for name, place in places.items():
        if place is not None:
            for key, sentence in place_problems(place, settings.signature):
                yield f"{name}.{key}" if key else name, sentence
    if settings.delivery is not None and settings.delivery.constant is not None:
        yield "delivery.constant", "would make all deliveries one"
    path = settings.signature.json
    if path is not None:
        yield from ((f"signature.{key}", sentence) for key, sentence in place_problems(Place(json=path), None))


def _content(settings: TemplateScheme) -> Iterator[Found]:
    tokens = set(tokens_of(settings.content))
    for unknown in sorted(tokens - set(TOKENS)):
        yield "content", f"{{{unknown}}} is not known; there are {', '.join(f'{{{token}}}' for token in TOKENS)}"
    if has_stray_brace(settings.content):
        yield "content", "has a brace that belongs to no token"
    if not tokens & {"body", "timestamp", "id"}:
        yield "content", "is the same for every request, so one signature would be good for all"
    if "timestamp" in tokens and settings.timestamp is None:
        yield "content", "has {timestamp}, and `timestamp` does not say where it stands"
    if "id" in tokens and settings.delivery is None:
        yield "content", "has {id}, and `delivery` does not say where it stands"
    if "body" in tokens and settings.signature.json is not None and settings.mac != "token":
        yield "signature.json", "is within the body, which is what is signed"


def _mac(settings: TemplateScheme) -> Iterator[Found]:
    if settings.mac == "token":
        if settings.content != "{body}":
            yield "content", "is signed by nobody: mac is `token`, which compares the secret itself"
        if settings.timestamp is not None:
            yield "timestamp", "proves nothing: mac is `token`, which signs nothing"
        if settings.key != "raw":
            yield "key", "must be `raw`: mac is `token`, which compares the secret as it is written"
        return
    if settings.signature.basic:
        yield "signature.basic", "carries the secret itself and needs `mac: token`"
    if settings.mac.startswith("hmac-"):
        if settings.key == "pem":
            yield "key", f"is `pem`, and {settings.mac} takes a shared secret"
    elif settings.key not in (allowed := _KEYS_OF_PAIRS.get(settings.mac, {"pem", "base64"})):
        yield "key", f"is `{settings.key}`, and a public key for {settings.mac} is {' or '.join(sorted(allowed))}"


def _timestamp(settings: TemplateScheme) -> Iterator[Found]:
    timestamp = settings.timestamp
    if timestamp is None:
        return
    if timestamp.constant is not None:
        yield "timestamp.constant", "is no time of sending"
    if timestamp.tolerance <= 0:
        yield "timestamp.tolerance", "is 0, so nothing would ever be in time"
    if timestamp.part is not None and timestamp.part == settings.signature.part:
        yield "timestamp.part", "is the name of the signatures"
    in_body = timestamp.json is not None and "{body}" in settings.content
    if settings.mac != "token" and "{timestamp}" not in settings.content and not in_body:
        yield "timestamp", "is not signed, so it proves nothing: the content has no {timestamp}"


def _headers(settings: TemplateScheme) -> Iterator[Found]:
    places = (settings.signature, settings.timestamp, settings.delivery, *places_of(settings.event))
    read = {place.header.lower() for place in places if place is not None and place.header is not None}
    read |= {AUTHORIZATION.decode()} if settings.signature.basic else set()
    for at, name in enumerate(settings.never_with):
        if name.lower() in read:
            yield f"never_with[{at}]", f"{name} is a header that this sender uses itself"
