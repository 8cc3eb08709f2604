"""What git runs in: nobody's configuration but ours, no terminal, no hooks, and a login that is in no command line."""

import base64
import os
import shlex
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from hookyard_git_mirror.config import Config, Repository

_SETTINGS: Final = {
    "core.hooksPath": "/dev/null",
    "core.askPass": "",
    "credential.helper": "",
    "fetch.unpackLimit": "1",  # always a pack, so that the size of what came can be seen
    "gc.autoDetach": "false",  # tidying up belongs to the job, not to what it leaves behind
    "maintenance.autoDetach": "false",
    "http.followRedirects": "false",  # a login goes to the host it is for
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
}


@contextmanager
def surroundings(config: Config, repository: Repository, secret: str | None) -> Generator[dict[str, str]]:
    """The environment for one synchronisation; a private key lies in a folder of its own until it is over.

    Args:
        secret: what `repository.secret` names.
    """
    with TemporaryDirectory(prefix="hookyard-git-") as home:
        settings = dict(_SETTINGS)
        if repository.ca_file is not None:
            settings["http.sslCAInfo"] = repository.ca_file
        if secret is not None and repository.scheme == "https":
            login = base64.b64encode(f"{repository.username}:{secret}".encode()).decode()
            settings[f"http.{repository.url}.extraHeader"] = f"Authorization: Basic {login}"
        env = {name: os.environ[name] for name in ("PATH", "TZ") if name in os.environ}
        env |= config.environment
        env |= {
            "HOME": home,  # no .netrc of anybody
            "LC_ALL": "C",
            "GIT_ALLOW_PROTOCOL": repository.scheme,
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_SSH_VARIANT": "ssh",
            "GIT_SSH_COMMAND": _ssh(repository, _key(secret, home) if repository.scheme == "ssh" else None),
            "GIT_CONFIG_COUNT": str(len(settings)),
        }
        for number, (key, value) in enumerate(settings.items()):
            env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        yield env


def _key(secret: str | None, home: str) -> str | None:
    if secret is None:
        return None
    path = Path(home) / "key"
    path.touch(mode=0o600)
    path.write_text(secret.rstrip() + "\n", encoding="utf-8")  # OpenSSH wants the last line ended
    return str(path)


def _ssh(repository: Repository, key: str | None) -> str:
    """The command line of ssh, which git hands to a shell: every item of ours is quoted."""
    argv = ["ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "ForwardAgent=no"]
    argv += ["-o", "ConnectTimeout=30", "-o", "ServerAliveInterval=30"]
    if key is not None:
        argv += ["-i", key, "-o", "IdentitiesOnly=yes"]
    if repository.known_hosts is not None:
        argv += ["-o", f'UserKnownHostsFile="{repository.known_hosts}"']
    return shlex.join(argv)
