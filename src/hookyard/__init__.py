"""The plugin author's API."""
