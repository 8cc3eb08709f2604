"""Tokens that the store keeps: made, changed, let in."""

from hookyard.credentials.book import TokenBook
from hookyard.credentials.facts import facts, is_live
from hookyard.credentials.first import draft

__all__ = ["TokenBook", "draft", "facts", "is_live"]
