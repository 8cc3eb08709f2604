"""Endpoints whose secrets are encrypted where they are stored: written, brought under another key, locked, mended."""

import asyncio
import itertools

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs
from tests.unit.outbound.endpoints.lab import NOW, OTHER, SECRET, Room, new, run

from hookyard.errors import CODES, Refused
from hookyard.model import Endpoint
from hookyard.outbound.endpoints import Encryption
from hookyard.outbound.endpoints.encryption import AT_ONCE
from hookyard.outbound.endpoints.keyring import Keyring, LockedError, id_of, key_of, new_key
from hookyard.outbound.endpoints.private import Request, decode_private
from hookyard.outbound.signing import new_key as new_pair
from hookyard.store.contract import PutEndpoint, ReplacePrivate, Together
from hookyard.store.memory import MemoryStore

OLD, NEW = new_key(), new_key()
_rooms = itertools.count()


def keyed(*keys: str, store: MemoryStore | None = None) -> Room:
    # Each at a time of its own, since ids are made of that.
    return Room(f"encryption: {{keys: [{', '.join(keys)}]}}\n", store=store, now=NOW + 1_000 * next(_rooms))


def encryption(room: Room) -> Encryption:
    return Encryption(
        endpoints=room.endpoints,
        maker=room.maker,
        lock=room.manager.lock,
        writer=room.writer,
        clock=room.clock,
    )


async def encrypted(room: Room) -> None:
    """Have all of it brought under the first key."""
    found = encryption(room)
    found.begin()
    await room.settled()
    await found.drain()


async def keys_in(room: Room) -> dict[str, str | None]:
    return {name: key_of(row.private) for name, row in (await room.rows()).items()}


def test_whatever_is_written_of_one_is_encrypted_under_the_first_key() -> None:
    async def scenario() -> None:
        room = await keyed(NEW, OLD).start()
        await room.create("crm", secrets=[SECRET], headers={"X-Api-Key": "k3y-k3y"})
        await room.change("crm", description="The CRM.", headers={"X-More": "m0re-m0re"})
        await room.manager.rotate(
            "crm", kind="v1", overlap=1000, given=OTHER, tenant="", audit=room.audit("crm", "endpoint.rotate")
        )
        await room.manager.disable("crm", tenant="", audit=room.audit("crm"))
        assert await keys_in(room) == {"crm": id_of(NEW)}
        row = (await room.rows())["crm"]
        private = decode_private(row, Keyring([NEW]))
        assert [one.value for one in private.secrets] == [OTHER, SECRET]
        assert private.headers == {"X-Api-Key": "k3y-k3y", "X-More": "m0re-m0re"}
        told = repr((room.writer.written, await room.told(), room.endpoints.get("crm")))
        assert not any(text in told for text in (SECRET, OTHER, "k3y-k3y", "m0re-m0re"))

    run(scenario)


def test_a_start_encrypts_what_is_plain_or_under_an_older_key_and_says_so_once() -> None:
    async def scenario() -> None:
        store = MemoryStore()
        plain = await keyed(store=store).start()
        for number in range(3):
            await plain.create(f"plain-{number}")
        old = await keyed(OLD, store=store).start()
        await old.create("older")
        await (await keyed(NEW, OLD, store=store).start()).create("newest")
        room = await keyed(NEW, OLD, store=store).start()
        before = {entry.row.name: (entry.private, entry.destination) for entry in room.manager.entries()}
        with capture_logs() as lines:
            await encrypted(room)
            await encrypted(room)
        assert [line["event"] for line in lines] == ["endpoint.secrets_outdated", "endpoint.secrets_encrypted"]
        assert lines[0]["under"] == {"none": 3, id_of(OLD): 1}
        assert (lines[1]["endpoints"], lines[1]["key"]) == (4, id_of(NEW))
        assert set((await keys_in(room)).values()) == {id_of(NEW)}
        assert {e.row.name: (e.private, e.destination) for e in room.manager.entries()} == before
        assert {e.row.name: e.row for e in room.manager.entries()} == await room.rows()
        alone = await keyed(NEW, store=store).start()
        assert all(entry.live for entry in alone.manager.entries())

    run(scenario)


