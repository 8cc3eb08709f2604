"""Print the presets for `docs/reference/schemes.md`."""

import sys

from hookyard.inbound.presets.table import markdown

sys.stdout.write(markdown())
