"""The paths of tokens, in the OpenAPI document."""

from hookyard.gateway.openapi.parts import WRITE, Group, Known, Object, in_path, json_body, operation, shown
from hookyard.gateway.tokens.routes import NewToken, Rotation, TokenQuery
from hookyard.gateway.tokens.views import NewTokenView, RotatedView, TokenPage, TokenView


def _paths(known: Known) -> Object:
    one = in_path("token_id", {"type": "string", "format": "uuid"})
    secret = {"Location": {"schema": {"type": "string"}}, "Cache-Control": {"schema": {"const": "no-store"}}}
    made = json_body("The token, shown this once.", known[NewTokenView], secret)
    replaced = json_body("The new token, shown this once.", known[RotatedView], secret)
    create = operation(
        "post", "Make a token", known, tag="tokens", answers={"201": made}, codes=(*WRITE, "exists"), body=NewToken
    )
    revoke = operation(
        "delete",
        "Revoke a token",
        known,
        tag="tokens",
        answers={"204": {"description": "It gets in no longer; nor did it when it was revoked before."}},
        codes=(*WRITE, "not_found"),
        parameters=[one],
    )
    rotate = operation(
        "post",
        "Replace a token",
        known,
        tag="tokens",
        answers={"201": replaced},
        codes=(*WRITE, "not_found", "token_ended"),
        parameters=[one],
        body=Rotation,
        required=False,
    )
    return {
        "/api/v1/tokens": {
            **shown("Tokens, newest first", TokenPage, known, tag="tokens", parameters=known.parameters(TokenQuery)),
            **create,
        },
        "/api/v1/tokens/{token_id}": {
            **shown("A token", TokenView, known, "not_found", tag="tokens", parameters=[one]),
            **revoke,
        },
        "/api/v1/tokens/{token_id}/rotate": rotate,
    }


GROUP = Group(
    kinds=(NewToken, Rotation, TokenPage, TokenView, NewTokenView, RotatedView), queries=(TokenQuery,), paths=_paths
)
