"""`hookyard egress`: the guard's table, and what it says of a URL."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hookyard.egress.networks import DENIED

Call = Callable[..., Any]
FILE = """
outbound:
  allow_networks: [10.1.0.0/16]
endpoints:
  inner:
    url: https://192.168.7.7/hook
    secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]
    allow_networks: [192.168.7.0/24]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def config(folder: Path) -> Path:
    path = folder / "config.yaml"
    path.write_text(FILE)
    return path


def test_the_table_has_every_row(hookyard: Call) -> None:
    ended = hookyard("egress", "table")
    assert [line.split()[0] for line in ended.out.splitlines()] == [str(row.network) for row in DENIED]
    rows = json.loads(hookyard("egress", "table", "--json").out)
    assert rows[0] == {"network": "0.0.0.0/8", "what": "this network (RFC 791)"}
    assert len(rows) == len(DENIED)


def test_a_url_that_may_be_called_without_any_configuration(hookyard: Call, folder: Path) -> None:
    ended = hookyard("egress", "check", "https://8.8.8.8/x")
    assert (ended.code, ended.out, ended.err) == (0, "https://8.8.8.8/x\n  8.8.8.8  yes, public\n", "")


def test_a_url_that_may_not_be_called_says_which_address_decides(hookyard: Call, folder: Path) -> None:
    ended = hookyard("egress", "check", "https://[::ffff:127.0.0.1]/")
    assert ended.code == 77
    assert ended.out == "  127.0.0.1  no, loopback (RFC 1122): 127.0.0.0/8\n"
    assert ended.err == ("It may not be called: the URL has an address that may not be called: loopback (RFC 1122).\n")
    ended = hookyard("egress", "check", "https://user:hunter2@8.8.8.8/")
    assert (ended.code, ended.out) == (77, "")
    assert "hunter2" not in ended.err


def test_a_name_without_an_address_may_have_one_later(hookyard: Call, folder: Path) -> None:
    ended = hookyard("egress", "check", "--json", "https://no-such-name.invalid/")
    assert ended.code == 75
    assert json.loads(ended.out)["ok"] is False


def test_the_file_of_the_folder_holds_and_an_endpoints_own_networks_only_for_it(hookyard: Call, config: Path) -> None:
    assert hookyard("egress", "check", "https://10.1.2.3/").out.endswith(
        "  10.1.2.3  yes, allowed by the operator: 10.1.0.0/16\n"
    )
    assert hookyard("egress", "check", "https://192.168.7.7/").code == 77
    ended = hookyard("egress", "check", "--config", config, "--endpoint", "inner")
    assert (ended.code, ended.out.splitlines()[0]) == (0, "https://192.168.7.7/hook")
    assert hookyard("egress", "check", "https://192.168.8.8/", "--endpoint", "inner").code == 77


@pytest.mark.parametrize("arguments", [["--endpoint", "nobody"], []])
def test_what_is_not_there_is_a_wrong_command_line(hookyard: Call, config: Path, arguments: list[str]) -> None:
    assert hookyard("egress", "check", *arguments).code == 2


def test_a_wrong_file_is_told_as_such(hookyard: Call, folder: Path) -> None:
    for wrong in ("allow_ports: [http]", "allow_networks: [10.0.0.1/8]"):
        (folder / "bad.yaml").write_text(f"outbound: {{{wrong}}}")
        ended = hookyard("egress", "check", "https://8.8.8.8/", "--config", folder / "bad.yaml")
        assert (ended.code, ended.out) == (78, "")
        assert wrong.partition(":")[0] in ended.err
