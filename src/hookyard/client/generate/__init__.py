"""A client module of its own for the commands of a lock: typed, documented, in need of msgspec and httpx only."""

from hookyard.client.generate.gateway import lock_of_gateway
from hookyard.client.generate.module import client_module

__all__ = ["client_module", "lock_of_gateway"]
