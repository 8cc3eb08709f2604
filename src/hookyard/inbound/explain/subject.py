"""What a capture is held against: one source's scheme and secrets."""

from msgspec import Struct

from hookyard.inbound.scheme import Scheme
from hookyard.inbound.secrets import SourceSecret


class Subject(Struct, frozen=True, kw_only=True):
    """One source, as far as verification goes."""

    name: str
    """Of the source."""
    scheme: Scheme
    secrets: tuple[SourceSecret, ...] = ()
    url: str = ""
    """Where the sender reaches it, by the configuration."""
