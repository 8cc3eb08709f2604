"""Programs that could be misused are refused when the server starts, each with its name."""

import re
from pathlib import Path

import msgspec
import pytest
from hookyard_shell import Config

from hookyard.config.load import loads
from hookyard.host.load import load


def problem(**program: object) -> str:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"programs": {"it": {"argv": ["true"], **program}}}, Config)
    return str(caught.value)


TEXT = {"x": {"type": "string"}}


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ({"argv": []}, "Expected `array` of length >= 1"),
        ({"argv": [{"arg": "x"}], "arguments": TEXT}, r"argv\[0\]: which program it is cannot be an argument"),
        ({"argv": ["bin/true"]}, r"argv\[0\]: it must be an absolute path"),
        ({"argv": ["true", {"arg": "y"}]}, r"argv\[1\]: no argument 'y' is declared"),
        ({"argv": ["true", {"arg": "x", "flag": "-v"}], "arguments": TEXT}, "'x' is none"),
        ({"argv": ["true", {"arg": "x", "prefix": "--"}], "arguments": TEXT}, "a prefix of dashes only"),
        ({"argv": ["sh", "-c", {"arg": "x"}], "arguments": TEXT}, r"argv\[2\]: a shell would read this argument"),
        ({"argv": ["env", "/bin/bash", "-ec", {"arg": "x"}], "arguments": TEXT}, r"argv\[3\]: a shell would"),
        ({"argv": ["true", "a\0"]}, r"argv\[1\]: it has a NUL"),
        ({"arguments": TEXT}, "arguments.x: nothing uses it"),
        ({"stdin": "x"}, "stdin: no argument 'x' is declared"),
        ({"cwd": "here"}, "cwd: it must be absolute"),
        ({"environment": {"A=B": "c"}}, "environment: 'A=B' is no name of a variable"),
        ({"environment": {"A": "\0"}}, "environment: a value has a NUL"),
        ({"stdin": "x", "arguments": {"x": {"type": "string", "pattern": "("}}}, "x.pattern: no regular expression"),
        ({"stdin": "x", "arguments": {"x": {"type": "integer", "default": 9, "maximum": 3}}}, "default: it must be at"),
        ({"progress": "("}, "progress: no regular expression"),
        ({"progress": "x"}, "progress: it has no group"),
        ({"timeout": 0}, "Expected `float` > 0.0"),
    ],
)
def test_a_program_that_is_not_right_is_refused(program: dict[str, object], why: str) -> None:
    assert re.search(why, problem(**program))


def test_the_message_names_the_program() -> None:
    assert "program 'it': cwd" in problem(cwd="x")


def test_the_name_of_a_program_is_a_name() -> None:
    with pytest.raises(msgspec.ValidationError, match="the name must be"):
        msgspec.convert({"programs": {"a b": {"argv": ["true"]}}}, Config)


@pytest.mark.parametrize("where", ["", "\n    isolation: worker"])
def test_the_example_of_the_readme_loads(where: str) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    example = readme.split("```yaml\n")[1].split("```")[0].replace("  shell:", f"  shell:{where}", 1)
    registry = load(loads(example, name="readme", environ={"DEPLOY_TOKEN": "s3cret"}), Path())
    assert registry.problems == ()
    assert "shell/run" in registry.commands
