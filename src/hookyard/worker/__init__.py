"""The program in a worker's process: imports one plugin, and runs its commands one after the other.

It runs under the plugin's own interpreter, which may have little installed: it loads msgspec, pluggy and the standard
library, and what the plugin itself asks for.
"""
