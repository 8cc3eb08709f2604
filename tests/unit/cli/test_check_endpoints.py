"""`hookyard check`: whatever is wrong with an endpoint comes out with file, line and key path, and all at once."""

from collections.abc import Callable
from pathlib import Path

from tests.unit.cli.conftest import Ended

Call = Callable[..., Ended]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HEAD = "tokens: [{name: ci, sha256: '" + "0" * 64 + "', scopes: [admin]}]\nendpoints:\n"
UNREADABLE = (
    HEAD
    + f"""\
  a:
    url: https://a.example/
    secrets: [{SECRET}]
    rate: fast
    schedule: []
    jitter: 2
    metadata: {{a: 1}}
    breaker: {{failures: 0}}
    evnets: [job.*]
"""
)
WRONG = (
    HEAD
    + f"""\
  a:
    url: https://user:sw0rdfish@a.example/
    secrets: [whsec_sw0rdfish]
  b:
    url: http://b.example/
    secrets:
      - {{value: {SECRET}, until: soon}}
    if: "data."
    order: {{by: $.data..x}}
  c:
    url: https://c.example/
    secrets: [{{value: {SECRET}, until: "2020-01-01T00:00:00Z"}}]
    tls: {{cert: nonsense}}
    headers: {{webhook-id: x, Host: y}}
    events: ["job.["]
    allow_networks: [10.0.0.1/99]
"""
)


def places(ended: Ended, file: Path) -> dict[str, int]:
    """The key paths that are told of, and their lines."""
    assert (ended.code, ended.out) == (78, "")
    found: dict[str, int] = {}
    for line in ended.err.splitlines():
        name, number, path, _ = line.split(":", 3)
        assert name == str(file)
        found[path.strip()] = int(number)
    return found


def test_what_cannot_be_read_of_an_endpoint_has_its_place(hookyard: Call, tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(UNREADABLE)
    assert places(hookyard("check", file), file) == {
        "endpoints.a.rate": 6,
        "endpoints.a.schedule": 7,
        "endpoints.a.jitter": 8,
        "endpoints.a.metadata.a": 9,
        "endpoints.a.breaker.failures": 10,
        "endpoints.a.evnets": 11,
    }


def test_what_does_not_fit_of_an_endpoint_has_its_place_and_shows_no_secret(hookyard: Call, tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(WRONG)
    ended = hookyard("check", file)
    assert places(ended, file) == {
        "endpoints.a.url": 4,
        "endpoints.a.secrets[0]": 5,
        "endpoints.b.url": 7,
        "endpoints.b.secrets[0].until": 9,
        "endpoints.b.if": 10,
        "endpoints.b.order.by": 11,
        "endpoints.c.secrets": 14,
        "endpoints.c.tls": 15,
        "endpoints.c.headers.webhook-id": 16,
        "endpoints.c.headers.Host": 16,
        "endpoints.c.events[0]": 17,
        "endpoints.c.allow_networks[0]": 18,
    }
    assert "sw0rdfish" not in ended.err


def test_what_can_be_read_is_checked_where_something_else_cannot(hookyard: Call, tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(
        HEAD
        + f"""\
  a:
    url: http://a.example/
    secrets: [hunter2]
    events: [job.faild]
    rate: 1
    foo: 1
  b:
    url: https://b.example:8443/
    headers: {{host: x}}
    connect_timeout: 1h
    timeout: long
  c:
    url: https://c.example/
    secrets: [{SECRET}]
    if: "data."
outbound:
  timeout: 0s
  callback_secrets: [x]
sources:
  s:
    scheme: github
    secrets: [x]
    allow: [nowhere]
    routes: [{{run: any/thing}}]
"""
    )
    ended = hookyard("check", file)
    assert places(ended, file) == {
        "endpoints.a.url": 4,
        "endpoints.a.secrets[0]": 5,
        "endpoints.a.events[0]": 6,
        "endpoints.a.rate": 7,
        "endpoints.a.foo": 8,
        "endpoints.b.secrets": 9,
        "endpoints.b.url": 10,
        "endpoints.b.headers.host": 11,
        "endpoints.b.timeout": 13,
        "endpoints.c.if": 17,
        "outbound.timeout": 19,
        "outbound.callback_secrets[0]": 20,
        "sources.s.allow[0]": 25,
    }
    assert "hunter2" not in ended.err


def test_what_rests_on_something_that_cannot_be_read_is_not_judged(hookyard: Call, tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(
        HEAD
        + f"""\
  a:
    url: http://a.example/
    secrets: [{SECRET}]
    connect_timeout: 20s
outbound:
  allow_http: perhaps
  timeout: long
  connect_timeout: 30s
  allow_ports: [0]
"""
    )
    assert places(hookyard("check", file), file) == {
        "outbound.allow_http": 8,
        "outbound.timeout": 9,
        "outbound.allow_ports[0]": 11,
    }
