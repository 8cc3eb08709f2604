"""Configured programs as a Hookyard plugin: typed arguments, never through a shell."""

from hookyard import Plugin

plugin = Plugin("shell")
