"""Inbound webhooks: verify the raw bytes, find the route, make the command's input."""

from hookyard.inbound.scheme import BadSignature
from hookyard.inbound.source import Received, Route, Source
from hookyard.inbound.sources import Sources, SourcesError, inactive_routes

__all__ = ["BadSignature", "Received", "Route", "Source", "Sources", "SourcesError", "inactive_routes"]
