"""Types and JSON Schema: from the one to the other and back, and what a change of them breaks."""

from hookyard.schema.types import DRAFT, CommandSchema, Schema, components, of_command, of_type

__all__ = ["DRAFT", "CommandSchema", "Schema", "components", "of_command", "of_type"]
