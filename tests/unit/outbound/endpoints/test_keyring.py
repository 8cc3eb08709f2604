"""The keys that encrypt what must never be shown, and the form in which it is stored."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hookyard.model import Endpoint
from hookyard.outbound.endpoints.keyring import Keyring, LockedError, id_of, key_of, key_problems, new_key
from hookyard.outbound.endpoints.private import KeptSecret, Private, decode_private, encrypted_anew, with_private

KEYS = tuple(new_key() for _ in range(4))
ROW = Endpoint(
    name="crm", tenant="acme", origin="http", spec=b"{}", epoch=7, created_at=1, created_by="a", updated_at=1
)
PRIVATE = Private(secrets=(KeptSecret(value="whsec_top"),), headers={"X-Key": "k3y"}, key="-----BEGIN PRIVATE KEY-----")

texts = st.text(max_size=30)
privates = st.builds(
    Private,
    secrets=st.lists(st.builds(KeptSecret, value=texts), max_size=3).map(tuple),
    headers=st.dictionaries(texts, texts, max_size=3),
    key=st.none() | texts,
)


@given(
    private=privates,
    keys=st.lists(st.sampled_from(KEYS), min_size=1, unique=True),
    shuffled=st.permutations(KEYS),
    name=texts,
    epoch=st.integers(min_value=0, max_value=(1 << 62) - 1),
)
def test_what_the_first_key_encrypted_is_read_under_any_order_of_keys(
    private: Private, keys: Sequence[str], shuffled: Sequence[str], name: str, epoch: int
) -> None:
    row = with_private(replace(ROW, name=name, epoch=epoch), private, Keyring(keys))
    assert key_of(row.private) == id_of(keys[0])
    assert decode_private(row, Keyring(shuffled)) == private
    again = replace(row, private=encrypted_anew(row, Keyring(shuffled)))
    assert key_of(again.private) == id_of(shuffled[0])
    assert decode_private(again, Keyring(shuffled[:1])) == private


@given(private=privates, at=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
def test_whatever_bit_is_flipped_it_is_refused(private: Private, at: int, bit: int) -> None:
    keyring = Keyring(KEYS)
    row = with_private(ROW, private, keyring)
    stored = bytearray(row.private)
    stored[at % len(stored)] ^= 1 << bit
    changed = replace(row, private=bytes(stored))
    with pytest.raises((LockedError, ValueError)):  # without its first byte it is no form of this, and no JSON either
        decode_private(changed, keyring)


@given(length=st.integers(min_value=1, max_value=40))
def test_what_is_cut_off_is_refused(length: int) -> None:
    keyring = Keyring(KEYS)
    row = with_private(ROW, Private(), keyring)
    with pytest.raises(LockedError):
        decode_private(replace(row, private=row.private[:length]), keyring)


@pytest.mark.parametrize("other", [{"name": "crm2"}, {"tenant": ""}, {"epoch": 8}, {"name": "cr", "tenant": "macme"}])
def test_in_the_place_of_another_endpoint_it_is_refused(other: dict[str, object]) -> None:
    keyring = Keyring(KEYS)
    row = with_private(ROW, PRIVATE, keyring)
    with pytest.raises(LockedError, match=f"under the key {id_of(KEYS[0])}: they were changed"):
        decode_private(replace(row, **other), keyring)
    assert decode_private(replace(row, spec=b"{'a':1}", updated_at=9), keyring) == PRIVATE


def test_a_key_that_is_gone_is_named() -> None:
    row = with_private(ROW, PRIVATE, Keyring(KEYS[:1]))
    for keys in ((), KEYS[1:]):
        with pytest.raises(LockedError, match=f"under the key {id_of(KEYS[0])}, which is not among `encryption.keys`"):
            decode_private(row, Keyring(keys))


def test_without_keys_it_is_the_json_that_it_always_was_and_that_is_read_with_keys_too() -> None:
    row = with_private(ROW, PRIVATE, Keyring())
    assert row.private.startswith(b'{"')
    assert b"whsec_top" in row.private
    assert decode_private(row, Keyring(KEYS)) == decode_private(row, Keyring()) == PRIVATE
    assert (Keyring().outdated(row.private), Keyring(KEYS).outdated(row.private)) == (False, True)


def test_nothing_of_it_stands_there_and_twice_the_same_is_not_the_same() -> None:
    # Three letters would stand in bytes that look random once in a while.
    row, private = replace(ROW, name="customers"), replace(PRIVATE, headers={"X-Api-Key": "k3y-0f-tests"})
    first, second = (with_private(row, private, Keyring(KEYS)).private for _ in range(2))
    assert first != second
    plain = with_private(row, private, Keyring()).private
    for told in (b"whsec_top", b"k3y-0f-tests", b"X-Api-Key", b"PRIVATE KEY"):
        assert told in plain
        assert told not in first
    assert b"customers" not in first
    assert not Keyring(KEYS).outdated(first)
    assert Keyring(KEYS[1:]).outdated(first)


def test_neither_keys_nor_what_they_encrypt_show_when_they_are_printed() -> None:
    row = with_private(ROW, PRIVATE, Keyring())
    told = repr((Keyring(KEYS), PRIVATE, row))
    assert id_of(KEYS[0]) in told
    for key in KEYS:
        assert key not in told
        assert key.split("_", 2)[2] not in told  # which may have such a sign itself, and near its end
    assert "whsec_top" not in told


def test_a_key_is_of_32_random_bytes_and_every_one_another() -> None:
    assert len({new_key() for _ in range(50)}) == 50
    assert len(KEYS[0]) == len("hyek_") + 12 + 1 + 43
    assert list(key_problems(KEYS)) == []


def test_whatever_is_wrong_with_keys_is_said_of_each_and_none_is_quoted() -> None:
    good = KEYS[0]
    kid, secret = good[5:17], good[18:]
    other = "b" if secret[0] != "b" else "c"
    wrong = ["", "hunter2hunter2", f"hyek_{kid}_{other}{secret[1:]}", good[:-1], good, f"{good}\n", good, secret]
    found = dict(key_problems(wrong))
    assert sorted(found) == [0, 1, 2, 3, 5, 6, 7]
    assert "`hookyard db key` makes one" in found[0]
    assert "mistyped" in found[2]
    assert found[6] == "it is the same as encryption.keys[4]"
    assert not any(text in " ".join(found.values()) for text in ("hunter2", secret[1:], kid))
