"""Who is calling, and what that caller may do."""

from msgspec import Struct

from hookyard.auth.scopes import ADMIN, allows_trigger


class Principal(Struct, frozen=True, eq=False):
    """A caller whose credential was good."""

    name: str
    """Such as `token:ci`; kept with every job it makes."""
    scopes: tuple[str, ...]

    def may(self, scope: str) -> bool:
        """Whether this scope, or `admin`, was given."""
        return scope in self.scopes or ADMIN in self.scopes

    def may_trigger(self, plugin: str, command: str, read_only: bool) -> bool:
        """Whether it may run this command."""
        return allows_trigger(self.scopes, plugin, command, read_only=read_only)
