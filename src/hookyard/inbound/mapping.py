"""Moved to :mod:`hookyard.inbound.routes.mapping`."""

from hashlib import sha256

from hookyard.inbound.received import Received
from hookyard.inbound.routes.mapping import Node
from hookyard.inbound.routes.mapping import render as _render

__all__ = ["Node", "render"]


def render(node: Node, body: bytes, event: str, delivery: str) -> bytes:
    """Make a command's input, as JSON, from an event that no source has read."""
    return _render(node, Received(source="", event=event, delivery=delivery, digest=sha256(body).digest(), body=body))
