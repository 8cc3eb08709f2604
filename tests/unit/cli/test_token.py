"""`hookyard token`: new tokens for the configuration, the first one of a store, and asking a gateway."""

import asyncio
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from hookyard.auth import Tokens
from hookyard.config import loads
from hookyard.model import Token
from hookyard.store.sqlite import SqliteStore

Call = Callable[..., Any]


def test_the_first_line_is_the_token_and_the_others_let_it_in(hookyard: Call) -> None:
    ended = hookyard("token", "new", "--name", "ci", "--scope", "trigger:hello/*", "--scope", "jobs:read")
    assert ended.code == 0
    token, _, yaml = ended.out.partition("\n")
    assert re.fullmatch(r"hky_[A-Za-z0-9_-]{43}", token)
    principal = Tokens(loads(yaml, environ={}).tokens).authenticate(token.encode())
    assert principal is not None
    assert (principal.name, principal.scopes) == ("token:ci", ("trigger:hello/*", "jobs:read"))


def test_the_token_itself_is_printed_once_and_not_in_its_lines(hookyard: Call) -> None:
    ended = hookyard("token", "new")
    token, _, yaml = ended.out.partition("\n")
    assert token not in yaml
    assert token not in ended.err
    assert "shown this once" in ended.err


def test_without_scopes_it_may_run_every_command(hookyard: Call) -> None:
    yaml = hookyard("token", "new").out.partition("\n")[2]
    assert loads(yaml, environ={}).tokens[0].scopes == ("trigger:*/*",)


def test_no_two_tokens_are_the_same(hookyard: Call) -> None:
    assert hookyard("token", "new").out != hookyard("token", "new").out


@pytest.mark.parametrize(
    "arguments", [["--name", "a b"], ["--name", ""], ["--name", "${X}"], ["--scope", "everything"]]
)
def test_a_name_or_scope_that_the_configuration_would_refuse_makes_no_token(
    hookyard: Call, arguments: list[str]
) -> None:
    ended = hookyard("token", "new", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "Invalid value: " in ended.err


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose store is beside it."""
    path = tmp_path / "hookyard.yaml"
    path.write_text("store: {path: jobs.db}\ntokens:\n  - {name: ci, sha256: '" + "0" * 64 + "', scopes: [admin]}\n")
    return path


def kept(config: Path) -> tuple[Token, ...]:
    """What the store has."""

    async def read() -> tuple[Token, ...]:
        store = await SqliteStore.open(config.parent / "jobs.db")
        try:
            return await store.tokens()
        finally:
            await store.aclose()
            store.close()

    return asyncio.run(read())


def test_the_first_token_of_a_store_is_an_admins_and_its_text_is_printed_alone(hookyard: Call, config: Path) -> None:
    ended = hookyard("token", "bootstrap", config)
    text = ended.out.strip()
    assert ended.code == 0
    assert re.fullmatch(r"hky_[A-Za-z0-9_-]{43}", text)
    assert text not in ended.err
    [token] = kept(config)
    assert (token.name, token.scopes, token.tenant, token.created_by) == ("admin", ("admin",), "", "cli:bootstrap")
    assert token.digest == sha256(text.encode()).digest()


def test_a_store_with_a_token_gets_another_admins_only_by_force(hookyard: Call, config: Path) -> None:
    assert hookyard("token", "bootstrap", config).code == 0
    refused = hookyard("token", "bootstrap", config, "--name", "second")
    assert (refused.code, refused.out) == (65, "")
    assert "--force" in refused.err
    assert hookyard("token", "bootstrap", config, "--name", "second", "--force").code == 0
    taken = hookyard("token", "bootstrap", config, "--name", "second", "--force")
    assert (taken.code, taken.out) == (65, "")
    assert [token.name for token in kept(config)] == ["admin", "second"]


@pytest.mark.parametrize("name", ["ci", "a b", ""])
def test_a_first_token_has_a_name_that_is_one_and_not_the_configurations(
    hookyard: Call, config: Path, name: str
) -> None:
    ended = hookyard("token", "bootstrap", config, "--name", name)
    assert (ended.code, ended.out) == (2, "")
    assert not (config.parent / "jobs.db").exists()


@pytest.mark.parametrize("content", ["", " \n", b"\xff"])
def test_a_file_without_a_token_is_said_so(hookyard: Call, tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    ended = hookyard("token", "list", "--token-file", path, "--url", "http://127.0.0.1:1")
    assert ended.code == 77
    assert str(path) in ended.err
    assert hookyard("token", "list", "--token-file", tmp_path / "none").code == 69


def test_a_gateway_that_is_not_there_is_said_so_without_the_token(
    hookyard: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOKYARD_TOKEN", "hky_tell-nobody")
    for arguments in (["list"], ["revoke", "x/../y"], ["rotate", "x"], ["create", "x", "--scope", "admin"]):
        ended = hookyard("token", *arguments, "--url", "http://127.0.0.1:1")
        assert (ended.code, ended.out) == (69, "")
        assert "http://127.0.0.1:1 cannot be reached" in ended.err
        assert "tell-nobody" not in ended.err
