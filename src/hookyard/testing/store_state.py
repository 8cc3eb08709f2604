"""The part of the store contract about what plugins keep."""

import pytest

from hookyard.model import StateChange, StateEntry
from hookyard.store.contract import Done, PutState, Result, Stale, StateMismatch, StatePut
from hookyard.testing.store_probe import TOKEN, Probe, StoreCase


def put(store: Probe, value: bytes | None, *, key: str = "k", plugin: str = "a", expected: int | None = None) -> Result:
    """Keep a value; tell what came of it."""
    (result,) = store.all(PutState(now=store.now, plugin=plugin, key=key, value=value, expected=expected))
    return result


def held(store: Probe, *, key: str = "k", plugin: str = "a") -> StateEntry | None:
    """What is kept."""
    return store.runner.run(store.store.state(plugin, key))


def keys(store: Probe, *, prefix: str = "", after: str = "", limit: int = 200, plugin: str = "a") -> list[str]:
    """The keys under which something is kept."""
    found = store.runner.run(store.store.states(plugin, prefix=prefix, after=after, limit=limit))
    return [entry.key for entry in found]


class StateContract(StoreCase):
    """What PutState, and Finish with state, promise."""

    def test_a_value_is_kept_under_its_plugin_and_key(self, store: Probe) -> None:
        assert held(store) is None
        assert put(store, b"1") == StatePut(1)
        assert put(store, b"2", key="other") == StatePut(1)
        assert put(store, b"3", plugin="b") == StatePut(1)
        assert put(store, b"4") == StatePut(2)
        assert held(store) == StateEntry(key="k", value=b"4", version=2)
        assert held(store, key="other") == StateEntry(key="other", value=b"2", version=1)
        assert held(store, plugin="b") == StateEntry(key="k", value=b"3", version=1)

    def test_compare_and_set_changes_only_the_version_that_was_expected(self, store: Probe) -> None:
        assert put(store, b"1", expected=3) == StateMismatch(0)
        assert held(store) is None
        assert put(store, b"1", expected=0) == StatePut(1)
        assert put(store, b"2", expected=0) == StateMismatch(1)
        assert put(store, b"2", expected=1) == StatePut(2)
        assert put(store, b"3", expected=1) == StateMismatch(2)
        assert put(store, None, expected=1) == StateMismatch(2)
        assert held(store) == StateEntry(key="k", value=b"2", version=2)

    def test_of_equal_calls_in_a_batch_one_wins(self, store: Probe) -> None:
        ops = [PutState(now=store.now, plugin="a", key="k", value=b"%d" % at, expected=0) for at in range(70)]
        assert store.all(*ops) == [StatePut(1), *[StateMismatch(1)] * 69]
        assert held(store) == StateEntry(key="k", value=b"0", version=1)

    def test_a_version_is_never_used_again_also_after_a_delete(self, store: Probe) -> None:
        put(store, b"1")
        put(store, b"2")
        assert put(store, None) == StatePut(3)
        assert held(store) is None
        assert keys(store) == []
        assert put(store, b"5", expected=3) == StateMismatch(0)
        assert put(store, None, expected=0) == StatePut(4)
        if self.keeps:
            store.reopen()
        assert put(store, b"4", expected=0) == StatePut(5)
        assert held(store) == StateEntry(key="k", value=b"4", version=5)

    def test_what_is_kept_is_listed_in_the_order_of_keys_by_their_beginning_in_pages(self, store: Probe) -> None:
        names = [
            *("", "a", "a/", "a/1", "a/2", "a0", "b", "\U0001f600", "\U0010ffff", "\U0010ffff1"),
            *("a_", "a%", "\ud7ff", "\ud7ffx", "\ue000", "ä", "a\x00b", "A"),
        ]
        names.sort()
        for at in (0, 1):  # in another order than they are read
            store.all(*(PutState(now=store.now, plugin="a", key=name, value=b"1") for name in names[::-1][at::2]))
        put(store, b"1", key="a/elsewhere", plugin="b")
        put(store, b"1", key="a/gone")
        put(store, None, key="a/gone")
        after_empty = names[1:]
        assert keys(store) == after_empty
        for prefix in ("a", "a/", "a_", "%", "b", "z", "\ud7ff", "\U0010ffff", "\x00"):
            expected = [name for name in after_empty if name.startswith(prefix)]
            assert keys(store, prefix=prefix) == expected
            assert keys(store, prefix=prefix, limit=2) == expected[:2]
            assert keys(store, prefix=prefix, after="a/1") == [name for name in expected if name > "a/1"]

    def test_state_comes_with_the_end_of_the_job_or_not_at_all(self, store: Probe) -> None:
        one, two = store.running(), store.running()
        put(store, b"1", key="k")
        changes = (
            StateChange(plugin="a", key="k", value=b"2"),
            StateChange(plugin="a", key="new", value=b"3"),
            StateChange(plugin="a", key="k", value=b"4"),
            StateChange(plugin="b", key="never", value=None),
        )
        assert store.all(store.finish_op(one, TOKEN + 1, state=changes)) == [Stale()]
        assert held(store) == StateEntry(key="k", value=b"1", version=1)
        late = (StateChange(plugin="a", key="new", value=None), StateChange(plugin="a", key="k", value=b"5"))
        assert store.all(store.finish_op(one, state=changes), store.finish_op(two, state=late)) == [Done(), Done()]
        entry = held(store)
        assert entry is not None
        assert (entry.value, entry.version) == (b"5", 4)
        assert held(store, key="new") is None
        assert held(store, key="never", plugin="b") is None
        assert put(store, b"6", key="never", plugin="b", expected=0) == StatePut(2)

    @pytest.mark.parametrize("count", [1, 64, 150])
    def test_many_values_are_kept_in_one_batch(self, store: Probe, count: int) -> None:
        ops = [PutState(now=store.now, plugin="a", key=f"{at:04}", value=b"%d" % at) for at in range(count)]
        assert store.all(*ops) == [StatePut(1)] * count
        assert keys(store, limit=1000) == [op.key for op in ops]
