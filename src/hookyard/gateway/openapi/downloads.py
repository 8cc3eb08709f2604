"""What is documented of content that is sent whole or in parts."""

from typing import Final

from hookyard.gateway.openapi.parts import Object, header

PARAMETERS: Final[list[Object]] = [
    header("Range", "`bytes=first-last`: only this part. Several at once are answered with the whole."),
    header("If-Range", "The `ETag` of the content that the range is of: if it has changed, the whole is sent."),
    header("If-None-Match", "The `ETag` of what the caller has: if it still holds, 304."),
]
CODES: Final = ("range_not_satisfiable",)
_BINARY: Final[Object] = {"*/*": {"schema": {"type": "string", "format": "binary"}}}


def _said(text: str) -> Object:
    return {"description": text, "schema": {"type": "string"}}


def download_answers() -> dict[str, Object]:
    """The answers, but for problems."""
    headers: Object = {
        "ETag": _said("The SHA-256 of the content."),
        "Repr-Digest": _said("The same, as RFC 9530 writes it; of the whole, whatever part is sent."),
        "Content-Disposition": _said("An attachment of its name."),
        "Accept-Ranges": _said("`bytes`."),
    }
    whole = "The content, under the media type that the command gave it."
    part: Object = {**headers, "Content-Range": _said("Which part it is, and of how much.")}
    return {
        "200": {"description": whole, "headers": headers, "content": _BINARY},
        "206": {"description": "The part that was asked for.", "headers": part, "content": _BINARY},
        "304": {"description": "`If-None-Match` names what it is."},
    }
