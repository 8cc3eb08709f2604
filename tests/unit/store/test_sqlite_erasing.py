"""Of secrets that are written over nothing stays in the file."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from hookyard.model import Endpoint
from hookyard.store.contract import DeleteEndpoint, MarkEndpoint, Op, PutEndpoint, ReplacePrivate
from hookyard.store.sqlite import SqliteStore

COUNT = 60
SECRET = b"whsec_never-to-be-seen"


def endpoint(number: int) -> Endpoint:
    # Of several lengths, so that rows are on pages that are split, and on pages of their own.
    private = b'{"secrets":"%b","more":"%b"}' % (SECRET, SECRET * (number * 13 % 300))
    return Endpoint(
        name=f"e{number * 7919 % COUNT}",
        origin="http",
        spec=b"{}",
        private=private,
        created_at=1,
        created_by="token:a",
        updated_at=1,
    )


def apply(file: Path, batches: Sequence[Sequence[Op]]) -> None:
    async def main() -> None:
        store = await SqliteStore.open(file)
        for batch in batches:
            store.apply(batch)
        await store.aclose()
        store.close()

    asyncio.run(main())


def in_folder(folder: Path) -> int:
    """How often a secret stands in any file."""
    return sum(file.read_bytes().count(SECRET) for file in folder.iterdir())


def test_what_is_replaced_changed_or_deleted_is_in_no_file_any_more(tmp_path: Path) -> None:
    file = tmp_path / "hookyard.db"
    rows = [endpoint(number) for number in range(COUNT)]
    apply(file, [[PutEndpoint(now=1, endpoint=row)] for row in rows])
    assert in_folder(tmp_path) > COUNT
    marks = [
        MarkEndpoint(now=1, name=row.name, failing_since=1 << 40, disabled_at=1 << 40, disabled_reason="failing")
        for row in rows
    ]
    some, others, rest = rows[::3], rows[1::3], rows[2::3]
    apply(
        file,
        [
            marks,
            [ReplacePrivate(now=2, name=row.name, epoch=0, before=row.private, after=b"\x01" * 99) for row in some],
            [PutEndpoint(now=2, endpoint=replace(row, private=b"\x01" * 9)) for row in others],
            [DeleteEndpoint(now=2, name=row.name) for row in rest],
        ],
    )
    assert in_folder(tmp_path) == 0
