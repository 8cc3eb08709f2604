"""What `hookyard doctor` says of how the store keeps the secrets of endpoints that were made over HTTP."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Ended
from tests.unit.cli.place import Place

from hookyard.model import Endpoint
from hookyard.outbound.endpoints.keyring import Keyring, id_of, new_key
from hookyard.outbound.endpoints.private import KeptSecret, Private, with_private
from hookyard.store.contract import PutEndpoint

Call = Callable[..., Ended]
OLD, NEW = new_key(), new_key()
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "QUJD" * 8


@pytest.fixture
def place(tmp_path: Path, hookyard: Call) -> Place:
    return Place(tmp_path, hookyard)


def put(place: Place, name: str, *keys: str, origin: str = "http") -> None:
    row = Endpoint(
        name=name,
        origin="http" if origin == "http" else "config",
        spec=b'{"url":"https://example.com/hook"}',
        created_at=place.now,
        created_by="token:ops",
        updated_at=place.now,
    )
    if origin == "http":
        secret = KeptSecret(value=SECRET, until=place.now - 1)
        row = with_private(row, Private(secrets=(secret, KeptSecret(value=OTHER))), Keyring(keys))
    place.store(PutEndpoint(now=place.now, endpoint=row))


def write(place: Place, *keys: str) -> None:
    place.write(f"encryption: {{keys: [{', '.join(keys)}]}}\n")


def found(place: Place) -> dict[str, str]:
    """What it says of encryption: code and severity with what."""
    told = place.found().items()
    return {code: f"{one['severity']}: {one['what']}" for code, one in told if code.startswith("encryption.")}


def test_secrets_that_can_be_read_in_the_file_are_told_only_where_there_are_some(place: Place) -> None:
    put(place, "of-the-file", origin="config")
    assert found(place) == {}
    put(place, "crm")
    hint = "the secrets of 1 endpoint made over HTTP can be read in the store's file"
    assert found(place) == {"encryption.none": f"info: {hint}"}
    assert "hookyard db key" in place.found()["encryption.none"]["do"]
    write(place, NEW)
    put(place, "crm2")
    assert found(place)["encryption.none"].startswith("info: the secrets of 2 endpoints")
    assert "after a reload" in place.found()["encryption.none"]["do"]


def test_what_is_under_an_older_key_is_counted_with_that_key(place: Place) -> None:
    put(place, "a", NEW)
    for name in ("b", "c"):
        put(place, name, OLD)
    write(place, NEW, OLD)
    (told,) = found(place).items()
    assert told == (
        "encryption.older",
        f"info: the secrets of 2 endpoints are still encrypted under the key {id_of(OLD)}, not under the first",
    )
    assert "of the endpoint c 1 secret is past" in place.found()["endpoint.secret_over"]["what"]


def test_a_key_that_is_gone_is_an_error_and_one_that_is_none_does_not_stop_the_rest(place: Place) -> None:
    put(place, "crm", OLD)
    write(place, NEW)
    told = found(place)
    assert list(told) == ["encryption.locked"]
    assert told["encryption.locked"].startswith("error: 1 endpoint cannot be used (crm): ")
    assert f"the key {id_of(OLD)}, which is not among" in told["encryption.locked"]
    for number in range(11):
        put(place, f"many-{number:02}", OLD)
    assert "12 endpoints cannot be used (crm, many-00, " in found(place)["encryption.locked"]
    assert "many-08 and 2 more): " in found(place)["encryption.locked"]
    write(place, "hunter2hunter2", OLD)
    everything = place.found()
    assert "encryption.keys[0]" in everything["config.wrong"]["what"]
    assert "hunter2" not in str(everything)
    assert "encryption.locked" not in everything


def test_a_key_is_made_and_is_good(hookyard: Call, place: Place) -> None:
    made = hookyard("db", "key")
    assert made.code == 0
    assert "shown this once" in made.err
    write(place, made.out.strip())
    assert hookyard("check", place.config).code == 0
    assert made.out != hookyard("db", "key").out


def test_every_key_that_is_none_is_told_at_its_place_and_none_is_quoted(hookyard: Call, place: Place) -> None:
    write(place, NEW, "hunter2hunter2", NEW, f"hyek_{'0' * 12}{NEW[17:]}")
    ended = hookyard("check", place.config)
    told = ended.out + ended.err
    assert ended.code == 78
    for at, why in ((1, "`hookyard db key` makes one"), (2, "the same as encryption.keys[0]"), (3, "mistyped")):
        assert any(f"encryption.keys[{at}]" in line and why in line for line in told.splitlines()), told
    assert "hunter2" not in told
    assert NEW[18:] not in told
