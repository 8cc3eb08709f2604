"""For the other side of Hookyard's HTTP: the check of a received webhook, and workers that take jobs."""

from typing import TYPE_CHECKING

from hookyard.client.sign import sign
from hookyard.client.verify import SecretError, VerificationError, Verified, verify

if TYPE_CHECKING:
    from hookyard.client.worker import Worker, WorkerJob, WorkRefused

__all__ = [
    "SecretError",
    "VerificationError",
    "Verified",
    "WorkRefused",
    "Worker",
    "WorkerJob",
    "sign",
    "verify",
]

_WORKER = frozenset({"WorkRefused", "Worker", "WorkerJob"})


def __getattr__(name: str) -> object:
    """What needs an HTTP client is loaded when it is first asked for: a receiver that only verifies needs none."""
    if name not in _WORKER:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module

    return getattr(import_module("hookyard.client.worker"), name)
