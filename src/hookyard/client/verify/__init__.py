"""For receivers: check that a webhook was sent by Hookyard, or by anyone who follows Standard Webhooks."""

from hookyard.client.verify.found import Form, Step, VerificationError, Verified
from hookyard.client.verify.verifying import verify
from hookyard.webhook_secret import SecretError

__all__ = ["Form", "SecretError", "Step", "VerificationError", "Verified", "verify"]
