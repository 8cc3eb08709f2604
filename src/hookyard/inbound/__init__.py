"""Inbound webhooks: verify the raw bytes, find the route, make the command's input.

Nothing is imported here, so that `hookyard.inbound.events` costs a plugin nothing.
"""
