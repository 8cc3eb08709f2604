"""What a plugin keeps between jobs: JSON under keys, each with a version that compare-and-set goes by.

A change is on disk when the call returns, whatever becomes of the job.
"""

from collections.abc import AsyncGenerator, Callable, Generator
from random import random
from time import sleep
from typing import Any, Final, Generic, TypeVar, overload

from msgspec import Struct

from hookyard.context.messages import GetState, ListState, PutState, StateNote
from hookyard.context.port import Port
from hookyard.context.values import Encodable, from_json, to_json
from hookyard.errors import ContextError, StateConflict
from hookyard.model import StateEntry

T = TypeVar("T")
D = TypeVar("D")

LONGEST_KEY: Final = 200
"""Characters of a key."""
MOST_KEYS: Final = 10_000
"""How many keys one attempt may change with its end."""
MOST_BYTES: Final = 8 << 20
"""Bytes of all keys and values of these."""
LARGEST_VALUE: Final = 1 << 20
"""Bytes of a value, as JSON."""
_PAGE: Final = 200
_TRIES: Final = 100
LONGEST_PAUSE = 0.1
"""Seconds that an update which was not the fastest waits at most before it tries again."""


class Entry(Struct, Generic[T], frozen=True):
    """A value with its key and its version."""

    key: str
    value: T
    version: int
    """Greater than that of every earlier value of the key."""


class State:
    """`ctx.state` of an `async def` command."""

    __slots__ = ("_port",)

    def __init__(self, port: Port) -> None:
        self._port = port

    @overload
    async def get(self, key: str, type: type[T], default: None = None) -> T | None: ...
    @overload
    async def get(self, key: str, type: type[T], default: D) -> T | D: ...
    async def get(self, key: str, type: type[Any], default: object = None) -> object:
        """The value under a key, decoded; `default` when there is none.

        Raises:
            ContextError: it is of another type.
        """
        found = await self.entry(key, type)
        return default if found is None else found.value

    async def entry(self, key: str, type: type[T]) -> Entry[T] | None:
        """The value under a key with its version; None when there is none."""
        found = await self._port.ask(GetState(checked(key)))
        return None if found is None else decoded(found, type)

    async def put(self, key: str, value: Encodable, expected: int | None = None) -> int:
        """Keep a value.

        Args:
            expected: the version that the key must hold, 0 for none at all; None writes whatever is there.

        Returns:
            Its version.

        Raises:
            StateConflict: the key holds another version.
            ContextError: the key or the value cannot be kept.
        """
        return await self._port.ask(PutState(checked(key), encoded(key, value), expected))

    async def delete(self, key: str, expected: int | None = None) -> None:
        """Keep nothing under a key any more; `expected` as in :meth:`put`."""
        await self._port.ask(PutState(checked(key), None, expected))

    async def update(self, key: str, type: type[T], function: Callable[[T], T], default: T) -> T:
        """Change a value by compare-and-set, again until nobody else changed it in between.

        Args:
            function: makes the new value of the one that is there; called once for every try.
            default: what it is called with when there is none.

        Returns:
            The new value.
        """
        for tried in range(1, _TRIES + 1):
            found = await self.entry(key, type)
            value = function(default if found is None else found.value)
            try:
                await self._port.ask(PutState(key, encoded(key, value), 0 if found is None else found.version))
            except StateConflict:
                if tried == _TRIES:
                    raise
                import asyncio  # the command line loads this module for its help, and never waits

                await asyncio.sleep(_pause(tried))
            else:
                return value
        raise AssertionError

    async def items(self, type: type[T], prefix: str = "") -> AsyncGenerator[Entry[T]]:
        """Every entry whose key begins so, in the order of keys: `async for entry in ctx.state.items(Cursor)`."""
        after = ""
        while True:
            page = await self._port.ask(ListState(prefix, after, _PAGE))
            for found in page:
                yield decoded(found, type)
            if len(page) < _PAGE:
                return
            after = page[-1].key

    async def keys(self, prefix: str = "") -> list[str]:
        """Every key that begins so, in order."""
        found: list[str] = []
        while True:
            page = await self._port.ask(ListState(prefix, found[-1] if found else "", _PAGE))
            found += (entry.key for entry in page)
            if len(page) < _PAGE:
                return found


