"""Presets are files, read once."""

import subprocess
import sys

import pytest

from hookyard.inbound.presets import load, names
from hookyard.inbound.presets.table import markdown


def test_a_preset_is_read_once() -> None:
    assert load("github") is load("github")


@pytest.mark.parametrize("name", ["", "nobody", "../presets/github", "github.yaml", "__init__"])
def test_there_is_no_preset_of_another_name(name: str) -> None:
    with pytest.raises(KeyError):
        load(name)


def test_durations_are_read_as_in_the_configuration() -> None:
    template = load("twitch").template
    assert template is not None
    assert template.timestamp is not None
    assert template.timestamp.tolerance == 600_000


def test_the_table_has_a_row_and_a_paragraph_for_each() -> None:
    text = markdown()
    for name in names():
        assert f"\n| `{name}` | {load(name).title} |" in text
        assert f"\n**`{name}`** " in text


def test_the_module_prints_the_table() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hookyard.inbound.presets"], capture_output=True, check=True, timeout=60
    )
    assert done.stdout.decode() == markdown()


def test_a_source_that_shares_a_secret_loads_no_library_for_key_pairs() -> None:
    code = (
        "import sys; from hookyard.inbound.presets import load; from hookyard.inbound.template import compile_template;"
        "compile_template(load('github').template).load('secret'); print('cryptography' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    assert done.stdout == b"False\n"
