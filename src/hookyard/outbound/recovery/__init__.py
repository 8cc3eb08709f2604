"""What people do when a receiver was down, or was not there: send again, send what was missed, give up, clear away."""

from hookyard.outbound.recovery.recovery import Recovery
from hookyard.outbound.recovery.replay import Replayed
from hookyard.outbound.recovery.stretch import Stretch

__all__ = ["Recovery", "Replayed", "Stretch"]
