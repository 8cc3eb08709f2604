"""How events leave: planned with the end of a job, signed, past the egress guard, again until they are taken."""

from hookyard.outbound.service import Outbound

__all__ = ["Outbound"]
