"""What the OpenAPI document says of sending again, replaying and deleting."""

from typing import Any

import pytest
from tests.unit.gateway.lab import House

ENDPOINT = "/api/v1/endpoints/{name}"
FILTERED = (f"{ENDPOINT}/recover", f"{ENDPOINT}/purge", "/api/v1/deliveries/recover", "/api/v1/deliveries/purge")


def asked(house: House, path: str) -> dict[str, Any]:
    """What the body of a route may have."""
    document = house.get("/openapi.json", None).json
    schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"]
    return found


@pytest.mark.parametrize("path", [*FILTERED, f"{ENDPOINT}/replay"])
def test_an_event_is_asked_for_in_the_same_way_everywhere_and_an_error_where_something_was_sent(
    house: House, path: str
) -> None:
    words = asked(house, path)
    first = asked(house, FILTERED[0])
    assert words["event"] == first["event"]
    assert {"type": "string", "minLength": 1, "maxLength": 200} in first["event"]["anyOf"]
    assert words.get("error") == (first["error"] if path in FILTERED else None)
