"""What a request to a receiver looks like, and by what it is signed: the forms that an endpoint may choose."""

from hookyard.outbound.signing.forms import form_of
from hookyard.outbound.signing.headers import header_problem
from hookyard.outbound.signing.keys import check_secret, new_key, new_secret, public_key
from hookyard.outbound.signing.secrets import SigningSecret
from hookyard.webhook_secret import PublicKey, SecretError

__all__ = [
    "PublicKey",
    "SecretError",
    "SigningSecret",
    "check_secret",
    "form_of",
    "header_problem",
    "new_key",
    "new_secret",
    "public_key",
]