def test_it_goes_on_in_short_transactions_between_which_others_have_their_turn() -> None:
    async def scenario() -> None:
        plain = await keyed().start()
        for number in range(2 * AT_ONCE + 1):
            await plain.create(f"e{number}")
        room = await keyed(NEW, store=plain.store).start()
        found = encryption(room)
        changes: list[asyncio.Task[None]] = []

        def change() -> None:
            room.writer.meanwhile = None
            changes.append(asyncio.ensure_future(room.change(f"e{2 * AT_ONCE}", headers={"X-A": "meanwhile"})))

        room.writer.meanwhile = change
        found.begin()
        await room.settled()
        await found.drain()
        await asyncio.gather(*changes)
        written = [op.ops for op in room.writer.written if isinstance(op, Together)]
        sizes = [sum(isinstance(op, ReplacePrivate) for op in ops) for ops in written]
        assert sizes == [AT_ONCE, 0, AT_ONCE - 1, 1], "the change has its turn, and is encrypted by itself"
        rows = await room.rows()
        assert {key_of(row.private) for row in rows.values()} == {id_of(NEW)}
        private = decode_private(rows[f"e{2 * AT_ONCE}"], Keyring([NEW]))
        assert private.headers == {"X-A": "meanwhile"}, "what was changed meanwhile stays"

    run(scenario)


def test_what_stands_there_otherwise_than_it_was_read_is_left_alone() -> None:
    async def scenario() -> None:
        plain = await keyed().start()
        await plain.create("crm")
        room = await keyed(NEW, store=plain.store).start()
        other = replace((await plain.rows())["crm"], private=b'{"secrets":[]}')
        plain.store.apply([PutEndpoint(now=NOW, endpoint=other)])
        await encrypted(room)
        assert (await room.rows())["crm"] == other
        entry = room.endpoints.get("crm")
        assert entry is not None
        assert key_of(entry.row.private) is None

    run(scenario)


def test_a_store_that_takes_nothing_is_asked_again() -> None:
    async def scenario() -> None:
        plain = await keyed().start()
        await plain.create("crm")
        room = await keyed(NEW, store=plain.store).start()
        found = encryption(room)
        room.writer.unavailable = True
        with capture_logs() as lines:
            found.begin()
            await room.settled()
            assert [line["event"] for line in lines][-1] == "endpoint.encrypting_failed"
            assert (await keys_in(room)) == {"crm": None}
            room.writer.unavailable = False
            room.clock.advance(1_000)
            await room.settled()
        assert (await keys_in(room)) == {"crm": id_of(NEW)}
        await found.drain()

    run(scenario)


def test_without_keys_nothing_is_encrypted_and_nothing_is_written() -> None:
    async def scenario() -> None:
        room = await keyed().start()
        await room.create("crm")
        written = len(room.writer.written)
        await encrypted(room)
        assert len(room.writer.written) == written
        assert await keys_in(room) == {"crm": None}

    run(scenario)


async def locked(*keys: str) -> Room:
    """A room whose endpoint crm was encrypted under a key that it does not have."""
    old = await keyed(OLD).start()
    await old.create("crm", sign=["v1", "v1a"], headers={"X-Api-Key": "k3y"}, description="The CRM.")
    return await keyed(*keys, store=old.store).start()


@pytest.mark.parametrize("keys", [(), (NEW,)])
def test_one_whose_key_is_gone_is_faulty_and_says_which_key(keys: tuple[str, ...]) -> None:
    async def scenario() -> None:
        with capture_logs() as lines:
            room = await locked(*keys)
        entry = room.manager.find("crm")
        assert (entry.live, entry.destination, entry.secrets) == (False, None, ())
        assert entry.problem is not None
        assert f"the key {id_of(OLD)}, which is not among `encryption.keys`" in entry.problem
        assert entry.settings is not None
        assert entry.settings.description == "The CRM.", "what may be shown of it is shown"
        assert [line["event"] for line in lines] == ["endpoint.faulty"]
        before = await room.rows()
        await encrypted(room)
        assert await room.rows() == before

    run(scenario)


