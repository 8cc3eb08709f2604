"""The repositories that are mirrored, as the configuration has them."""

import re
from collections.abc import Iterator
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct, field

Scheme = Literal["https", "ssh", "git", "file"]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FOLDER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_BRANCH: Final = re.compile(r"[\w+@#=,.*-]+(/[\w+@#=,.*-]+)*")
_FULL_NAME: Final = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_URL: Final = re.compile(r"[a-z]+://[!-~]+")  # no space, nothing outside ASCII, nothing that a terminal acts on


class Repository(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One repository and its mirror."""

    url: Annotated[str, Meta(description="Where it is fetched from, such as `https://github.com/ada/engine.git`.")]
    folder: Annotated[str | None, Meta(description="Its mirror's folder below `root`; `<name>.git` if left out.")] = (
        None
    )
    github: Annotated[str | None, Meta(description="`owner/name`, as GitHub's push event names it.")] = None
    branches: Annotated[
        tuple[str, ...], Meta(description="The branches to mirror; one `*` in each stands for anything.")
    ] = ("*",)
    tags: Annotated[bool, Meta(description="Whether tags are mirrored too.")] = True
    secret: Annotated[
        str | None,
        Meta(description="The plugin's secret to log in with: a token or password for https, a private key for ssh."),
    ] = None
    username: Annotated[str, Meta(description="Who logs in with it, for https; GitLab takes `oauth2`.")] = (
        "x-access-token"
    )
    ca_file: Annotated[
        str | None, Meta(description="For https: the certificates to trust, as a PEM file; the system's if left out.")
    ] = None
    known_hosts: Annotated[
        str | None, Meta(description="For ssh: a file with the host's key; those of the server's user if left out.")
    ] = None

    @property
    def scheme(self) -> str:
        """How it is fetched."""
        return urlsplit(self.url).scheme


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is mirrored, and where to; nothing else can be fetched through this plugin."""

    root: Annotated[str, Meta(description="The folder of all mirrors, absolute. It is made if it is not there.")]
    repositories: Annotated[dict[str, Repository], Meta(description="By the names that callers use.")] = field(
        default_factory=dict[str, Repository]
    )
    schemes: Annotated[
        tuple[Scheme, ...], Meta(description="Those that URLs may have. `git` is neither encrypted nor authenticated.")
    ] = ("https", "ssh")
    timeout: Annotated[float, Meta(gt=0, le=86_000, description="Seconds that one run of git may take.")] = 1800.0
    grace: Annotated[float, Meta(ge=0, le=300, description="Seconds between SIGTERM and SIGKILL.")] = 5.0
    max_bytes: Annotated[int, Meta(ge=1 << 10, description="Of a mirror's packs while it is fetched; more end it.")] = (
        16 << 30
    )
    git: Annotated[str, Meta(description="The program: an absolute path, or a name to look for in PATH.")] = "git"
    environment: Annotated[
        dict[str, str], Meta(description="Further variables for git, such as `https_proxy`; it gets PATH and TZ else.")
    ] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        problems = [*_problems(self)]
        for name, repository in self.repositories.items():
            problems += (f"repository {name!r}: {problem}" for problem in _repository_problems(self, name, repository))
        if problems:
            raise ValueError("; ".join(problems))

    def folder(self, name: str) -> str:
        """The folder of a repository's mirror, relative to the root."""
        return self.repositories[name].folder or f"{name}.git"


def _problems(config: Config) -> Iterator[str]:
    if not config.root.startswith("/") or "\0" in config.root:
        yield "root: it must be absolute"
    if not config.git or ("/" in config.git and not config.git.startswith("/")):
        yield "git: it must be an absolute path, or a name to look for in PATH"
    for variable, value in config.environment.items():
        if not _VARIABLE.fullmatch(variable) or "\0" in value:
            yield f"environment: {variable!r} cannot be a variable"
        elif variable.startswith("GIT_"):
            yield f"environment: {variable} is this plugin's own to set"
    folders = [config.folder(name) for name in config.repositories]
    for folder in sorted({one for one in folders if folders.count(one) > 1}):
        yield f"two repositories have the folder {folder!r}"
    for outer in sorted(set(folders)):
        for inner in folders:
            if inner.startswith(f"{outer}/"):
                yield f"the folder {inner!r} is inside another mirror, {outer!r}"
    known = [each.github.lower() for each in config.repositories.values() if each.github is not None]
    for full_name in sorted({one for one in known if known.count(one) > 1}):
        yield f"two repositories have `github: {full_name}`"


def _repository_problems(config: Config, name: str, repository: Repository) -> Iterator[str]:
    if not _NAME.fullmatch(name):
        yield "the name must be at most 64 letters, digits, `.`, `_` and `-`, a letter or digit first"
    if not _FOLDER.fullmatch(config.folder(name)):
        yield f"folder: {config.folder(name)!r} is no folder below the root: letters, digits, `.`, `_`, `-` and `/`"
    if repository.github is not None and not _FULL_NAME.fullmatch(repository.github):
        yield f"github: {repository.github!r} is not owner/name"
    if not repository.branches and not repository.tags:
        yield "branches: none, and no tags either"
    for branch in repository.branches:
        if not _BRANCH.fullmatch(branch) or branch.count("*") > 1 or branch.startswith("-") or ".." in branch:
            yield f"branches: {branch!r} is no name of a branch, with one `*` at most"
    for label, path in (("ca_file", repository.ca_file), ("known_hosts", repository.known_hosts)):
        if path is not None and (not path.startswith("/") or not path.isprintable()):
            yield f"{label}: it must be absolute"
    if not repository.username.isprintable() or ":" in repository.username:
        yield "username: it has a character that no user name can have"
    yield from _url_problems(config, repository)


def _url_problems(config: Config, repository: Repository) -> Iterator[str]:
    if not _URL.fullmatch(repository.url):
        yield "url: it must be like https://host/path or ssh://user@host/path, without spaces"
        return
    try:
        parts = urlsplit(repository.url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        yield f"url: {error}"
        return
    if parts.scheme not in config.schemes:
        yield f"url: the scheme {parts.scheme!r} is not among those allowed: {', '.join(config.schemes) or 'none'}"
    if parts.password is not None or (parts.username is not None and parts.scheme != "ssh"):
        yield "url: it holds a user or a password; that is what `username` and `secret` are for"
    if parts.scheme == "file":
        if host or not parts.path.startswith("/"):
            yield "url: a file URL is file:///path"
    elif not host or host.startswith("-") or (parts.username or "").startswith("-"):
        yield "url: it names no host"
    if repository.secret is not None and parts.scheme not in {"https", "ssh"}:
        yield f"secret: nothing is sent to log in over {parts.scheme}"
