"""What somebody may hand on: never more than they have themselves."""

from msgspec.structs import replace

from hookyard.auth.principal import Principal
from hookyard.auth.scopes import ADMIN, Entry, rules_of
from hookyard.errors import Refused


def grant(creator: Principal, scopes: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes of a token that this principal makes: those asked for, and what it may not do itself.

    Raises:
        Refused: one of them is not provably among the creator's own.
    """
    rules = rules_of(creator.scopes)
    for at, text in enumerate(scopes):
        if text.startswith("!"):
            continue
        entry = Entry.read(text)
        if not any(own.covers(entry) for own in rules.allow):
            raise Refused("forbidden", f"Your own scopes do not cover {text}.", path=f"$.scopes[{at}]")
    return (*scopes, *(text for text in creator.scopes if text.startswith("!") and text not in scopes))


def could_make(creator: Principal, scopes: tuple[str, ...], tenant: str) -> bool:
    """Whether a token with just these scopes and this tenant may be one that this principal made."""
    try:
        made = grant(creator, scopes)
        grant_tenant(creator, tenant)
    except Refused:
        return False
    return len(made) == len(scopes)  # nothing had to be taken away from it


def grant_tenant(creator: Principal, tenant: str | None) -> str:
    """The tenant of a token that this principal makes; its own when none is asked for.

    Raises:
        Refused: it is another one, and the creator is no admin without a tenant.
    """
    if tenant is None or tenant == creator.tenant:
        return creator.tenant
    if creator.tenant or not creator.may(ADMIN):
        raise Refused("forbidden", "Only an admin without a tenant may make a token of another one.", path="$.tenant")
    return tenant


def acting_for(principal: Principal, tenant: str, path: str) -> Principal:
    """The caller as it asks for something of a tenant: as one of that tenant with the scopes that it has.

    One without a tenant has its scopes in every tenant, so this needs no more. What it makes is told to that tenant. It
    is told what becomes of its own jobs and of those that it may read, as without naming anybody; where a job that is
    there stands for its own, that is for the way in to see to. With its scope for a command it may coalesce with the
    waiting jobs of that tenant, or replace them, as that tenant's own token with the same scope may. Making a token or
    an endpoint hands on what others made, and needs more.

    Args:
        principal: who asks.
        tenant: the tenant that it names.
        path: the JSON path at which it names it.

    Raises:
        Refused: the caller is of another one.
    """
    if tenant == principal.tenant:
        return principal
    if not principal.sees(tenant):
        raise Refused("forbidden", "The credential is of another tenant.", path=path)
    return replace(principal, tenant=tenant)


def grant_expiry(creator: Principal, expires_at: int | None) -> int | None:
    """When a token that this principal makes ends; with its creator's when nothing is asked for.

    Raises:
        Refused: that would be after the creator's own.
    """
    if creator.expires_at is None:
        return expires_at
    if expires_at is not None and expires_at > creator.expires_at:
        raise Refused("forbidden", "The token would outlive yours.", path="$.expires_at")
    return creator.expires_at if expires_at is None else expires_at
