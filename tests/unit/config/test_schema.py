"""The JSON Schema, the reference page and the example all describe the same Structs."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from msgspec import Struct
from msgspec.structs import FieldInfo

from hookyard.config import Config, Loaded, load_file, loads
from hookyard.config.docstrings import of_fields, summary
from hookyard.config.document import Mapping as MappingNode
from hookyard.config.document import Node, Scalar, parse, resolve
from hookyard.config.kinds import struct_of
from hookyard.config.reference import markdown, sections
from hookyard.config.schema import json_schema
from hookyard.config.substitute import substitute
from hookyard.errors import ConfigError

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "config.example.yaml"
ENVIRON = {
    "HOOKYARD_CI_TOKEN_SHA256": "0" * 64,
    "GITHUB_WEBHOOK_SECRET": "one",
    "GITHUB_WEBHOOK_OLD_SECRET": "three",
    "GITLAB_SIGNING_TOKEN": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "GITLAB_SECRET_TOKEN": "four-four-four",
    "EVENTS_TOKEN": "five-five-five",
    "SHOP_WEBHOOK_SECRET": "two",
    "UPSTREAM_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "DEPLOY_JWT_SECRET": "x" * 40,
    "S3_KEY_ID": "key",
    "S3_SECRET_KEY": "secret",
    "CHAT_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "PARTNER_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "PARTNER_WEBHOOK_OLD_SECRET": "whsec_QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD",
}

STRUCTS = list(sections())
FIELDS = [(path, struct, field) for path, struct in STRUCTS for field in msgspec.structs.fields(struct)]
NAMES = [f"{path}.{field.encode_name}" for path, _, field in FIELDS]


@cache
def schema() -> dict[str, Any]:
    """It is the same for every test, and takes a tenth of a second to make."""
    return json_schema()


@cache
def example() -> Loaded:
    return load_file(EXAMPLE, ENVIRON)


def valid(document: Any) -> bool:  # noqa: ANN401  whatever a file may hold
    validator = jsonschema.Draft202012Validator(schema())
    return not any(validator.iter_errors(document))  # pyright: ignore[reportUnknownMemberType]  left open by its stubs


def plain(node: Node, environ: Mapping[str, str]) -> object:
    """A document as another program would hand it to the schema, variables replaced."""
    if isinstance(node, Scalar):
        text = substitute(node.text, environ).text
        return resolve(text) if node.plain else text
    if isinstance(node, MappingNode):
        return {key: plain(entry.node, environ) for key, entry in node.entries.items()}
    return [plain(item, environ) for item in node.items]


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_schema_is_json_and_every_reference_in_it_leads_somewhere() -> None:
    text = msgspec.json.encode(schema()).decode()
    references = set(re.findall(r'"#/\$defs/(\w+)"', text))
    assert references == set(schema()["$defs"])


@pytest.mark.parametrize(("path", "struct", "field"), FIELDS, ids=NAMES)
def test_every_key_has_a_sentence_of_its_own_or_of_its_section(
    path: str, struct: type[Struct], field: FieldInfo
) -> None:
    del path
    section = struct_of(field.type)
    sentence = of_fields(struct).get(field.name) or (summary(section) if section else "")
    assert sentence.endswith(".")
    assert len(sentence) > 10


def test_defaults_stand_in_the_schema_as_one_writes_them() -> None:
    server = schema()["$defs"]["Server"]["properties"]
    outbound = schema()["$defs"]["OutboundSettings"]["properties"]
    assert server["max_body"]["default"] == "25MiB"
    assert server["max_wait"]["default"] == "1m"
    assert outbound["schedule"]["default"][:3] == ["0s", "5s", "5m"]
    assert outbound["allow_ports"]["default"] == [443]


def test_every_default_is_what_the_loader_makes_of_it() -> None:
    for path, struct, field in FIELDS:
        if field.required or not re.fullmatch("[a-z]+", path):  # only sections that are always there
            continue
        default = schema()["$defs"][struct.__name__]["properties"][field.encode_name]["default"]
        text = msgspec.json.encode({path: {field.encode_name: default}}).decode()
        assert loads(text, environ={}) == Config(), f"{path}.{field.encode_name}"


def sources(scheme: str = "github", secrets: str = "[x]", name: str = "s") -> str:
    return f"sources: {{{name}: {{scheme: {scheme}, secrets: {secrets}, routes: [{{run: a/b, 'on': [x]}}]}}}}"


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "server: {port: 1, max_body: 7, max_wait: 1h30m}",
        "outbound: {callback_secrets: [x, {file: y}], allow_ports: any}",
        sources(scheme="{signature: {header: X}}"),
        sources(secrets="[{value: x, until: 2027-01-01T00:00:00Z}]"),
        sources(name="a.b-c"),
        "{lanes: {a/b: {limit: 1}}, plugins: {p: {config: {any: [1, ~]}}}}",
    ],
)
def test_what_loads_is_valid_by_the_schema(text: str, tmp_path: Path) -> None:
    (tmp_path / "y").write_text("secret")
    loads(text, base=tmp_path, environ={})
    assert valid(plain(parse(text)[0], {}))


@pytest.mark.parametrize(
    "text",
    [
        "serve: {}",
        "server: {port: 70000}",
        "server: {port: '80'}",
        "server: {max_wait: 5 minutes}",
        "server: {max_body: 1.5}",
        "outbound: {callback_secrets: ['']}",
        "outbound: {callback_secrets: [{file: x, more: 1}]}",
        "outbound: {schedule: []}",
        sources(scheme="gitlub"),
        sources(scheme="{}"),
        sources(secrets="[{until: 2027-01-01T00:00:00Z}]"),
        sources(name="a b"),
        "lanes: {a/b/c: {limit: 1}}",
        "log: {level: loud}",
        "tokens: [{name: a, sha256: '0', scopes: []}]",
    ],
)
def test_what_does_not_load_is_not_valid_either(text: str) -> None:
    with pytest.raises(ConfigError):
        loads(text, environ={})
    assert not valid(plain(parse(text)[0], {}))


def test_the_example_loads() -> None:
    config = example().config
    assert config.server == Config().server
    assert config.store == Config().store
    assert config.outbound == Config().outbound
    assert set(config.sources) == {"github", "shop", "chat", "forge", "events", "upstream"}


def test_the_example_names_every_variable_that_it_needs() -> None:
    with pytest.raises(ConfigError) as caught:
        load_file(EXAMPLE, {})
    assert {problem.message for problem in caught.value.problems} == {
        f"the environment variable {name} is not set" for name in ENVIRON
    }


def test_the_example_is_valid_by_the_schema() -> None:
    root, faults = parse(EXAMPLE.read_text())
    assert not faults
    assert valid(plain(root, ENVIRON))


@pytest.mark.parametrize(("path", "struct", "field"), FIELDS, ids=NAMES)
def test_every_key_stands_in_the_example(path: str, struct: type[Struct], field: FieldInfo) -> None:
    del struct
    place = f"{path}.{field.encode_name}" if path else field.encode_name
    pattern = re.escape(place).replace("<name>", r"[^.]+").replace(r"\[\]", r"\[\d+\]")
    assert any(re.fullmatch(pattern, key) for key in example().lines), place


def test_every_key_of_the_example_has_a_comment_above_it_or_above_its_neighbour() -> None:
    lines = EXAMPLE.read_text().splitlines()
    explained: set[str] = set()
    commented = False
    for line in lines:
        commented = line.lstrip().startswith("#") or (commented and bool(line.strip()))
        if commented and (key := re.match(r" *(?:- )?([a-z0-9_]+):", line)):
            explained.add(key[1])
    keys = {field.encode_name for path, _, field in FIELDS if path}
    assert keys <= explained


def test_the_reference_page_is_the_one_the_program_makes() -> None:
    page = ROOT / "docs" / "reference" / "configuration.md"
    assert page.read_text() == markdown(), "run: hookyard schema config --markdown > docs/reference/configuration.md"


def test_the_reference_page_has_every_key() -> None:
    page = markdown()
    for path, struct, field in FIELDS:
        # A place that takes one of several mappings has a section for each.
        places = page.split(f"\n## {f'`{path}`' if path else 'The top of the file'}\n")[1:]
        assert any(f"| `{field.encode_name}` |" in place.partition("\n## ")[0] for place in places), struct
