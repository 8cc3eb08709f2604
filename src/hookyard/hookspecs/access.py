"""Who is calling, and may they: what `authenticate` and `authorize` take and answer."""

from collections.abc import Mapping

from msgspec import Struct


class Credentials(Struct, frozen=True, kw_only=True):
    """A request whose caller is not known yet. It does not show its headers when it is printed."""

    headers: Mapping[str, str]
    """All of them, by lower-case name, since every scheme has its own; one that came several times is joined with
    commas. Bytes beyond ASCII are read as Latin-1."""
    method: str
    path: str
    peer: str | None = None
    """The address of the other end of the connection; behind a proxy that is the proxy's."""

    def __repr__(self) -> str:
        return f"Credentials(method={self.method!r}, path={self.path!r}, peer={self.peer!r})"


class Identity(Struct, frozen=True, kw_only=True):
    """A caller that a plugin knows."""

    name: str
    """Printable ASCII without spaces, at most 128 characters; the principal is `plugin:PLUGIN/NAME`, so that no
    plugin can speak for a token, or for another plugin."""
    scopes: tuple[str, ...] = ()
    """What it may do, in the words of `tokens[].scopes` of the configuration."""
    tenant: str = ""
    """Whose it is: it sees and makes jobs of this tenant only; empty sees all, and makes jobs of any."""


class AccessQuestion(Struct, frozen=True, kw_only=True):
    """A request of a known caller that is about to be carried out, as far as its scopes allow it."""

    principal: str
    """Such as `token:ci`."""
    scopes: tuple[str, ...]
    tenant: str = ""
    method: str
    path: str
    plugin: str | None = None
    """Of the command that is to be triggered; None when the request triggers none."""
    command: str | None = None
    peer: str | None = None
