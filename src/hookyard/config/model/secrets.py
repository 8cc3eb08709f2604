"""A secret that may come to an end: one half of a rotation."""

from hookyard.config.model.parts import Section, Text
from hookyard.config.values import Secret


class SecretSettings(Section, frozen=True, kw_only=True):
    """One secret of a source or of an endpoint."""

    value: Secret
    """The secret itself."""
    until: str | None = None
    """When it stops being good, as RFC 3339: the old one of a rotation. A source logs its use."""
    id: Text | None = None
    """The id of the key, where signatures name one (`keyid` of `rfc9421`)."""
