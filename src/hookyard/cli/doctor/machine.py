"""What the doctor finds out about the machine: SQLite, the disk, the file system, who may read the files."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from hookyard.cli.doctor.finding import Finding
from hookyard.store.sqlite.maintenance import version_problem

_LEAST: Final = 100 << 20
_FEW: Final = 1 << 30
_NETWORK: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "fuse.sshfs", "afs"})
_PASSING: Final = frozenset({"overlay", "aufs", "tmpfs", "ramfs"})
_NAMED: Final = 5
_LOOKED_AT: Final = 64 << 10
_PUBLIC: Final = (".tls.ca", ".tls.cert")
"""How the keys of certificates end: who reads one has learned nothing."""


def examine_machine(store: Path, config: Path) -> Iterator[Finding]:
    """Look at what the store's file and the configuration lie on."""
    if (problem := version_problem()) is not None:
        yield Finding("error", "sqlite.version", problem, "A store could be damaged.", "Install a newer apsw.")
    folder = next(one for one in (store.parent, *store.parents) if one.exists())
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding(
            "error",
            "store.folder",
            f"{folder} cannot be written by this user",
            "SQLite keeps files beside the store; without them it can be neither served nor read.",
            f"Run this as the server's user, or give that user the folder: chown USER {folder}",
        )
    elif store.exists() and not os.access(store, os.R_OK | os.W_OK):
        yield Finding(
            "error",
            "store.file",
            f"{store} cannot be written by this user",
            "A server of this user cannot start.",
            f"Run this as the server's user, or give that user the file: chown USER {store}",
        )
    yield from _open_to_others(store, config)
    yield from _room(folder)
    yield from examine_file_system(file_system(folder), store)


def _open_to_others(store: Path, config: Path) -> Iterator[Finding]:
    if store.exists() and store.stat().st_mode & 0o004 and _reachable(store.parent):
        yield Finding(
            "warning",
            "store.readable",
            f"{store} can be read by every user of this machine",
            "It holds the payloads and results of all jobs.",
            f"chmod 600 {store}; and chmod 700 its folder, for the files that SQLite adds",
        )
    if config.stat().st_mode & 0o002:
        yield Finding(
            "error",
            "config.writable",
            f"{config} can be written by every user of this machine",
            "Whoever writes it chooses what the server runs.",
            f"chmod o-w {config}",
        )


def examine_secret_files(secrets: Sequence[tuple[str, Path | None]], config: Path) -> Iterator[Finding]:
    """Judge who can read the files that secrets are read from.

    Args:
        secrets: key paths, each with the file that its secret is read from; None is the configuration itself.
        config: the configuration.
    """
    read: dict[Path, list[str]] = {}
    for path, file in secrets:
        if not path.endswith(_PUBLIC):
            read.setdefault(config if file is None else file, []).append(path)
    for file, paths in read.items():
        if _readable_by_all(file) and not _is_public(file):
            named = ", ".join(paths[:_NAMED]) + (f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else "")
            yield Finding(
                "warning",
                "secret.readable",
                f"{file} can be read by every user of this machine; in it: {named}",
                "Whoever knows a secret can pass for who it belongs to, or read what it encrypts.",
                f"chmod 600 {file}, as the server's user; and change the secret, if others may have read it",
            )


def _is_public(file: Path) -> bool:
    """Whether it has keys or certificates in PEM that anybody may know, and no others."""
    text = file.read_bytes()[:_LOOKED_AT]
    return (b"-----BEGIN CERTIFICATE" in text or b"-----BEGIN PUBLIC KEY" in text) and b"PRIVATE KEY" not in text


def _readable_by_all(file: Path) -> bool:
    try:
        real = file.resolve()
        return bool(real.stat().st_mode & 0o004) and _reachable(real.parent)
    except OSError:  # told with the configuration
        return False


def _reachable(folder: Path) -> bool:
    """Whether every user can get to a folder."""
    return all(one.stat().st_mode & 0o001 for one in (folder.resolve(), *folder.resolve().parents))


def _room(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    if free < _FEW:
        yield Finding(
            "error" if free < _LEAST else "warning",
            "disk.room",
            f"{free >> 20} MiB are free on the disk of {folder}",
            "On a full disk nothing is accepted any more: callers get 503.",
            "Free some room, or shorten `retention` and run `hookyard db vacuum` while the server is stopped.",
        )


def examine_file_system(kind: str, store: Path) -> Iterator[Finding]:
    """Judge a file system by its name."""
    if kind in _NETWORK:
        yield Finding(
            "error",
            "store.network",
            f"{store} lies on a network file system ({kind})",
            "SQLite's locks and write-ahead log do not hold there: jobs can be lost and the file damaged.",
            "Move it to a local disk, and set store.path.",
        )
    elif kind in _PASSING:
        yield Finding(
            "warning",
            "store.passing",
            f"{store} lies on {kind}",
            "It is gone with the container, or at the next start of the machine.",
            "Mount a volume for it, and set store.path.",
        )


def file_system(folder: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """The kind of file system that a folder lies on; empty where that is not known."""
    try:
        lines = mounts.read_text("utf-8").splitlines()
    except OSError:
        return ""
    path, best, kind = folder.resolve(), -1, ""
    for line in lines:
        _, point, this, *_ = line.split(" ")
        place = Path(point.replace("\\040", " "))
        if path.is_relative_to(place) and len(place.parts) >= best:
            best, kind = len(place.parts), this
    return kind
