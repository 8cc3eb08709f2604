"""One Hookyard tells another: what endpoints are sent in each form is taken by the presets of the other's sources."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.lab import Server
from tests.ports import free_port

from hookyard.outbound.signing import public_key

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
PUBLIC = public_key(KEY)
SHARED = "base64:" + SECRET.removeprefix("whsec_")
OVER = "2020-01-01T00:00:00Z"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Server]:
    """The one that is told; its commands double a number."""
    (tmp_path / "hub").mkdir()
    found = Server(tmp_path / "hub")
    yield found
    found.end()


def test_each_form_is_taken_by_the_source_that_is_made_for_it(server: Server, hub: Server) -> None:
    port = free_port()  # said before the server starts, since its URL is signed
    url = f"http://127.0.0.1:{port}/hooks"
    sources = {
        "secret": ("standard-webhooks", SECRET, "job.succeeded", "$.data.result.n"),
        "pair": ("standard-webhooks", PUBLIC.text, "job.succeeded", "$.data.result.n"),
        "cloud": ("standard-webhooks", PUBLIC.text, "job.succeeded", "$.data.result.n"),
        "shared": ("rfc9421", SHARED, "webhook", "$.data.result.n"),
        "pem": ("rfc9421", PUBLIC.pem, "webhook", "$.data.result.n"),
    }
    hub.config["server"] = {"port": port}
    hub.config["sources"] = {
        name: {
            "scheme": scheme,
            "secrets": [secret],
            "url": f"{url}/{name}",
            "routes": [{"on": event, "run": "lab/double", "with": {"n": path}}],
        }
        for name, (scheme, secret, event, path) in sources.items()
    }
    hub.start()
    more: dict[str, dict[str, object]] = {
        "pair": {"secrets": [SECRET, KEY]},
        "cloud": {"secrets": [KEY], "envelope": "cloudevents"},
        "shared": {"signature": "plain", "http_signature": True},
        "pem": {"secrets": [KEY, {"value": SECRET, "until": OVER}], "http_signature": True},
    }
    server.config["outbound"] = {"allow_http": True, "allow_networks": ["127.0.0.0/8"], "allow_ports": "any"}
    server.config["endpoints"] = {
        name: {"url": f"{url}/{name}", "secrets": [SECRET], **more.get(name, {})} for name in sources
    }
    server.start()
    assert server.trigger("double", {"n": 4}).status_code == 202
    for name in sources:
        job = hub.wait_for("job.running", principal=f"source:{name}")["job_id"]
        hub.wait_for("job.succeeded", job_id=job)
        assert hub.job(job)["result"] == {"n": 16}
