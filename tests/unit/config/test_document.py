"""YAML as it is read here: syntax, plain values, keys."""

import pytest

from hookyard.config.document import Fault, Mapping, Scalar, parse, resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("FALSE", False),
        ("12", 12),
        ("-12", -12),
        ("0755", 755),
        ("0o17", 15),
        ("0xff", 255),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
    ],
)
def test_plain_values_follow_the_core_schema_of_yaml_1_2(text: str, value: object) -> None:
    found = resolve(text)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    "text",
    [
        "on",
        "off",
        "yes",
        "no",
        "On",
        "y",
        "1:30",
        "1_000",
        "0b1",
        "2001-01-01",
        ".inf",
        ".nan",
        "1e999",
        "=",
        "<<",
        "9" * 99,
    ],
)
def test_what_other_readers_turn_into_something_else_stays_text(text: str) -> None:
    assert resolve(text) == text


def test_a_key_is_always_text() -> None:
    root, faults = parse("on: 1\nno: 2\n404: 3\n1.5: 4\ntrue: 5\n~: 6\n")
    assert isinstance(root, Mapping)
    assert list(root.entries) == ["on", "no", "404", "1.5", "true", "~"]
    assert not faults


def test_quotes_block_scalars_and_the_str_tag_make_text() -> None:
    root, faults = parse("- '1'\n- \"2\"\n- |\n  3\n- !!str 4\n- 5\n")
    assert not faults
    assert [(node.text.strip(), node.plain) for node in getattr(root, "items", ())] == [
        ("1", False),
        ("2", False),
        ("3", False),
        ("4", False),
        ("5", True),
    ]


def test_anchors_and_merged_mappings_are_understood() -> None:
    root, faults = parse("a: &one {x: 1, y: 2}\nb: *one\nc: {<<: *one, y: 3}\nd: {<<: [{x: 8}, {x: 9, z: 0}]}\n")
    assert not faults
    assert isinstance(root, Mapping)

    def plain(key: str) -> dict[str, str]:
        node = root.entries[key].node
        assert isinstance(node, Mapping)
        return {name: entry.node.text for name, entry in node.entries.items() if isinstance(entry.node, Scalar)}

    assert plain("b") == {"x": "1", "y": "2"}
    assert plain("c") == {"x": "1", "y": "3"}
    assert plain("d") == {"x": "8", "z": "0"}


def test_every_key_given_twice_is_reported_with_its_line() -> None:
    _, faults = parse("a: 1\nb: 1\na: 2\nb: 2\n")
    assert faults == (
        Fault(3, "the key a stands here twice, first on line 1"),
        Fault(4, "the key b stands here twice, first on line 2"),
    )


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("a: 1\n b: 2\n", 2, "mapping values are not allowed here"),
        ("a: [1\n", 2, "expected ',' or ']'"),
        ("a: 1\n\tb: 1\n", 2, "cannot start any token"),
        ("a: 1\n---\nb: 2\n", 2, "a second document begins here"),
        ("a:\n  - *push\n", 2, "begins with * needs quotes"),
        ("a: !env X\n", 1, "begins with ! needs quotes"),
        ("a: !!python/name:os.system\n", 1, "tags are not used here"),
        ("a: !!set {x}\n", 1, "tags are not used here"),
        ("a: &x 1\nb: &x 2\n", 2, "begins with & needs quotes"),
        ("a: &x [*x]\n", 1, "an anchor is used inside itself"),
        ("a: &x {b: *x}\n", 1, "an anchor is used inside itself"),
        ("? [a]\n: b\n", 1, "a key must be text"),
        ("a:\n  <<: 1\n", 2, "<< takes a mapping"),
        ("a: 1\nb: \x01\n", 2, "U+0001 is not allowed"),
        ("a: [${A}]\n", 1, "inside [ ] or { } a ${...} needs quotes"),
        ("[" * 1500, 0, "nested too deeply"),
    ],
)
def test_what_is_not_plain_yaml_is_a_fault_with_its_line(text: str, line: int, part: str) -> None:
    _, (fault,) = parse(text)
    assert fault.line == line
    assert part in fault.message


@pytest.mark.parametrize("text", ["", "\n", "# nothing but this\n", "---\n", "---\n...\n"])
def test_an_empty_file_has_no_faults(text: str) -> None:
    _, faults = parse(text)
    assert not faults
