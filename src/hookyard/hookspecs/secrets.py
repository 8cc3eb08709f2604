"""What `resolve_secret` is asked for."""

from msgspec import Struct


class SecretReference(Struct, frozen=True, kw_only=True):
    """A secret that a plugin declares and that is asked for."""

    plugin: str
    name: str
