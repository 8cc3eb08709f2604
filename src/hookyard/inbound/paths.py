"""Moved to :mod:`hookyard.inbound.routes.paths`."""

from hookyard.inbound.routes.paths import Missing, Steps, look_up, parse_path

__all__ = ["Missing", "Steps", "look_up", "parse_path"]
