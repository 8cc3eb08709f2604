"""Endpoints as they are configured: how what may be shown of one is written down."""
