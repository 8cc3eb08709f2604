"""Who may wait in memory for a receiver."""

from hookyard.outbound.lines import MEMORY, Lines


def test_a_body_larger_than_all_the_memory_for_them_goes_alone() -> None:
    lines = Lines(32)
    line = lines.line("receiver")
    assert lines.has_place(line, MEMORY + 1, now=0)
    lines.reserve(line, MEMORY + 1)
    assert not lines.has_place(line, 1, now=0)


def test_beside_others_a_body_must_fit() -> None:
    lines = Lines(32)
    line = lines.line("receiver")
    lines.reserve(line, 1)
    assert lines.has_place(line, MEMORY - 1, now=0)
    assert not lines.has_place(line, MEMORY, now=0)
