"""`hookyard listen`: what it is told on the command line, before and while it listens."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tests.unit.cli.conftest import Ended
from tests.unit.cli.gateway import Gateway

from hookyard.cli.listen.fitting import fitting
from hookyard.cli.listen.secret import given
from hookyard.config import loads
from hookyard.errors import Refused

Call = Callable[..., Ended]
SECRET, OTHER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "b" * 32


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--host", "192.0.2.1"], "if that is meant, give --yes-expose"),
        (["--host", "::"], "if that is meant, give --yes-expose"),
        (["--host", "example.org"], "is no IP address"),
        (["--answer", "ok"], "'ok' is no status"),
        (["--delay", "soon"], "expected a duration"),
        (["--count", "0"], "greater than or equal to 1"),
        (["--wish", "stop"], "'stop'"),
    ],
)
def test_a_wrong_command_line_listens_to_nothing(hookyard: Call, words: list[str], told: str) -> None:
    ended = hookyard("listen", "--port", "0", *words)
    assert (ended.code, ended.out) == (2, "")
    assert told in " ".join(ended.err.replace("│", " ").split())


@pytest.mark.parametrize("secret", ["whsec_short", "whsk_" + "a" * 43 + "=", "whpk_x", "hunter2"])
def test_what_is_no_secret_is_refused_and_not_repeated(hookyard: Call, secret: str) -> None:
    ended = hookyard("listen", "--port", "0", "--secret", secret)
    assert (ended.code, ended.out) == (64, "")
    assert ended.err.startswith("hookyard: One of the secrets ")
    assert secret not in ended.err


def test_secrets_come_by_options_a_file_and_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKYARD_LISTEN_SECRET", f"{SECRET} {OTHER}")
    (tmp_path / "file").write_text(f"whsec_{'c' * 32}\n")
    assert given([OTHER], tmp_path / "file") == (OTHER, f"whsec_{'c' * 32}", SECRET)
    (tmp_path / "file").write_text("\n")
    with pytest.raises(Refused, match="is empty"):
        given([], tmp_path / "file")
    with pytest.raises(Refused, match="nowhere cannot be read"):
        given([], tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("url", "form", "outbound"),
    [
        (
            "http://127.0.0.1:9000/",
            "plain",
            {"allow_http": True, "allow_ports": [443, 9000], "allow_networks": ["127.0.0.1/32"]},
        ),
        ("http://[::1]:9000/", None, {"allow_http": True, "allow_ports": [443, 9000], "allow_networks": ["::1/128"]}),
        ("https://hooks.example/a", "http", None),
    ],
)
def test_the_endpoint_that_fits_is_a_configuration(url: str, form: str | None, outbound: object) -> None:
    text = "\n".join(fitting(url, [SECRET], ['odd "event"'], form))
    config = loads(text, name="fitting", environ={})
    assert config.endpoints["listen"].url == url
    assert config.endpoints["listen"].events == ('odd "event"',)
    assert config.endpoints["listen"].signature == ("plain" if form == "plain" else "standard")
    assert config.endpoints["listen"].http_signature is (form == "http")
    assert yaml.safe_load(text).get("outbound") == outbound


def test_a_gateway_that_refuses_the_endpoint_ends_it(hookyard: Call, gateway: Gateway) -> None:
    gateway.refuses("POST /api/v1/endpoints", 400, "invalid_input", "127.0.0.1 is not public.")
    ended = hookyard("listen", "--port", "0", "--register", "try", "--event", "job.*", "--form", "plain")
    assert (ended.code, ended.out, ended.err) == (65, "", "hookyard: 127.0.0.1 is not public.\n")
    body = gateway.asked[0].body
    assert (body["name"], body["events"], body["signature"]) == ("try", ["job.*"], "plain")
    assert body["url"].startswith("http://127.0.0.1:")
    assert gateway.calls == ["POST /api/v1/endpoints"], "what was not made is not deleted"


def test_an_endpoint_of_that_name_is_left_alone(hookyard: Call, gateway: Gateway) -> None:
    gateway.refuses("POST /api/v1/endpoints", 409, "exists", "There is one.")
    ended = hookyard("listen", "--port", "0", "--register", "try")
    assert ended.code == 65
    assert "`hookyard endpoints delete try` makes room" in ended.err
    assert gateway.calls == ["POST /api/v1/endpoints"]


def test_a_port_that_is_taken_is_told_of(hookyard: Call, gateway: Gateway) -> None:
    port = gateway.url.rpartition(":")[2]
    ended = hookyard("listen", "--port", port, "--secret", SECRET)
    assert (ended.code, ended.out) == (69, "")
    assert f"cannot listen at 127.0.0.1:{port}: address already in use" in ended.err
