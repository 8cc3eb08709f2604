"""Calls of configured HTTP services as a Hookyard plugin."""

from hookyard import Plugin

plugin = Plugin("http_request")