class SyncState:
    """`ctx.state` of a `def` command; see :class:`State`."""

    __slots__ = ("_port",)

    def __init__(self, port: Port) -> None:
        self._port = port

    @overload
    def get(self, key: str, type: type[T], default: None = None) -> T | None: ...
    @overload
    def get(self, key: str, type: type[T], default: D) -> T | D: ...
    def get(self, key: str, type: type[Any], default: object = None) -> object:
        """The value under a key, decoded; `default` when there is none.

        Raises:
            ContextError: it is of another type.
        """
        found = self.entry(key, type)
        return default if found is None else found.value

    def entry(self, key: str, type: type[T]) -> Entry[T] | None:
        """The value under a key with its version; None when there is none."""
        found = self._port.ask_blocking(GetState(checked(key)))
        return None if found is None else decoded(found, type)

    def put(self, key: str, value: Encodable, expected: int | None = None) -> int:
        """Keep a value and return its version; see :meth:`State.put`.

        Raises:
            StateConflict: the key holds another version than `expected`.
            ContextError: the key or the value cannot be kept.
        """
        return self._port.ask_blocking(PutState(checked(key), encoded(key, value), expected))

    def delete(self, key: str, expected: int | None = None) -> None:
        """Keep nothing under a key any more; `expected` as in :meth:`put`."""
        self._port.ask_blocking(PutState(checked(key), None, expected))

    def update(self, key: str, type: type[T], function: Callable[[T], T], default: T) -> T:
        """Change a value by compare-and-set, again until nobody changed it in between; see :meth:`State.update`."""
        for tried in range(1, _TRIES + 1):
            found = self.entry(key, type)
            value = function(default if found is None else found.value)
            try:
                self._port.ask_blocking(PutState(key, encoded(key, value), 0 if found is None else found.version))
            except StateConflict:
                if tried == _TRIES:
                    raise
                sleep(_pause(tried))
            else:
                return value
        raise AssertionError

    def items(self, type: type[T], prefix: str = "") -> Generator[Entry[T]]:
        """Every entry whose key begins so, in the order of keys."""
        after = ""
        while True:
            page = self._port.ask_blocking(ListState(prefix, after, _PAGE))
            for found in page:
                yield decoded(found, type)
            if len(page) < _PAGE:
                return
            after = page[-1].key

    def keys(self, prefix: str = "") -> list[str]:
        """Every key that begins so, in order."""
        found: list[str] = []
        while True:
            page = self._port.ask_blocking(ListState(prefix, found[-1] if found else "", _PAGE))
            found += (entry.key for entry in page)
            if len(page) < _PAGE:
                return found


def _pause(tried: int) -> float:
    """Seconds before the next try: without them, a slow one among many fast ones would lose every time."""
    return random() * min(0.001 * (1 << min(tried, 10)), LONGEST_PAUSE)  # noqa: S311  nothing is to be kept secret here


def key_problem(key: str) -> str | None:
    """Why nothing can be kept under this key, or None if something can."""
    if 1 <= len(key) <= LONGEST_KEY and key.isprintable():
        return None
    return f"a state's key has 1 to {LONGEST_KEY} printable characters, and this is {key[:LONGEST_KEY]!r}"


def value_problem(key: str, value: bytes | None) -> str | None:
    """Why this value cannot be kept, or None if it can."""
    if value is None or len(value) <= LARGEST_VALUE:
        return None
    return f"the state {key!r} would have {len(value)} bytes, and may have {LARGEST_VALUE}"


class StateBudget:
    """How much of what one attempt may keep with its end is used up; of each key the last value counts."""

    __slots__ = ("_bytes", "_sizes")

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._bytes = 0

    def problem(self, note: StateNote) -> str | None:
        """Why this change is refused; None, and it counts from now on."""
        key, value = note.key, note.value
        if why := key_problem(key) or value_problem(key, value):
            return why
        if key not in self._sizes and len(self._sizes) >= MOST_KEYS:
            return f"one attempt may change the state of {MOST_KEYS} keys with its end"
        size = len(key) + len(value or b"")
        total = self._bytes - self._sizes.get(key, 0) + size
        if total > MOST_BYTES:
            return f"what one attempt keeps with its end may have {MOST_BYTES} bytes, and {key!r} would make it more"
        self._sizes[key] = size
        self._bytes = total
        return None


def checked(key: str) -> str:
    """The key, if something can be kept under it."""
    if why := key_problem(key):
        raise ContextError(why, retryable=False)
    return key


def encoded(key: str, value: object) -> bytes:
    """The value's JSON, if it can be kept."""
    body = to_json(f"the state {key!r}", value)
    if why := value_problem(key, body):
        raise ContextError(why, retryable=False)
    return body


def decoded(found: StateEntry, kind: type[T]) -> Entry[T]:
    """An entry with its value decoded."""
    return Entry(found.key, from_json(f"the state {found.key!r}", found.value, kind), found.version)
