"""Other endpoints while the server runs."""

from hookyard.config import Config, loads
from hookyard.outbound.endpoints import Endpoints

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def config(**urls: str) -> Config:
    lines = [f"  {name}: {{url: '{url}', secrets: [{SECRET}]}}\n" for name, url in urls.items()]
    return loads("endpoints:\n" + "".join(lines) if lines else "", environ={})


def listeners(endpoints: Endpoints) -> tuple[str, ...]:
    return endpoints.listeners("job.succeeded", "hello", "greet")


def test_endpoints_come_go_and_change_in_place() -> None:
    endpoints = Endpoints(config(a="https://a.example", b="https://b.example"))
    assert listeners(endpoints) == ("a", "b")
    endpoints.use(config(b="https://other.example", c="https://c.example"))
    assert listeners(endpoints) == ("b", "c")
    found = endpoints.get("b")
    assert found is not None
    assert found.route.url == "https://other.example"
    assert endpoints.get("a") is None


def test_one_that_is_gone_stays_so_until_its_settings_change() -> None:
    endpoints = Endpoints(config(a="https://a.example"))
    assert endpoints.disable("a")
    endpoints.use(config(a="https://a.example"))
    assert listeners(endpoints) == ()
    endpoints.use(config(a="https://new.example"))
    assert listeners(endpoints) == ("a",)
