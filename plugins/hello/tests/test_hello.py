import msgspec
import pytest
from hookyard_hello import Greet, greet, plugin

from hookyard.testing import run_command


def test_it_greets_a_person_by_name() -> None:
    assert run_command(plugin, greet, Greet(name="Ada")).text == "Hello, Ada!"


def test_a_greeting_needs_a_name() -> None:
    with pytest.raises(msgspec.ValidationError, match="name"):
        run_command(plugin, "greet", {})
