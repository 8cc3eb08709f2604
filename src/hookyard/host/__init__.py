"""Plugins found, loaded and asked: the registry and the hooks."""
