"""The HTTP client that sends deliveries: HTTP/1.1, POST, to addresses that were checked, and nothing else."""

from hookyard.outbound.http.sender import HttpSender
from hookyard.outbound.http.tls import identity_problem

__all__ = ["HttpSender", "identity_problem"]
