"""Existing Ductile plugins, unmodified: the protocol, version 2, and the runner that speaks it."""

from hookyard.runners.ductile.runner import DuctileRunner

__all__ = ["DuctileRunner"]
