import pytest

from hookyard.clock import SystemClock
from hookyard.config import loads
from hookyard.config.model import Config, EndpointSettings, OutboundSettings
from hookyard.config.values import Secret
from hookyard.ids import IdSource
from hookyard.outbound import Outbound
from hookyard.store.coalescer import Coalescer
from hookyard.store.memory import MemoryStore

SECRET = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


def found(
    url: str = "https://example.com/hook", settings: OutboundSettings | None = None, secret: Secret = SECRET
) -> dict[str, str]:
    endpoint = EndpointSettings(url=url, secrets=(secret,))
    return dict(Outbound.problems(Config(endpoints={"main": endpoint}, outbound=settings or OutboundSettings())))


def test_a_sound_configuration_has_no_problems() -> None:
    assert found() == {}
    assert Outbound.problems(Config()) == ()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "not an absolute"),
        ("example.com", "not an absolute"),
        ("ftp://example.com/", "not an absolute"),
        ("http://example.com/", "not https; outbound.allow_http can allow it"),
        ("https://example.com:8443/", "port 8443, which is not among the allowed ones; outbound.allow_ports can"),
        ("https://127.0.0.1/", "loopback"),
        ("https://[::ffff:10.0.0.1]/", "private"),
        ("https://2130706433/", "not written in full"),
        ("https://user:hunter2@example.com/", "user name or a password"),
    ],
)
def test_a_url_that_can_never_be_sent_to_is_a_problem(url: str, says: str) -> None:
    problems = found(url)
    assert list(problems) == ["endpoints.main.url"]
    assert says in problems["endpoints.main.url"]
    assert "hunter2" not in str(problems)


def test_what_the_settings_allow_is_no_problem() -> None:
    settings = OutboundSettings(allow_http=True, allow_ports=(8443,), allow_networks=("127.0.0.0/8",))
    assert found("http://127.0.0.1:8443/", settings) == {}


@pytest.mark.parametrize("text", ["whsec_c2hvcnQ=", "whsec_***", "hunter2hunter2"])
def test_a_bad_secret_is_a_problem_that_does_not_quote_it(text: str) -> None:
    problems = found(secret=Secret(text))
    assert list(problems) == ["endpoints.main.secrets[0]"]
    assert text not in str(problems)


def test_every_problem_is_found_at_its_place() -> None:
    settings = OutboundSettings(
        callback_secrets=(SECRET, Secret("whsec_")), allow_networks=("10.0.0.0/8", "10.0.0.1/8", "nonsense")
    )
    endpoints = {
        "a": EndpointSettings(url="nonsense", secrets=(SECRET, Secret("x"))),
        "b": EndpointSettings(url="https://10.1.1.1/", secrets=(SECRET,), events=("job.*", "job.succeded", "order.*")),
    }
    assert [path for path, _ in Outbound.problems(Config(endpoints=endpoints, outbound=settings))] == [
        "outbound.allow_networks[1]",
        "outbound.allow_networks[2]",
        "outbound.callback_secrets[1]",
        "endpoints.a.url",
        "endpoints.a.secrets[1]",
        "endpoints.b.events[1]",
    ]


def test_what_nobody_can_mean_is_a_problem_in_the_file_as_over_http() -> None:
    text = f"""
endpoints:
  a:
    url: https://a.example/
    secrets: [{SECRET.reveal()}]
    events: []
    commands: []
    order: {{by: job, attempts: 2}}
    connect_timeout: 16s
"""
    assert [path for path, _ in Outbound.problems(loads(text))] == [
        "endpoints.a.events",
        "endpoints.a.commands",
        "endpoints.a.order.attempts",
        "endpoints.a.connect_timeout",
    ]


def test_a_callback_url_is_checked_for_its_caller_without_asking_a_resolver() -> None:
    clock = SystemClock()
    writer = Coalescer(MemoryStore(), queue=10, batch=10)
    outbound = Outbound(Config(), writer, IdSource(clock), clock)
    assert outbound.check_callback("https://caller.example/done?x=1") is None
    assert outbound.check_callback("http://caller.example/") == "The URL is not https."
    assert "loopback" in (outbound.check_callback("https://127.0.0.1/") or "")


def test_everything_that_is_wrong_with_one_endpoint_is_found_at_its_key() -> None:
    text = """
outbound: {callback_secrets: [whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=]}
endpoints:
  a:
    url: https://a.example/
    secrets:
      - {value: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, until: tomorrow}
    events: [job.queud, schedule.fird, plugins.own]
    commands: [greet, "*", "shop/*"]
    headers: {X-A: "a\\nb", webhook-id: x}
    tls: {cert: hunter2}
    order: {by: "$.x"}
    if: data.
    schedule: [0s, 400d]
    rate: 1/2d
    allow_networks: [10.0.0.1/8]
    connect_timeout: 20s
    disable_after: 5000d
  b:
    url: https://a.example/
    secrets: [whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=]
    signature: plain
  c:
    url: https://a.example/
    secrets: [{value: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, until: 2030-01-01T00:00:00Z}]
  d:
    url: https://10.1.1.1/
    secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]
    allow_networks: [10.1.0.0/16]
"""
    problems = dict(Outbound.problems(loads(text, environ={})))
    assert sorted(problems) == [
        "endpoints.a.allow_networks[0]",
        "endpoints.a.commands[0]",
        "endpoints.a.connect_timeout",
        "endpoints.a.disable_after",
        "endpoints.a.events[0]",
        "endpoints.a.events[1]",
        "endpoints.a.headers.X-A",
        "endpoints.a.headers.webhook-id",
        "endpoints.a.if",
        "endpoints.a.order.by",
        "endpoints.a.rate",
        "endpoints.a.schedule[1]",
        "endpoints.a.secrets[0].until",
        "endpoints.a.tls",
        "endpoints.b.secrets",
        "endpoints.c.secrets",
        "outbound.callback_secrets[0]",
    ]
    assert "whsec_" in problems["endpoints.b.secrets"]
    assert "until" in problems["endpoints.c.secrets"]
    assert "hunter2" not in str(problems)
