"""The fake host keeps what it is told and answers as a server does."""

import pytest
from msgspec import Raw

from hookyard.context.messages import (
    CallCommand,
    CallDone,
    CloseArtifact,
    DropArtifact,
    EmitNote,
    GetSecret,
    GetState,
    ListState,
    LogNote,
    OpenArtifact,
    ProgressNote,
    PutState,
    ReadArtifact,
    StateNote,
    WriteArtifact,
)
from hookyard.errors import ArtifactError, CallError, SecretUnavailable, StateConflict
from hookyard.testing import FakePort


def test_notes_are_kept_by_their_kind() -> None:
    port = FakePort()
    for note in (LogNote("info", "x", {}), ProgressNote(1), EmitNote("a.b", b"1"), StateNote("k", b"2")):
        port.tell(note)
    assert (len(port.lines), len(port.progress), len(port.events), len(port.state_changes)) == (1, 1, 1, 1)


def test_state_is_compared_and_set_and_versions_never_go_back() -> None:
    port = FakePort()
    assert port.ask_blocking(PutState("a", b"1", expected=0)) == 1
    with pytest.raises(StateConflict) as caught:
        port.ask_blocking(PutState("a", b"2", expected=0))
    assert caught.value.version == 1
    assert port.ask_blocking(PutState("a", None)) == 2
    assert port.ask_blocking(GetState("a")) is None
    assert port.ask_blocking(PutState("a", b"3", expected=0)) == 3


def test_state_is_listed_by_prefix_in_the_order_of_keys() -> None:
    port = FakePort()
    for key in ("b", "a/2", "a/1", "a/3"):
        port.ask_blocking(PutState(key, b"0"))
    assert [entry.key for entry in port.ask_blocking(ListState("a/", after="a/1", limit=5))] == ["a/2", "a/3"]


def test_an_artifact_is_seen_once_it_is_complete() -> None:
    port = FakePort()
    handle = port.ask_blocking(OpenArtifact("report", "text/plain"))
    port.ask_blocking(WriteArtifact(handle, b"hello"))
    assert not port.artifacts
    assert port.ask_blocking(CloseArtifact(handle)).size == 5
    assert port.ask_blocking(ReadArtifact("report", 1, 3)) == b"ell"
    dropped = port.ask_blocking(OpenArtifact("other", "text/plain"))
    port.ask_blocking(DropArtifact(dropped))
    with pytest.raises(ArtifactError):
        port.ask_blocking(WriteArtifact(dropped, b"late"))
    with pytest.raises(ArtifactError, match="other"):
        port.ask_blocking(ReadArtifact("other", 0, 1))


def test_secrets_and_calls_are_those_of_the_test() -> None:
    port = FakePort(secrets={"key": "value"}, call=lambda call: CallDone("j", "succeeded", Raw(call.args)))
    assert port.ask_blocking(GetSecret("key")) == "value"
    with pytest.raises(SecretUnavailable, match="other"):
        port.ask_blocking(GetSecret("other"))
    assert bytes(port.ask_blocking(CallCommand("a/b", b"[1]")).result) == b"[1]"
    with pytest.raises(CallError):
        FakePort().ask_blocking(CallCommand("a/b", b"[1]"))
