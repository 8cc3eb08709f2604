"""Existing Ductile plugins, unmodified: what their `manifest.yaml` says, and how they are started."""

from hookyard.host.foreign.ductile.describe import describe
from hookyard.host.foreign.ductile.launch import DuctileLaunch
from hookyard.host.foreign.ductile.result import DuctileResult

__all__ = ["DuctileLaunch", "DuctileResult", "describe"]