def test_one_that_is_locked_is_not_changed_but_disabled_enabled_and_deleted() -> None:
    async def scenario() -> None:
        room = await locked(NEW)
        stored = (await room.rows())["crm"].private
        for attempt in (
            room.change("crm", description="x"),
            room.manager.rotate("crm", kind="v1", overlap=0, given=None, tenant="", audit=room.audit("crm")),
        ):
            with pytest.raises(Refused, match=f"under the key {id_of(OLD)}.*changed once they can be read") as caught:
                await attempt
            assert (caught.value.code, CODES[caught.value.code].status) == ("endpoint_disabled", 409)
        await room.manager.disable("crm", tenant="", audit=room.audit("crm"))
        await room.manager.enable("crm", tenant="", audit=room.audit("crm"))
        assert (await room.rows())["crm"].private == stored
        assert (await keyed(OLD, store=room.store).start()).manager.find("crm").live
        await room.manager.delete("crm", tenant="", audit=room.audit("crm"))
        assert await room.rows() == {}

    run(scenario)


def test_a_blob_that_was_tampered_with_or_moved_makes_that_one_faulty_alone() -> None:
    async def scenario() -> None:
        old = await keyed(NEW).start()
        for name in ("moved", "tampered", "well"):
            await old.create(name)
        rows = await old.rows()
        tampered = rows["tampered"].private[:-1] + bytes([rows["tampered"].private[-1] ^ 1])
        wrong: list[Endpoint] = [
            replace(rows["moved"], private=rows["well"].private),
            replace(rows["tampered"], private=tampered),
        ]
        old.store.apply([PutEndpoint(now=NOW, endpoint=row) for row in wrong])
        room = await keyed(NEW, OLD, store=old.store).start()
        assert {entry.row.name: entry.live for entry in room.manager.entries()} == {
            "moved": False,
            "tampered": False,
            "well": True,
        }
        for name in ("moved", "tampered"):
            problem = room.manager.find(name).problem
            assert problem is not None
            assert f"cannot be decrypted under the key {id_of(NEW)}" in problem

    run(scenario)


def test_a_reload_that_takes_away_a_key_in_use_is_refused_and_one_that_puts_it_back_mends() -> None:
    async def scenario() -> None:
        room = await keyed(OLD).start()
        await room.create("crm")
        ((path, message),) = await room.manager.claim(keyed(NEW).config)
        assert path == "encryption.keys"
        assert f"the secrets of 1 endpoint are encrypted under the key {id_of(OLD)}: put it back" in message
        assert await room.manager.claim(keyed(NEW, OLD).config) == ()
        gone = await keyed(NEW, store=room.store).start()
        assert await gone.manager.claim(keyed(NEW).config) == (), "it is gone already"
        resumed: list[str] = []
        gone.endpoints.resumed = resumed.append
        gone.maker.keyring = Keyring([NEW, OLD])
        gone.endpoints.use(keyed(NEW, OLD).config, NOW)
        assert gone.manager.find("crm").live
        assert resumed == ["crm"], "what waited for it goes"

    run(scenario)


def test_what_was_read_before_its_key_was_taken_out_is_encrypted_under_the_new_one() -> None:
    async def scenario() -> None:
        room = await keyed(OLD).start()
        await room.create("crm", secrets=[SECRET])
        room.maker.keyring = Keyring([NEW])
        await encrypted(room)
        assert [one.value for one in decode_private((await room.rows())["crm"], Keyring([NEW])).secrets] == [SECRET]

    run(scenario)


