"""A secret is in no message, no dump and no traceback, whatever is wrong around it."""

import re
import traceback
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from hookyard.config import Config, Secret, load_file, loads
from hookyard.errors import ConfigError

SECRET = "sw0rdfish"
ENVIRON = {"SECRET": SECRET}

GOOD = """
outbound:
  callback_secrets:
    - {text}
    - ${{SECRET}}
    - {{file: secret}}
sources:
  s: {{scheme: github, secrets: ["{text}"], routes: [{{run: a/b}}]}}
endpoints:
  e: {{url: "https://x", secrets: ["${{SECRET}}"]}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "secret").write_text(SECRET)
    return loads(GOOD.format(text=SECRET), base=tmp_path, environ=ENVIRON)


def test_the_secrets_are_there(config: Config) -> None:
    set_apart = (*config.sources["s"].secrets, *config.endpoints["e"].secrets)
    found = (*config.outbound.callback_secrets, *(one for one in set_apart if isinstance(one, Secret)))
    assert [secret.reveal() for secret in found] == [SECRET] * 5


@pytest.mark.parametrize("show", [repr, str, msgspec.structs.asdict, "{!r:>9999}".format])
def test_no_dump_of_a_configuration_shows_one(config: Config, show: Callable[[Config], object]) -> None:
    shown = str(show(config))
    assert SECRET not in shown
    assert "***" in shown


@pytest.mark.parametrize("encode", [msgspec.json.encode, msgspec.msgpack.encode, msgspec.to_builtins])
def test_a_configuration_is_not_encoded_by_accident(config: Config, encode: Callable[[Config], object]) -> None:
    with pytest.raises(TypeError) as caught:
        encode(config)
    assert SECRET not in _all_of(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "sources: {s: {secrets: SECRET}}",
        "sources: {s: SECRET}",
        "sources: SECRET",
        "sources: [SECRET]",
        "sources: {s: {secrets: {SECRET: x}}}",
        "sources: {s: {secrets: [{SECRET: x}]}}",
        "sources: {s: {secrets: [{file: SECRET, x: y}]}}",
        "sources: {s: {secrets: [[SECRET]]}}",
        "endpoints: {e: SECRET}",
        "outbound: SECRET",
        "outbound: {callback_secrets: SECRET}",
        "outbound: {callback_secrets: [*SECRET]}",
        "outbound: {callback_secrets: [!SECRET]}",
        "outbound: {callback_secrets: [!SECRET!x y]}",
        "outbound: {callback_secrets: [!<SECRET> y]}",
        "outbound: {callback_secrets: [&SECRET x, &SECRET y]}",
        "outbound: {callback_secrets: [&SECRET *SECRET]}",
        "outbound: {callback_secrets: [@SECRET]}",
        "outbound: {callback_secrets: [%SECRET]}",
        "outbound: {callback_secrets: [`SECRET]}",
        "outbound: {callback_secrets: ['SECRET]}",
        'outbound: {callback_secrets: ["SECRET\\q"]}',
        'outbound: {callback_secrets: ["\\xSECRET"]}',
        "outbound:\n  callback_secrets:\n    - SECRET: x: y",
        "outbound:\n  callback_secrets:\n    - |SECRET",
        "outbound:\n  callback_secrets:\n    - >SECRET\n",
        "outbound:\n  callback_secrets:\n  SECRET\n",
        "outbound:\n  callback_secrets:\n    - SECRET\n   x: y",
        "outbound: {callback_secrets: [SECRET\0]}",
        "outbound: {callback_secrets: [SECRET]}\n---\nx: SECRET",
        "%SECRET\n---\na: 1",
        "%YAML SECRET",
        "%TAG SECRET",
        "tokens: SECRET",
        "tokens: [SECRET]",
        "tokens: [{name: a, scopes: [], sha256: SECRET}]",
        "plugins: {a: {config: SECRET}}",
        "plugins: {a: SECRET}",
        'server: {host: "", port: "${SECRET}"}',
        'log: {level: "${SECRET}"}',
        'jobs: {timeout: "x${SECRET}"}',
        'tokens: [{name: "${SECRET} x", scopes: ["${SECRET}"], sha256: "${SECRET}"}]',
        'outbound: {callback_secrets: [{file: "${SECRET}"}]}',
        'sources: {s: {scheme: "${SECRET}", secrets: ["${SECRET}"], routes: [{run: "${SECRET}"}]}}',
        'sources: {s: {scheme: {header: "${SECRET}:"}, secrets: [SECRET], routes: []}}',
        'lanes: "${SECRET}"',
        'outbound: {allow_ports: "${SECRET}", schedule: ["${SECRET}"]}',
    ],
)
def test_no_problem_and_no_traceback_shows_one(text: str, tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(re.sub(r"(?<!\{)SECRET", SECRET, text))
    with pytest.raises(ConfigError) as caught:
        load_file(file, ENVIRON)
    assert SECRET not in _all_of(caught.value)
    assert SECRET not in msgspec.json.encode(caught.value.problems).decode()


def test_an_unreadable_secret_file_does_not_show_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(SECRET.encode() + b"\xff")
    (tmp_path / "large").write_bytes(SECRET.encode() * 10_000)
    with pytest.raises(ConfigError) as caught:
        loads("outbound: {callback_secrets: [{file: binary}, {file: large}]}", base=tmp_path, environ={})
    assert len(caught.value.problems) == 2
    assert SECRET not in _all_of(caught.value)


def test_a_binary_file_is_refused_without_showing_it(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_bytes(b"outbound: {callback_secrets: [" + SECRET.encode() + b"\xff]}")
    with pytest.raises(ConfigError) as caught:
        load_file(file, {})
    assert SECRET not in _all_of(caught.value)


def _all_of(error: BaseException) -> str:
    """All that a log or a terminal could show of an error, with everything that led to it."""
    parts: list[str] = []
    one: BaseException | None = error
    while one is not None:
        parts += [str(one), repr(one), repr(one.args), *traceback.format_exception(one)]
        one = one.__cause__ or one.__context__
    return "\n".join(parts)
