"""What a running command finds behind its context, from the log to the calls of other commands."""

from hookyard.facilities.facilities import Facilities
from hookyard.facilities.port import HostPort
from hookyard.facilities.redact import Redactor

__all__ = ["Facilities", "HostPort", "Redactor"]
