"""Moved to :mod:`hookyard.inbound.routes.check`."""

from hookyard.inbound.routes.check import Found, compile_mapping

__all__ = ["Found", "compile_mapping"]
