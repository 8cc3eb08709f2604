"""`hookyard check`."""

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

Call = Callable[..., Any]
Write = Callable[[str], Path]

PLUGIN = """
from pathlib import Path
from msgspec import Struct
from hookyard import Context, Plugin

Path(__file__).with_suffix(".imported").touch()
print("plugins print what they like")
plugin = Plugin("{name}")

class Number(Struct):
    n: int

@plugin.command
async def double(data: Number, ctx: Context) -> Number:
    return Number(data.n * 2)
"""

GOOD = """
plugin_dirs: [plugins]
plugins:
  sleeping: {enabled: false}
tokens:
  - {name: ci, sha256: "%s", scopes: [admin]}
sources:
  s:
    scheme: github
    secrets: ["sw0rdfish"]
    routes: [{on: [push, ping], run: math/double, with: {n: $.n}}]
endpoints:
  e: {url: "https://hooks.example.com/sw0rdfish", secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]}
""" % ("0" * 64)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a configuration beside a folder with two plugins."""
    (tmp_path / "plugins").mkdir(mode=0o755)
    for name in ("math", "sleeping"):
        (tmp_path / "plugins" / f"{name}.py").write_text(PLUGIN.replace("{name}", name))

    def file(text: str) -> Path:
        path = tmp_path / "c.yaml"
        path.write_text(dedent(text))
        return path

    return file


def test_a_good_configuration_exits_with_0_and_says_what_it_amounts_to(hookyard: Call, write: Write) -> None:
    ended = hookyard("check", write(GOOD))
    assert ended.code == 0
    for part in (
        "no problems",
        "math: active",
        "sleeping: disabled",
        "math/double (lane math/double, 256)",
        "/hooks/s: push|ping -> math/double",
        "e: job.* of */*",
        "ci",
    ):
        assert part in ended.out


def test_what_a_plugin_prints_is_not_taken_for_a_result(hookyard: Call, write: Write) -> None:
    ended = hookyard("check", "--json", write(GOOD))
    assert "plugins print" in ended.err
    assert json.loads(ended.out)["ok"] is True


def test_a_disabled_plugin_is_not_imported(hookyard: Call, write: Write, tmp_path: Path) -> None:
    hookyard("check", write(GOOD))
    assert (tmp_path / "plugins" / "math.imported").exists()
    assert not (tmp_path / "plugins" / "sleeping.imported").exists()


def test_no_secret_and_no_url_is_printed(hookyard: Call, write: Write) -> None:
    for arguments in ([], ["--json"]):
        ended = hookyard("check", *arguments, write(GOOD))
        assert "sw0rdfish" not in ended.out + ended.err


def test_every_problem_of_the_file_is_a_line_on_standard_error(hookyard: Call, write: Write) -> None:
    path = write("server:\n  port: x\nnonsense: 1\n")
    ended = hookyard("check", path)
    assert (ended.code, ended.out) == (78, "")
    first, second = ended.err.splitlines()
    assert first == f"{path}:2: server.port: expected an integer from 0 to 65535, found the text 'x'"
    assert second.startswith(f"{path}:3: nonsense: unknown key")


def test_every_room_reports_its_problems_with_their_lines(hookyard: Call, write: Write, tmp_path: Path) -> None:
    (tmp_path / "plugins" / "broken.py").write_text("import nothing_of_this_name\n")
    path = write(
        """\
        plugin_dirs:
          - plugins
          - missing_folder
        plugins:
          absent: {}
          math:
            config: {colour: red}
        sources:
          s:
            scheme: github
            secrets: [x]
            routes:
              - run: math/triple
        endpoints:
          e:
            url: http://example.com/
            secrets: [x]
        """
    )
    ended = hookyard("check", path)
    assert (ended.code, ended.out) == (78, "")
    places = [
        line.split(": ")[0].removeprefix(f"{path}:") + " " + line.split(": ")[1] for line in _about(path, ended.err)
    ]
    for place in (
        "3 plugin_dirs[1]",
        "4 plugins.broken",
        "5 plugins.absent",
        "7 plugins.math.config",
        "13 sources.s.routes[0].run",
        "16 endpoints.e.url",
        "17 endpoints.e.secrets[0]",
    ):
        assert place in places
    assert len(places) == len(set(places))
    assert [int(place.split()[0]) for place in places] == sorted(int(place.split()[0]) for place in places)
    assert "nothing_of_this_name" in ended.err
    assert "Traceback" not in ended.err


def test_a_route_whose_mapping_does_not_fit_the_command_is_a_problem(hookyard: Call, write: Write) -> None:
    ended = hookyard("check", write(GOOD.replace("{n: $.n}", "{n: many}")))
    assert ended.code == 78
    assert "c.yaml:11: sources.s.routes[0].with.n: " in ended.err


def test_a_route_to_a_plugin_that_does_not_run_is_a_problem_of_the_route_too(hookyard: Call, write: Write) -> None:
    ended = hookyard("check", write(GOOD.replace("run: math/double, with: {n: $.n}", "run: sleeping/double")))
    assert ended.code == 78
    assert "c.yaml:11: sources.s.routes[0].run: the plugin sleeping is disabled\n" in ended.err


def test_the_example_is_without_problems(hookyard: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKYARD_CI_TOKEN_SHA256", "0" * 64)
    monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", "one")
    monkeypatch.setenv("GITHUB_WEBHOOK_OLD_SECRET", "three")
    monkeypatch.setenv("GITLAB_SIGNING_TOKEN", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    monkeypatch.setenv("GITLAB_SECRET_TOKEN", "four-four-four")
    monkeypatch.setenv("EVENTS_TOKEN", "five-five-five")
    monkeypatch.setenv("SHOP_WEBHOOK_SECRET", "two")
    monkeypatch.setenv("UPSTREAM_WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    monkeypatch.setenv("CHAT_WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    monkeypatch.setenv("PARTNER_WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    monkeypatch.setenv("PARTNER_WEBHOOK_OLD_SECRET", "whsec_QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD")
    monkeypatch.setenv("DEPLOY_JWT_SECRET", "x" * 40)
    monkeypatch.setenv("S3_KEY_ID", "key")
    monkeypatch.setenv("S3_SECRET_KEY", "secret")
    ended = hookyard("check", Path(__file__).parents[3] / "config.example.yaml")
    assert (ended.code, ended.err) == (0, "")
    assert "/hooks/shop: customer.*|customers.imported -> hello/greet" in ended.out


@pytest.mark.parametrize(("if_running", "warned"), [("", True), (", if_running: queue", False)])
def test_catching_up_with_all_while_what_runs_lets_none_be_made_is_worth_a_warning(
    hookyard: Call, write: Write, if_running: str, warned: bool
) -> None:
    rule = f"{{run: math/double, with: {{n: 1}}, every: 1h, catch_up: all{if_running}}}"
    ended = hookyard("check", write(f"{GOOD}schedules:\n  a: {rule}\n"))
    message = "schedules.a.catch_up: with if_running: skip only the first of what was missed makes a job"
    assert (message in ended.err) is warned
    assert ended.code == 0


def test_no_token_is_worth_a_warning_and_no_failure(hookyard: Call, write: Write) -> None:
    ended = hookyard("check", write("log: {level: info}\n"))
    assert ended.code == 0
    assert ended.err.endswith("tokens: there is none, so every call of /trigger and /api is refused (warning)\n")


def test_json_has_the_same_for_programs(hookyard: Call, write: Write) -> None:
    good = hookyard("check", "--json", write(GOOD))
    found = json.loads(good.out)
    assert (good.code, found["ok"], found["problems"]) == (0, True, [])
    assert {plugin["name"]: plugin["state"] for plugin in found["plugins"]}["sleeping"] == "disabled"
    assert found["commands"] == [{"command": "math/double", "lane": "math/double", "limit": 256}]
    path = write("server: {port: x}\n")
    bad = hookyard("check", "--json", path)
    (problem,) = json.loads(bad.out)["problems"]
    assert (bad.code, bad.err) == (78, "")
    assert (problem["file"], problem["line"], problem["path"]) == (str(path), 1, "server.port")


def _about(path: Path, errors: str) -> list[str]:
    return [line for line in errors.splitlines() if line.startswith(str(path)) and not line.endswith("(warning)")]
