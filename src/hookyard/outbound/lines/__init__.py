"""Who is sent to next, and how fast: one line of waiting deliveries for each receiver, served in turn."""

from hookyard.outbound.lines.line import Line, LineState
from hookyard.outbound.lines.table import Lines, Start

__all__ = ["Line", "LineState", "Lines", "Start"]