@pytest.mark.parametrize("keys", [(), (NEW,), (NEW, OLD)])
def test_what_is_made_while_a_reload_goes_on_can_be_read_by_the_next_start_though_the_process_is_killed(
    keys: tuple[str, ...],
) -> None:
    async def scenario() -> None:
        room = await keyed(OLD).start()
        assert await room.manager.claim(keyed(*keys).config) == ()
        await room.create("crm", secrets=[SECRET], headers={"X-Api-Key": "k3y-k3y"})
        await room.change("crm", description="made meanwhile")
        assert room.manager.find("crm").live
        assert await keys_in(room) == {"crm": id_of(keys[0]) if keys else None}
        following = await keyed(*keys, store=room.store).start()
        assert following.manager.find("crm").secrets[0].value == SECRET

    run(scenario)


def test_a_reload_that_is_refused_changes_no_key_and_what_was_there_is_read_while_one_goes_on() -> None:
    async def scenario() -> None:
        room = await keyed(OLD).start()
        await room.create("old")
        assert await room.manager.claim(keyed(NEW).config) != ()
        await room.create("crm")
        assert await keys_in(room) == {"crm": id_of(OLD), "old": id_of(OLD)}
        assert await room.manager.claim(keyed(NEW, OLD).config) == ()
        await room.change("old", description="changed meanwhile")
        assert await keys_in(room) == {"crm": id_of(OLD), "old": id_of(NEW)}

    run(scenario)


@pytest.mark.parametrize("keys", [(), (NEW,)])
def test_what_is_made_while_a_reload_takes_its_key_out_can_be_read_by_the_next_start(keys: tuple[str, ...]) -> None:
    async def scenario() -> None:
        room = await keyed(OLD).start()
        assert await room.manager.claim(keyed(*keys).config) == ()
        await room.create("crm", secrets=[SECRET], headers={"X-Api-Key": "k3y-k3y"})
        room.maker.keyring = Keyring(keys)
        await encrypted(room)
        assert await keys_in(room) == {"crm": id_of(keys[0]) if keys else None}
        following = await keyed(*keys, store=room.store).start()
        entry = following.manager.find("crm")
        assert entry.live
        assert (entry.private.headers, entry.secrets[0].value) == ({"X-Api-Key": "k3y-k3y"}, SECRET)

    run(scenario)


def test_the_same_request_finds_what_it_made_though_that_is_encrypted_and_makes_nothing_while_that_is_locked() -> None:
    async def scenario() -> None:
        old = await keyed(OLD).start()
        request = Request(key="k" * 64, body="b" * 64)

        async def make(room: Room, name: str) -> bool:
            audit = room.audit(name, "endpoint.create")
            made = await room.manager.create(
                name, new(), principal="token:ops", tenant="", audit=audit, request=request
            )
            return made.again

        assert not await make(old, "endpoint-1")
        assert await make(await keyed(NEW, OLD, store=old.store).start(), "endpoint-2")
        gone = await keyed(NEW, store=old.store).start()
        with pytest.raises(Refused, match="cannot be known now: the secrets of endpoint-1 are locked") as caught:
            await make(gone, "endpoint-3")
        assert caught.value.code == "busy"
        assert list(await gone.rows()) == ["endpoint-1"]

    run(scenario)


def test_one_that_cannot_be_read_by_this_version_is_encrypted_all_the_same() -> None:
    async def scenario() -> None:
        plain = await keyed().start()
        await plain.create("crm", secrets=[new_pair()])
        row = replace((await plain.rows())["crm"], spec=b'{"url":1}')
        plain.store.apply([PutEndpoint(now=NOW, endpoint=row)])
        room = await keyed(NEW, store=plain.store).start()
        await encrypted(room)
        stored = (await room.rows())["crm"]
        with pytest.raises(LockedError):
            decode_private(stored, Keyring())
        assert decode_private(stored, Keyring([NEW])) == decode_private(row, Keyring())

    run(scenario)


def test_what_is_written_anew_shows_nothing_when_it_is_printed() -> None:
    op = ReplacePrivate(now=NOW, name="crm", epoch=1, before=b'{"secrets":"whsec_"}', after=b"\x01")
    assert repr(op) == "ReplacePrivate(name='crm')"
