"""Print `docs/reference/outgoing-events.md`: `python -m hookyard.outbound.events`."""

import sys

from hookyard.outbound.events.page import page

if __name__ == "__main__":
    sys.stdout.write(page())
