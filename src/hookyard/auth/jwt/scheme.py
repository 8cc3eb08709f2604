"""JSON Web Tokens beside the other bearer tokens: which issuer a token is of, and what was found out before."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from hookyard import log
from hookyard.auth.jwt.issuer import Issuer, NotValid
from hookyard.auth.jwt.keys import HMAC, BadKey, VerificationKey, from_pem, from_secret, from_set
from hookyard.auth.principal import Principal
from hookyard.clock import Clock
from hookyard.config.model import JwtSettings

REMEMBERED: Final = 4096
"""Verified tokens that are not verified again; a signature costs a hundred times what looking one up does."""
_DOTS: Final = 2

_log = log.get("auth")


class JwtScheme:
    """Takes a JWT where no other token is known; for one event loop.

    Args:
        clock: by which tokens expire.
        missing: called with an issuer when a token may have been signed with a key that is not known yet.
    """

    def __init__(self, clock: Clock, missing: Callable[[Issuer], None] | None = None) -> None:
        self._now = clock.now
        self._missing = missing
        self._known: OrderedDict[bytes, tuple[Principal, int]] = OrderedDict()
        self.issuers: tuple[Issuer, ...] = ()

    def use(self, settings: Mapping[str, JwtSettings], base: Path) -> None:
        """Know these issuers from now on, and no others; keys that were fetched before are kept until they are again.

        Args:
            settings: by name; without :func:`problems`.
            base: the folder that relative paths begin at.
        """
        before = {(issuer.name, issuer.settings.jwks_url): issuer.keys for issuer in self.issuers}
        self.issuers = tuple(
            Issuer(name, each, before.get((name, each.jwks_url), ()) if each.jwks_url else load_keys(each, base))
            for name, each in settings.items()
        )
        self.forget()

    def forget(self) -> None:
        """Verify every token anew: keys have changed."""
        self._known.clear()

    def authenticate(self, token: bytes) -> Principal | None:
        """Say whose token it is, or None; the reason is in the log, and nowhere else."""
        if not self.issuers or token.count(b".") != _DOTS:
            return None
        key, now = sha256(token).digest(), self._now()
        known = self._known.get(key)
        if known is not None:
            if now < known[1]:
                self._known.move_to_end(key)
                return known[0]
            del self._known[key]
        reasons: dict[str, str] = {}
        for issuer in self.issuers:
            try:
                found = issuer.verify(token, now)
            except NotValid as error:
                reasons[issuer.name] = str(error)
                if error.unknown_key and self._missing is not None:
                    self._missing(issuer)
            else:
                self._remember(key, found)
                return found[0]
        _log.info("jwt.refused", why=reasons)
        return None

    def _remember(self, key: bytes, found: tuple[Principal, int]) -> None:
        self._known[key] = found
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


def load_keys(settings: JwtSettings, base: Path) -> tuple[VerificationKey, ...]:
    """The keys that the configuration holds or names files of.

    Raises:
        BadKey: one of them cannot be read or used.
    """
    if settings.secret is not None:
        return (from_secret(settings.secret.reveal()),)
    if settings.jwks_file is not None:
        return _of_file(base / settings.jwks_file, from_set)
    return tuple(key for name in settings.key_files for key in _of_file(base / name, lambda text: (from_pem(text),)))


def _of_file(path: Path, read: Callable[[bytes], tuple[VerificationKey, ...]]) -> tuple[VerificationKey, ...]:
    try:
        return read(path.read_bytes())
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise BadKey(msg) from error
    except BadKey as error:
        msg = f"{path}: {error}"
        raise BadKey(msg) from error


def problems(settings: Mapping[str, JwtSettings], base: Path) -> Iterator[tuple[str, str]]:
    """What is wrong with the issuers of a configuration: key path and message."""
    for name, each in settings.items():
        for key, message in _problems(each, base):
            yield f"jwt.{name}{key}", message


def _problems(each: JwtSettings, base: Path) -> Iterable[tuple[str, str]]:
    ways = {
        "secret": each.secret is not None,
        "key_files": bool(each.key_files),
        "jwks_file": each.jwks_file is not None,
        "jwks_url": each.jwks_url is not None,
    }
    if sum(ways.values()) != 1:
        yield "", f"one of {', '.join(ways)} says how its tokens are verified, and no more than one"
        return
    hmac = HMAC.intersection(each.algorithms)
    if each.secret is not None and len(hmac) < len(set(each.algorithms)):
        yield ".algorithms", "a secret verifies HS256, HS384 and HS512 only"
    if each.secret is None and hmac:
        yield ".algorithms", "public keys verify no HMAC: whoever knows them could sign"
    if each.jwks_url is not None and not each.jwks_url.startswith("https://") and not _is_local(each.jwks_url):
        yield ".jwks_url", "it begins with https://, or whoever stands in between could say which keys are good"
    if each.tenant and each.tenant_claim is not None:
        yield ".tenant", "give tenant or tenant_claim, not both"
    try:
        load_keys(each, base)
    except BadKey as error:
        yield next(f".{way}" for way, given in ways.items() if given), str(error)


def _is_local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "http://[::1]:", "http://localhost:"))
