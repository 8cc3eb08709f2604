"""Plugins that are not imported into this process: described by what they say of themselves, run in another one."""
