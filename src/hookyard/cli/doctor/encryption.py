"""What the doctor finds about the encryption of endpoints: what can be read in the file, keys that are old or gone."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from hookyard.cli.doctor.finding import Finding
from hookyard.config.model import Config
from hookyard.model import Endpoint
from hookyard.outbound.endpoints.keyring import Keyring, LockedError, key_of
from hookyard.outbound.endpoints.private import decode_private

_NOTHING: Final = b"{}"
_NAMED: Final = 10


def examine_encryption(rows: Iterable[Endpoint], config: Config) -> Iterator[Finding]:
    """Judge how the store keeps what must never be shown of those that were made over HTTP."""
    keyring = Keyring(key.reveal() for key in config.encryption.keys)
    under: Counter[str | None] = Counter()
    locked: dict[str, list[str]] = {}
    for row in rows:
        if row.origin != "http" or row.private == _NOTHING:
            continue
        if (why := _locked(row, keyring)) is None:
            under[key_of(row.private)] += 1
        else:
            locked.setdefault(why, []).append(row.name)
    for why, names in locked.items():
        some = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
        yield Finding(
            "error",
            "encryption.locked",
            f"{_endpoints(len(names))} cannot be used ({some}): {why}",
            "Nothing can be signed for them: their deliveries wait.",
            "Put the key back into `encryption.keys`, and reload; what was changed in the file comes from a backup. "
            "Where neither is left: hookyard endpoints delete NAME, and make it anew.",
        )
    yield from _plain(under.pop(None, 0), keyring)
    for key, count in under.items():
        if keyring.first is not None and key != keyring.first:
            yield Finding(
                "info",
                "encryption.older",
                f"the secrets of {_endpoints(count)} are still encrypted under the key {key}, not under the first",
                "Without that key they cannot be read.",
                "Keep it in `encryption.keys` until they are encrypted anew: a running server does that after a "
                "reload, any other when it starts.",
            )


def _plain(count: int, keyring: Keyring) -> Iterator[Finding]:
    if count:
        yield Finding(
            "info",
            "encryption.none",
            f"the secrets of {_endpoints(count)} made over HTTP can be read in the store's file",
            "Whoever gets the file or a backup can sign as this server does.",
            "Make a key (hookyard db key), name it in `encryption.keys`, and reload."
            if keyring.first is None
            else "A running server encrypts them after a reload, any other when it starts.",
        )


def _locked(row: Endpoint, keyring: Keyring) -> str | None:
    try:
        decode_private(row, keyring)
    except LockedError as error:
        return str(error)
    except msgspec.DecodeError:
        pass  # it is another matter, and not encrypted
    return None


def _endpoints(count: int) -> str:
    return "1 endpoint" if count == 1 else f"{count} endpoints"
