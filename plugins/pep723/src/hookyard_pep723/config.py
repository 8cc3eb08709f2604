"""The scripts that may be run, as the configuration has them."""

import re
from collections.abc import Iterator
from typing import Annotated, Final

from msgspec import Meta, Struct, field

from hookyard_pep723.metadata import metadata

NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Seconds = Annotated[float, Meta(gt=0, le=86_000, description="Seconds.")]


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a script runs."""

    timeout: Annotated[float, Meta(gt=0, le=86_000, description="Seconds it may take, once it has its packages.")] = 60
    environment: Annotated[
        dict[str, str], Meta(description="Its environment, beyond PATH and TZ of the server, HOME and TMPDIR.")
    ] = field(default_factory=dict[str, str])
    secret_environment: Annotated[
        dict[str, str], Meta(description="Environment variables and the names of the plugin's secrets that they hold.")
    ] = field(default_factory=dict[str, str])
    python: Annotated[
        str | None, Meta(description="A version or the path of an interpreter, as `uv run --python` takes it.")
    ] = None
    max_output: Annotated[int, Meta(ge=0, le=64 << 20, description="Bytes of its answer; more end it.")] = 1 << 20
    max_log_lines: Annotated[int, Meta(ge=0, le=100_000, description="Lines kept with the job.")] = 1000
    require_lock: Annotated[
        bool, Meta(description="Whether it must have a lock beside it (`uv lock --script FILE`).")
    ] = False


class Script(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One script, with its own options: a file, or the text itself."""

    file: Annotated[str | None, Meta(description="Its path: absolute, or below `folder`.")] = None
    source: Annotated[str | None, Meta(description="Its text, with the metadata.")] = None


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be run; nothing else can be run through this plugin."""

    folder: Annotated[
        str | None, Meta(description="A folder, absolute: every `NAME.py` in it may be run as `NAME`.")
    ] = None
    scripts: Annotated[dict[str, Script], Meta(description="Further scripts, or those with options of their own.")] = (
        field(default_factory=dict[str, Script])
    )
    defaults: Annotated[Options, Meta(description="Of the scripts that only the folder has.")] = field(
        default_factory=Options
    )
    uv: Annotated[str, Meta(description="The program: an absolute path, or a name to look for in PATH.")] = "uv"
    cache_dir: Annotated[
        str | None, Meta(description="Where uv keeps packages and environments, absolute; uv's own place if left out.")
    ] = None
    work_dir: Annotated[
        str | None,
        Meta(
            description="Where each `source` is kept as a file, absolute; `hookyard/pep723` in the user's cache else."
        ),
    ] = None
    offline: Annotated[bool, Meta(description="Use only what the cache has.")] = False
    python_downloads: Annotated[bool, Meta(description="Whether uv may download a Python that is not here.")] = False
    prepare_timeout: Annotated[
        float, Meta(gt=0, le=86_000, description="Seconds that getting a script's packages may take.")
    ] = 300
    uv_environment: Annotated[
        dict[str, str],
        Meta(description="For uv, when it gets packages: `UV_DEFAULT_INDEX`, `HTTPS_PROXY`; scripts do not see it."),
    ] = field(default_factory=dict[str, str])
    uv_secret_environment: Annotated[
        dict[str, str], Meta(description="The same, from the plugin's secrets: variables and the names of secrets.")
    ] = field(default_factory=dict[str, str])
    grace: Annotated[float, Meta(ge=0, le=300, description="Seconds between SIGTERM and SIGKILL.")] = 5.0

    def __post_init__(self) -> None:
        problems = [*_problems(self)]
        for name, script in self.scripts.items():
            problems += (f"script {name!r}: {problem}" for problem in _script_problems(self, name, script))
        if problems:
            raise ValueError("; ".join(problems))


def _problems(config: Config) -> Iterator[str]:
    if config.folder is None and not config.scripts:
        yield "there is neither a folder nor a script"
    for label, path in (("folder", config.folder), ("cache_dir", config.cache_dir), ("work_dir", config.work_dir)):
        if path is not None and (not path.startswith("/") or "\0" in path):
            yield f"{label}: it must be absolute"
    if not config.uv or ("/" in config.uv and not config.uv.startswith("/")):
        yield "uv: it must be an absolute path, or a name to look for in PATH"
    yield from _variable_problems("uv_environment", config.uv_environment)
    yield from _variable_problems("uv_secret_environment", config.uv_secret_environment)
    yield from (f"defaults: {problem}" for problem in _option_problems(config.defaults))


def _script_problems(config: Config, name: str, script: Script) -> Iterator[str]:
    if not NAME.fullmatch(name):
        yield "the name must be at most 64 letters, digits, `_` and `-`"
    if (script.file is None) == (script.source is None):
        yield "it has a `file` or a `source`, and exactly one of them"
    if script.file is not None:
        if "\0" in script.file or not script.file.endswith(".py"):
            yield "file: it must end with .py"
        elif not script.file.startswith("/") and (config.folder is None or ".." in script.file.split("/")):
            yield "file: it must be absolute, or below `folder`"
    if script.source is not None:
        try:
            metadata(script.source)
        except ValueError as error:
            yield f"source: {error}"
        if script.require_lock:
            yield "require_lock: a `source` has no lock; use a `file`"
    yield from _option_problems(script)


def _option_problems(options: Options) -> Iterator[str]:
    yield from _variable_problems("environment", options.environment)
    yield from _variable_problems("secret_environment", options.secret_environment)
    if options.python is not None and (not options.python or options.python.startswith("-") or "\0" in options.python):
        yield "python: it is no version and no path"


def _variable_problems(label: str, variables: dict[str, str]) -> Iterator[str]:
    for name, value in variables.items():
        if not _VARIABLE.fullmatch(name) or "\0" in value:
            yield f"{label}: {name!r} cannot be a variable"
