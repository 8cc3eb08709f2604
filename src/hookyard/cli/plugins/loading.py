"""The plugins of a configuration, loaded as a server would load them."""

import sys
from contextlib import redirect_stdout
from pathlib import Path

from hookyard.config import load_file
from hookyard.host.load import load
from hookyard.host.registry import Registry


def registry_of(config: Path) -> Registry:
    """Load the plugins that a configuration asks for.

    Raises:
        ConfigError: the file has problems.
    """
    loaded = load_file(config)
    with redirect_stdout(sys.stderr):  # what a plugin prints while it is imported is no result
        return load(loaded.config, loaded.base)
