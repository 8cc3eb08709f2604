"""A worker: takes jobs of external commands from a gateway over HTTP, and runs typed functions for them."""

from hookyard.client.worker.job import WorkerJob
from hookyard.client.worker.wire import WorkRefused
from hookyard.client.worker.worker import Worker

__all__ = ["WorkRefused", "Worker", "WorkerJob"]
