"""Expressions in CEL, the Common Expression Language: compiled once, evaluated over what an event is."""

from hookyard.cel.expression import CelError, Expression, Failed, Kind, has_nul

__all__ = ["CelError", "Expression", "Failed", "Kind", "has_nul"]
