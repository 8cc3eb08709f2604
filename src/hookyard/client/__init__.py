"""For the other side of Hookyard's HTTP: today the check of a received webhook."""

from hookyard.client.verify import SecretError, VerificationError, verify

__all__ = ["SecretError", "VerificationError", "verify"]
