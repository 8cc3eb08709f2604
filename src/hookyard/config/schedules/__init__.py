"""Schedules as they are configured: the rule of time that they mean, and how they are written down."""
