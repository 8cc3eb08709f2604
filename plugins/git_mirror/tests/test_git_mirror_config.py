"""A configuration that could not work, or that could do more than it says, is refused with the repository's name."""

import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hookyard_git_mirror import Config

URL = "https://git.example/ada/engine.git"


def problem(options: dict[str, object], **repository: object) -> str:
    config = {"root": "/srv", "repositories": {"engine": {"url": URL} | repository}} | options
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(config, Config)
    return str(caught.value)


@pytest.mark.parametrize(
    ("repository", "why"),
    [
        ({"url": "git@git.example:ada/engine.git"}, "url: it must be like https://host/path"),
        ({"url": "ext::sh -c id"}, "url: it must be like"),
        ({"url": "--upload-pack=id"}, "url: it must be like"),
        ({"url": "http://git.example/x"}, "the scheme 'http' is not among those allowed: https, ssh"),
        ({"url": "file:///srv/x"}, "the scheme 'file' is not among those allowed"),
        ({"url": "ssh://-oProxyCommand=id/x"}, "url: it names no host"),
        ({"url": "ssh://-l@host/x"}, "url: it names no host"),
        ({"url": "https://ada:pw@git.example/x"}, "url: it holds a user or a password"),
        ({"url": "https://token@git.example/x"}, "url: it holds a user or a password"),
        ({"url": "https://git.example:port/x"}, "url: Port could not be cast"),
        ({"url": "https://git.example/a b"}, "url: it must be like"),
        ({"folder": "../out"}, "folder: '../out' is no folder below the root"),
        ({"folder": "/etc"}, "folder: '/etc' is no folder below the root"),
        ({"folder": ".hidden"}, "folder: '.hidden' is no folder"),
        ({"github": "engine"}, "github: 'engine' is not owner/name"),
        ({"branches": ["a*b*"]}, r"branches: 'a\*b\*' is no name of a branch"),
        ({"branches": ["main:refs/heads/x"]}, "branches: 'main:refs/heads/x' is no name"),
        ({"branches": ["-x"]}, "branches: '-x' is no name"),
        ({"branches": [], "tags": False}, "branches: none, and no tags either"),
        ({"ca_file": "ca.pem"}, "ca_file: it must be absolute"),
        ({"known_hosts": "/a\nb"}, "known_hosts: it must be absolute"),
        ({"username": "a:b"}, "username: it has a character"),
        ({"branch": "main"}, "unknown field `branch`"),
    ],
)
def test_a_repository_that_is_not_right_is_refused(repository: dict[str, object], why: str) -> None:
    assert re.search(why, problem({}, **repository))


def test_the_message_names_the_repository() -> None:
    assert problem({}, url="x").startswith("repository 'engine': url")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"root": "srv"}, "root: it must be absolute"),
        ({"git": "bin/git"}, "git: it must be an absolute path"),
        ({"environment": {"GIT_SSL_NO_VERIFY": "1"}}, "GIT_SSL_NO_VERIFY is this plugin's own"),
        ({"environment": {"A=B": "1"}}, "'A=B' cannot be a variable"),
        ({"schemes": ["ext"]}, "Invalid enum value 'ext'"),
        ({"timeout": 0}, "Expected `float` > 0"),
        ({"repositories": {"a b": {"url": URL}}}, "repository 'a b': the name must be"),
        (
            {"repositories": {"a": {"url": URL, "folder": "x"}, "b": {"url": URL, "folder": "x"}}},
            "two repositories have the folder 'x'",
        ),
        (
            {"repositories": {"a": {"url": URL, "folder": "x"}, "b": {"url": URL, "folder": "x/y"}}},
            "the folder 'x/y' is inside another mirror",
        ),
        (
            {"repositories": {"a": {"url": URL, "github": "A/b"}, "b": {"url": URL, "github": "a/B"}}},
            "two repositories have `github: a/b`",
        ),
    ],
)
def test_a_configuration_that_is_not_right_is_refused(options: dict[str, object], why: str) -> None:
    assert re.search(why, problem(options))


def test_a_secret_that_would_never_be_sent_is_refused() -> None:
    assert "nothing is sent to log in over file" in problem({"schemes": ["file"]}, url="file:///x", secret="x")


def test_the_example_of_the_readme_passes_the_check(tmp_path: Path) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    (tmp_path / "config.yaml").write_text(example, encoding="utf-8")
    env = os.environ | {"GITHUB_WEBHOOK_SECRET": "whsec", "GIT_TOKEN": "token", "GIT_KEY": "key"}
    command = [sys.executable, "-m", "hookyard", "check", str(tmp_path / "config.yaml")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, "git_mirror" in done.stderr) == (0, False), done.stderr
    assert "git_mirror" in done.stdout
