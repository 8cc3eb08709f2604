"""Loading: values of every kind, and every problem at once with its place."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookyard.config import Config, Duration, Secret, Size, load, load_file, loads
from hookyard.config.model import (
    Place,
    PluginScheme,
    PresetScheme,
    SecretSettings,
    SignatureSettings,
    TemplateScheme,
    TimestampSettings,
)
from hookyard.errors import ConfigError

Read = Callable[[str], Config]
Problems = Callable[[str], list[str]]

NAME = "a name of at most 64 letters, digits, `_`, `.` and `-`, a letter or digit first"
SCOPE = (
    "a scope: trigger:<plugin>/<command> with globs, trigger:ro, work:<lane>, "
    "<jobs|endpoints|tokens|schedules|lanes|sources>:<read|write|*>, <results|audit|plugins>:read or admin, "
    "each perhaps after a `!` that takes it away"
)
SOURCE = """
sources:
  s:
    scheme: {scheme}
    secrets: [x]
    routes: [{{run: a/b, on: {on}}}]
"""


@pytest.mark.parametrize(
    "text", ["", "# only a comment\n", "---\n", "{}", "server:\njobs:\nsources:\ntokens:\nplugin_dirs:\n"]
)
def test_an_empty_file_and_empty_sections_are_the_defaults(read: Read, text: str) -> None:
    assert read(text) == Config()


def test_values_of_every_kind_are_converted(read: Read) -> None:
    config = read("""
        server: {port: 0, max_body: 1MiB, max_wait: 1.5}
        jobs: {timeout: 1h30m}
        log: {level: debug}
        lanes: {hello/greet: {limit: 3}}
        plugins: {hello: {enabled: false, config: {a: [1, no, 1.5, ~, {b: "2"}]}}}
        outbound: {allow_ports: any, jitter: 0, schedule: [0, 5s]}
        """)
    assert (config.server.port, config.server.max_body, config.server.max_wait) == (0, Size(1 << 20), Duration(1500))
    assert isinstance(config.jobs.timeout, Duration)
    assert config.jobs.timeout == 5_400_000
    assert config.lanes["hello/greet"].limit == 3
    assert config.plugins["hello"].enabled is False
    assert config.plugins["hello"].config == {"a": [1, "no", 1.5, None, {"b": "2"}]}
    assert config.outbound.allow_ports == "any"
    assert (type(config.outbound.jitter), config.outbound.schedule) == (float, (0, 5000))


def test_the_key_on_stays_the_text_on(read: Read) -> None:
    config = read(SOURCE.format(scheme="github", on="push"))
    assert config.sources["s"].routes[0].on == "push"


@pytest.mark.parametrize("word", ["on", "off", "yes", "no", "n"])
def test_words_that_yaml_1_1_took_for_booleans_are_text_and_no_booleans(
    read: Read, problems: Problems, word: str
) -> None:
    assert read(f"server: {{host: {word}}}").server.host == word
    assert problems(f"plugins: {{a: {{enabled: {word}}}}}") == [
        f"1: plugins.a.enabled: expected true or false, found the text {word!r}"
    ]


def test_a_union_takes_the_member_that_its_shape_asks_for(read: Read) -> None:
    assert read(SOURCE.format(scheme="github", on="[a, b]")).sources["s"].routes[0].on == ("a", "b")
    scheme = read(SOURCE.format(scheme="{preset: stripe, tolerance: 1m}", on="a")).sources["s"].scheme
    assert scheme == PresetScheme(preset="stripe", tolerance=Duration(60_000))


@pytest.mark.parametrize(
    ("scheme", "message"),
    [
        ("gitlub", "found the text 'gitlub'; did you mean gitlab?"),
        ("3", "found the number 3"),
        ("[]", "found a list"),
        ("~", "found nothing"),
    ],
)
def test_what_fits_no_member_of_a_union_is_told_the_choices(problems: Problems, scheme: str, message: str) -> None:
    mappings = "a mapping with preset, a mapping with signature or a mapping with plugin"
    assert problems(SOURCE.format(scheme=scheme, on="a")) == [
        f"4: sources.s.scheme: expected the name of a preset such as github, {mappings}, {message}"
    ]


def test_of_several_mappings_that_one_is_meant_whose_keys_there_are(problems: Problems, read: Read) -> None:
    assert read(SOURCE.format(scheme="{plugin: acme}", on="a")).sources["s"].scheme == PluginScheme(plugin="acme")
    assert problems(SOURCE.format(scheme="{plugin: Acme, prefix: X}", on="a"))[0].startswith("4: sources.s.scheme.")


def test_inside_the_member_of_a_union_the_problem_keeps_its_own_place(problems: Problems) -> None:
    assert problems(SOURCE.format(scheme="{signature: {hedaer: X-Sig, basic: 1}, encoding: b64}", on="a")) == [
        "4: sources.s.scheme.signature.hedaer: unknown key; did you mean header?",
        "4: sources.s.scheme.signature.basic: expected true or false, found the number 1",
        "4: sources.s.scheme.encoding: expected hex, base64 or base64url, found the text 'b64'; did you mean base64?",
    ]


@pytest.mark.parametrize("priority", [-(2**31), 2**31 - 1])
def test_a_priority_has_32_bits(read: Read, priority: int) -> None:
    text = SOURCE.replace("run: a/b,", f"run: a/b, priority: {priority},").format(scheme="github", on="a")
    assert read(text).sources["s"].routes[0].priority == priority


@pytest.mark.parametrize("priority", [-(2**31) - 1, 2**31, 10**30])
def test_a_priority_beyond_32_bits_is_a_problem(problems: Problems, priority: int) -> None:
    text = SOURCE.replace("run: a/b,", f"run: a/b, priority: {priority},").format(scheme="github", on="a")
    expected = "expected an integer from -2147483648 to 2147483647"
    assert problems(text) == [f"6: sources.s.routes[0].priority: {expected}, found the number {priority}"]


def test_every_problem_is_reported_in_one_go_in_the_order_of_the_file(problems: Problems) -> None:
    found = problems("""\
        server:
          port: 70000
          hots: x
          max_body: 1 MB
        server:
          host: 1
        log: {level: inof}
        tokens:
          - name: a b
            sha256: nonsense
            scopes: [admin, tigger, 3]
          - {}
        plugins:
          a: {config: 3, enabled: "${NOT_SET}"}
        outbound:
          schedule: []
          connect_timeout: 1h
        serve: 1
        """)
    assert [line.partition("; ")[0].partition(", found")[0] for line in found] == [
        "2: server.port: expected an integer from 0 to 65535",
        "3: server.hots: unknown key",
        "4: server.max_body: expected a size such as 64KiB, 25MiB, 1GiB, or a number of bytes",
        "5: : the key server stands here twice, first on line 1",
        "7: log.level: expected debug, info, warning or error",
        f"9: tokens[0].name: expected {NAME}",
        "10: tokens[0].sha256: expected the SHA-256 digest of the token as 64 hex digits",
        f"11: tokens[0].scopes[1]: expected {SCOPE}",
        f"11: tokens[0].scopes[2]: expected {SCOPE}",
        "12: tokens[1].name: missing",
        "12: tokens[1].sha256: missing",
        "12: tokens[1].scopes: missing",
        "14: plugins.a.enabled: the environment variable NOT_SET is not set",
        "14: plugins.a.config: expected a mapping",
        "16: outbound.schedule: expected at least 1 in the list",
        "17: outbound.connect_timeout: 1h is longer than outbound.timeout, 15s, which holds it",
        "18: serve: unknown key",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("server: {port: -1}", "server.port: expected an integer from 0 to 65535, found the number -1"),
        ("server: {port: true}", "server.port: expected an integer from 0 to 65535, found the boolean true"),
        ("server: {port: '80'}", "server.port: expected an integer from 0 to 65535, found the text '80'"),
        ("server: {port: [80]}", "server.port: expected an integer from 0 to 65535, found a list"),
        ("server: {port: }", "server.port: expected an integer from 0 to 65535, found nothing"),
        ("server: {host: ''}", "server.host: expected text that is not empty, found the text ''"),
        (
            "server: {host: 1}",
            "server.host: expected text that is not empty, found the number 1; as text it needs quotes",
        ),
        ("server: 3", "server: expected a mapping, found the number 3"),
        ("store: {queue: 0}", "store.queue: expected an integer of at least 1, found the number 0"),
        ("plugin_dirs: x", "plugin_dirs: expected a list, found the text 'x'"),
        ("plugin_dirs: {a: b}", "plugin_dirs: expected a list, found a mapping"),
        ("outbound: {jitter: 2}", "outbound.jitter: expected a number from 0 to 1, found the number 2"),
        ("outbound: {allow_ports: 1}", "outbound.allow_ports: expected a list or any, found the number 1"),
        (
            "outbound: {allow_ports: [x]}",
            "outbound.allow_ports[0]: expected an integer from 1 to 65535, found the text 'x'",
        ),
        ("outbound: {allow_ports: }", "outbound.allow_ports: expected a list or any, found nothing"),
        ('plugins: {"a\\n": {}}', "plugins.a\n: as a key, expected a name"),
        ("lanes: {a b: {limit: 1}}", "lanes.a b: as a key, expected a lane: plugin/command"),
        ("lanes: {a/slow/one: {limit: 1}}", "lanes.a/slow/one: as a key, expected a lane: plugin/command"),
        ("nonsense: 1", "nonsense: unknown key; known are server, store,"),
        ("- a", ": expected a mapping, found a list"),
        ("a", ": expected a mapping"),
        ("server: {port: 1e400}", "server.port: expected an integer from 0 to 65535, found the text '1e400'"),
        ("outbound: {jitter: 99999999999999999999999999999999}", "outbound.jitter: expected a number from 0 to 1"),
    ],
)
def test_each_problem_says_what_is_expected_and_what_was_found(problems: Problems, text: str, problem: str) -> None:
    (found,) = problems(text)
    assert found.startswith(f"1: {problem}")


def test_a_variable_without_quotes_is_read_as_what_it_holds(read: Read) -> None:
    assert read("server:\n  port: ${PORT}\n").server.port == 8080
    assert read("server:\n  port: ${NOT_SET:-81}\n").server.port == 81
    assert read("plugins:\n  a:\n    enabled: ${NOT_SET:-false}\n").plugins["a"].enabled is False


def test_a_variable_in_quotes_is_text(problems: Problems) -> None:
    assert problems('server: {port: "${PORT}"}') == [
        "1: server.port: expected an integer from 0 to 65535, found the value of ${PORT}"
    ]


def test_where_text_is_asked_for_a_variable_stays_text(read: Read) -> None:
    config = read("""
        server:
          host: ${DIGITS}
        sources:
          s:
            scheme: {signature: {header: X, prefix: "${EMPTY}"}, event: {header: "X-${WORD}"}}
            secrets:
              - ${DIGITS}
              - 12345
            routes: [{run: "${WORD}/${WORD}"}]
        plugins:
          p:
            config:
              number: ${DIGITS}
              text: "${DIGITS}"
              both: a${DIGITS}
        """)
    source = config.sources["s"]
    assert config.server.host == "12345"
    assert source.scheme == TemplateScheme(signature=SignatureSettings(header="X"), event=Place(header="X-hello"))
    assert source.secrets == (Secret("12345"), Secret("12345"))
    assert source.routes[0].run == "hello/hello"
    assert config.plugins["p"].config == {"number": 12345, "text": "12345", "both": "a12345"}


def test_an_empty_variable_is_empty_text_or_nothing_where_nothing_is_allowed(read: Read) -> None:
    scheme = (
        read("""
        sources:
          s:
            scheme:
              signature: {header: X, prefix: "${EMPTY}"}
              timestamp:
                header: ${EMPTY}
                part: t
            secrets: [x]
            routes: [{run: a/b}]
        """)
        .sources["s"]
        .scheme
    )
    assert scheme == TemplateScheme(signature=SignatureSettings(header="X"), timestamp=TimestampSettings(part="t"))


def test_what_a_variable_holds_is_never_repeated(problems: Problems) -> None:
    found = problems("""\
        server:
          port: ${SECRET}
          host: ${EMPTY}
        log:
          level: ${SECRET}
        plugins: ${SECRET}
        jobs:
          timeout: ${NOT_SET:-swordfish}
        """)
    assert [line.partition("found ")[2] for line in found] == [
        "the value of ${SECRET}",
        "the value of ${EMPTY}",
        "the value of ${SECRET}",
        "",
        "the value of ${NOT_SET:-swordfish}",
    ]


def test_a_secret_file_is_relative_to_the_configuration_and_loses_one_line_end(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    for name, content in {"a": "one\n", "b": "two\r\n", "c": "three\n\n", "d": " four "}.items():
        (tmp_path / "keys" / name).write_bytes(content.encode())
    file = tmp_path / "config.yaml"
    file.write_text("outbound:\n  callback_secrets:\n" + "".join(f"    - {{file: keys/{name}}}\n" for name in "abcd"))
    secrets = [secret.reveal() for secret in load(file, {}).outbound.callback_secrets]
    assert secrets == ["one", "two", "three\n", " four "]


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        ("", "the secret is empty"),
        ("''", "the secret is empty"),
        ("'  '", "the secret is empty"),
        ("${EMPTY}", "the secret is empty"),
        ("${NOT_SET:-}", "the secret is empty"),
        ("${NOT_SET}", "the environment variable NOT_SET is not set"),
        ("{file: empty}", "the secret is empty"),
        ("{file: blank}", "the secret is empty"),
        ("{file: missing}", "the secret file missing cannot be read: No such file or directory"),
        ("{file: .}", "the secret file . cannot be read: Is a directory"),
        ("{file: large}", "the secret file large is larger than 64 KiB"),
        ("{file: binary}", "the secret file binary is not UTF-8 text"),
        ('{file: "a\\0b"}', "the secret file a\0b embedded null byte"),
        ('{file: "${NOT_SET}"}', "the environment variable NOT_SET is not set"),
        ('{file: "${SECRET}"}', "the secret file ${SECRET} cannot be read: No such file or directory"),
        ("{fiel: x}", "expected a secret, as text or as {file: path}"),
        ("{file: x, more: y}", "expected a secret, as text or as {file: path}"),
        ("{file: [x]}", "expected a secret, as text or as {file: path}"),
        ("[x]", "expected a secret, as text or as {file: path}"),
    ],
)
def test_a_secret_that_is_missing_or_empty_opens_no_door(
    problems: Problems, tmp_path: Path, secret: str, message: str
) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "blank").write_text(" \n")
    (tmp_path / "large").write_bytes(b"x" * (64 << 10) + b"x")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    found = problems(f"outbound:\n  callback_secrets:\n    - {secret}\n")
    assert found == [f"3: outbound.callback_secrets[0]: {message}"]


def test_a_file_that_cannot_be_read_is_a_problem_without_a_line(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"\xe9")
    for name, message in (("nope", "No such file"), (".", "Is a directory"), ("latin", "is not UTF-8 text")):
        with pytest.raises(ConfigError, match=message) as caught:
            load(tmp_path / name)
        assert [(one.file, one.line) for one in caught.value.problems] == [(str(tmp_path / name), 0)]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_bytes(b"\xef\xbb\xbfserver:\r\n  port: 1\r\n")
    assert load(file, {}).server.port == 1


def test_the_process_environment_is_used_when_none_is_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOOKYARD_TEST_PORT", "99")
    file = tmp_path / "c.yaml"
    file.write_text("server:\n  port: ${HOOKYARD_TEST_PORT}\n")
    assert load(file).server.port == loads(file.read_text()).server.port == 99


def test_a_relative_file_is_found_wherever_the_process_has_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "c.yaml").write_text("server: {port: 99}\n")
    monkeypatch.chdir("/")
    loaded = load_file(Path("etc/c.yaml"), {}, folder=tmp_path)
    assert (loaded.config.server.port, loaded.name, loaded.base) == (99, "etc/c.yaml", tmp_path / "etc")
    with pytest.raises(ConfigError, match=r"^etc/d\.yaml: cannot be read"):
        load_file(Path("etc/d.yaml"), {}, folder=tmp_path)


def test_a_later_problem_finds_the_line_of_its_key_or_of_what_is_around_it(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(
        "server:\n  port: 1\nsources:\n  s:\n    scheme: github\n    secrets: [x]\n    routes:\n      - run: a/b\n"
    )
    loaded = load_file(file, {})
    assert loaded.base == tmp_path
    lines = {
        "server.port": 2,
        "server.host": 1,
        "sources.s.routes[0].run": 8,
        "sources.s.routes[0].with.x": 8,
        "sources.s.routes[7]": 7,
        "sources.s.secrets[0]": 6,
        "outbound.timeout": 0,
        "": 0,
    }
    assert {path: loaded.problem(path, "m").line for path in lines} == lines
    assert str(loaded.problem("server.port", "is taken")) == f"{file}:2: server.port: is taken"


def test_a_wrong_entry_does_not_hide_what_is_wrong_elsewhere(problems: Problems) -> None:
    digest = "0" * 64
    found = problems(f"""\
        server: {{port: x}}
        tokens:
          - {{name: a, sha256: "{digest}", scopes: []}}
          - {{name: a, sha256: "{digest}", scopes: []}}
        """)
    assert [line.split(": ")[1] for line in found] == ["server.port", "tokens[1].name", "tokens[1].sha256"]


@given(st.text(alphabet="abs:-[]{}&*!|>'\"#%@`,? \n\t$\\<0123.~=onserver") | st.text())
def test_any_text_loads_or_is_a_list_of_problems(text: str) -> None:
    base = Path(tempfile.gettempdir())
    try:
        found: object = loads(text, base=base, environ={})
    except ConfigError as error:
        found = error.problems
    assert found


def test_a_secret_of_a_source_is_text_a_file_or_a_mapping_that_says_until_when(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file\n")
    found = loads(
        """
        sources:
          hub:
            scheme: github
            secrets: [plain, {file: secret}, {value: old, until: "2027-01-01T00:00:00Z"}, {value: {file: secret}}]
            routes: [{run: a/b}]
        """,
        base=tmp_path,
    )
    plain, file, old, within = found.sources["hub"].secrets
    assert (plain, file) == (Secret("plain"), Secret("from the file"))
    assert old == SecretSettings(value=Secret("old"), until="2027-01-01T00:00:00Z")
    assert within == SecretSettings(value=Secret("from the file"))
