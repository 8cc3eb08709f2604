"""Who is calling, and what that caller may do."""

from msgspec import Struct

from hookyard.auth.scopes import GLOBAL, rules_of


class Principal(Struct, frozen=True, eq=False):
    """A caller whose credential was good."""

    name: str
    """Such as `token:ci`; kept with every job it makes."""
    scopes: tuple[str, ...]
    tenant: str = ""
    """Whose it is: it sees what is of the same tenant only. Empty sees all."""
    expires_at: int | None = None
    """When its credential ends; None: never. It hands on no right for longer."""

    def may(self, scope: str) -> bool:
        """Whether its scopes allow this one: a plain one such as `jobs:read`, `work:LANE` or `trigger:PLUGIN/COMMAND`.

        What concerns all tenants is for those without one.
        """
        if self.tenant and scope in GLOBAL:
            return False
        group, _, name = scope.partition(":")
        return rules_of(self.scopes).may(group, name)

    def may_trigger(self, plugin: str, command: str, read_only: bool) -> bool:
        """Whether it may run this command."""
        return rules_of(self.scopes).may("trigger", f"{plugin}/{command}", read_only)

    def sees(self, tenant: str) -> bool:
        """Whether what is of this tenant is there for it at all."""
        return not self.tenant or self.tenant == tenant
