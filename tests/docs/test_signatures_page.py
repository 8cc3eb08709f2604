"""The receivers that the page about signatures shows take what is sent, and nothing else."""

import base64
import json
import re
import subprocess
from pathlib import Path
from typing import get_args

import pytest
from tests.docs.test_documents import ALL, ROOT
from tests.unit.outbound.signing.test_node import needs_node, node

from hookyard.client import sign
from hookyard.config.model import Envelope
from hookyard.outbound.signing import public_key

PAGE = ROOT / "docs" / "reference" / "signatures.md"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
KEY = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
BODY = '{"type":"a.b","data":"größe"}'.encode()
NOW = 1_767_323_045


def said(tmp_path: Path, name: str, calls: list[str]) -> list[bool]:
    """What a block's function answers to some calls."""
    program = node()
    assert program is not None
    (block,) = [one for one in ALL if one.page == PAGE and one.marks.get("name") == name]
    file = tmp_path / "receiver.mjs"
    file.write_text(block.text + "".join(f"console.log({call});\n" for call in calls), encoding="utf-8")
    ended = subprocess.run([program, str(file)], capture_output=True, text=True, check=True, timeout=60)
    return [line == "true" for line in ended.stdout.splitlines()]


def buffer(body: bytes) -> str:
    return f'Buffer.from("{base64.b64encode(body).decode()}", "base64")'


@needs_node
def test_the_plain_receiver_shown(tmp_path: Path) -> None:
    header = json.dumps(sign(BODY, [OTHER, SECRET], form="plain")["x-webhook-signature"])
    calls = [
        f"verifyPlain({header}, {buffer(BODY)}, {json.dumps(SECRET)})",
        f"verifyPlain({header}, {buffer(BODY)}, {json.dumps(OTHER)})",
        f"verifyPlain({header}, {buffer(BODY + b' ')}, {json.dumps(SECRET)})",
        f'verifyPlain("sha256=00", {buffer(BODY)}, {json.dumps(SECRET)})',
    ]
    assert said(tmp_path, "plain", calls) == [True, True, False, False]


@needs_node
def test_the_standard_receiver_shown(tmp_path: Path) -> None:
    headers = json.dumps(sign(BODY, [SECRET, KEY], now=NOW))
    public = json.dumps(public_key(KEY).text)
    other = json.dumps(public_key("whsk_" + base64.b64encode(bytes(32)).decode()).text)
    calls = [
        f"verifyStandard({headers}, {buffer(BODY)}, {public}, {NOW})",
        f"verifyStandard({headers}, {buffer(BODY)}, {public}, {NOW + 301})",
        f"verifyStandard({headers}, {buffer(BODY)}, {public})",
        f"verifyStandard({headers}, {buffer(BODY + b' ')}, {public}, {NOW})",
        f"verifyStandard({headers}, {buffer(BODY)}, {other}, {NOW})",
    ]
    assert said(tmp_path, "standard", calls) == [True, False, False, False, False]


def test_the_example_is_signed_as_it_is_shown() -> None:
    made = sign(b"{}", [SECRET, KEY], id="msg_1", now=NOW)
    assert f"webhook-signature: {made['webhook-signature']}\n" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("word", ["webhook secret", "webhook verify", "webhook sign"])
def test_the_how_to_names_commands_that_are_there(word: str) -> None:
    page = (ROOT / "docs" / "how-to" / "verify-a-webhook.md").read_text(encoding="utf-8")
    commands = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert f"hookyard {word}" in page
    assert f"## `hookyard {word}`\n" in commands


def test_the_page_says_every_envelope_that_an_endpoint_may_have() -> None:
    (row,) = (line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `envelope` |"))
    assert set(re.findall(r"`([a-z]+)`", row)) - {"envelope", "type", "timestamp", "data"} == set(get_args(Envelope))
