"""The OpenAPI document: one path for every command that can run, and every route of the rest.

A group of routes has a module of its own here, which gives a :class:`~hookyard.gateway.openapi.parts.Group`: the
Structs that its bodies and answers are, and its paths. It is named in `document.GROUPS`, and nowhere else.
"""

from hookyard.gateway.openapi.document import document
from hookyard.gateway.openapi.parts import Problem

__all__ = ["Problem", "document"]
