"""What signs webhooks here and verifies them there: shared secrets `whsec_`, and key pairs `whsk_` and `whpk_`."""

from hookyard.webhook_secret.pair import PRIVATE, PUBLIC, PublicKey, Seed, seed_of
from hookyard.webhook_secret.shared import MAX_KEY, MIN_KEY, PREFIX, SecretError, secret_key

__all__ = [
    "MAX_KEY",
    "MIN_KEY",
    "PREFIX",
    "PRIVATE",
    "PUBLIC",
    "PublicKey",
    "SecretError",
    "Seed",
    "secret_key",
    "seed_of",
]
