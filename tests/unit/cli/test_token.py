"""`hookyard token new`."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from hookyard.auth import Tokens
from hookyard.config import loads

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
