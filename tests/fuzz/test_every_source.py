"""What every known sender's request becomes when it comes again, is too large, or is put together in another order."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice, permutations
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.fuzz.every_source import Sender, Sent, house, send, senders
from tests.unit.gateway.lab import CAP

from hookyard.inbound.verifier import Timed

every = pytest.mark.parametrize("name", sorted(senders()))
JSON: Final = b"application/json"
BODY: Final = b'{"note":"Ada"}'
_SPACED: Final = {"standard-webhooks": " ", "gitlab": " ", "rfc9421": ", "}
"""What stands between the signatures of those that are classes."""


def request_of(name: str, delivery: str, body: bytes = BODY, *, secret: str | None = None) -> Sent:
    """A request as its sender makes it now."""
    one = senders()[name]
    one = one if secret is None else replace(one, secret=secret)
    return one.request(body, "push", delivery, house().clock.now(), JSON)


def same(name: str, delivery: str, now: int) -> Sent:
    """The same request whenever it is asked for, to be changed: not every signature is made the same way twice."""
    return replace(_same(name, delivery, now))


@cache
def _same(name: str, delivery: str, now: int) -> Sent:
    return senders()[name].request(BODY, "push", delivery, now, JSON)


def tolerance_of(one: Sender) -> int | None:
    """Milliseconds; None when it does not say when it sent."""
    return one.scheme.verifier.tolerance if isinstance(one.scheme.verifier, Timed) else None


# --- replayed -----------------------------------------------------------------------------------------------------


@every
def test_a_request_that_comes_again_is_the_same_job_and_later_is_refused_where_it_says_when(name: str) -> None:
    sent = request_of(name, "replayed-1", b'{"note":"replayed"}')  # of some, the body is what tells it from others
    first, again = send(sent, name), send(sent, name)
    assert (first.status, again.status) == (202, 202), (first.body, again.body)
    assert "duplicate" not in first.json
    assert again.json["duplicate"] is True
    stored, tolerance = len(house().dispatcher.jobs), tolerance_of(senders()[name])
    house().clock.advance((tolerance or 3_600_000) + 1000)
    late = send(sent, name)
    if tolerance is None:
        assert late.json["duplicate"] is True
    else:
        assert (late.status, late.code) == (401, "invalid_signature")
    assert len(house().dispatcher.jobs) == stored


# --- oversized ----------------------------------------------------------------------------------------------------


@every
def test_a_body_that_is_too_large_is_not_taken_though_it_is_signed(name: str) -> None:
    large = request_of(name, "large-1", b'{"note":"%b"}' % (b"x" * CAP))
    pieces = [large.body[at : at + 1000] for at in range(0, len(large.body), 1000)]
    path, stored = f"/hooks/{name}", len(house().dispatcher.jobs)
    length = (b"content-length", b"%d" % len(large.body))
    announced = house().call("POST", path, [*large.headers, length], pieces, query=large.query)
    assert (announced.status, announced.code, announced.unread) == (413, "too_large", len(pieces)), "nothing was read"
    chunked = house().call("POST", path, large.headers, [*pieces, b"x", b"x"], query=large.query)
    assert (chunked.status, chunked.code) == (413, "too_large")
    assert len(house().dispatcher.jobs) == stored


# --- in another order ---------------------------------------------------------------------------------------------


@every
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_headers_may_come_in_any_order(name: str, data: st.DataObject) -> None:
    sent = same(name, "shuffled-1", house().clock.now())
    sent.headers = data.draw(st.permutations(list(sent.headers)))
    assert send(sent, name).status == 202


def entries_of(name: str, sent: Sent) -> dict[bytes, list[bytes]]:
    """The headers that carry signatures, each with its entries."""
    template = senders()[name].scheme.template
    if template is not None:
        carriers = {(template.signature.header or "").lower().encode()}
        separator = template.signature.separator
    else:
        carriers, separator = {b"webhook-signature", b"signature", b"signature-input"}, _SPACED[name]
    return {key: value.split(separator.encode()) for key, value in sent.headers if key in carriers}


PARTED: Final = sorted(
    name
    for name, one in senders().items()
    if name in _SPACED or (one.scheme.template is not None and one.scheme.template.signature.separator)
)


def separator_of(name: str) -> bytes:
    """What stands between entries."""
    template = senders()[name].scheme.template
    return (_SPACED[name] if template is None else template.signature.separator).encode()


def arranged(name: str) -> Iterator[Sent]:
    """A genuine request whose signature is one of two, in all orders of their parts."""
    good = request_of(name, "arranged-1")
    other = request_of(name, "arranged-1", secret=senders()[name].scheme.verifier.pair().signing)
    all_of = entries_of(name, good)
    for key, entries in entries_of(name, other).items():
        foreign = [re.sub(rb"^sig1=", b"sig2=", entry) for entry in entries]
        all_of[key] = list(dict.fromkeys([*all_of[key], *foreign]))
    most = max(map(len, all_of.values()))
    for order in islice(permutations(range(most)), 24):
        headers = [
            (key, separator_of(name).join(all_of[key][at] for at in order if at < len(all_of[key])))
            if key in all_of
            else (key, value)
            for key, value in good.headers
        ]
        yield Sent(headers=headers, body=good.body, query=good.query)


@pytest.mark.parametrize("name", PARTED)
def test_the_parts_of_a_signature_may_come_in_any_order(name: str) -> None:
    orders = list(arranged(name))
    assert len(orders) > 1
    for sent in orders:
        assert send(sent, name).status == 202, sent.headers


@every
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_signature_whose_pieces_are_in_another_order_is_good_or_refused(name: str, data: st.DataObject) -> None:
    sent = same(name, "mixed-1", house().clock.now())
    headers = list(sent.headers)
    at = data.draw(st.integers(0, len(headers) - 1))
    key, value = headers[at]
    pieces = re.split(rb"([,;:= ()]+)", value)
    headers[at] = (key, b"".join(data.draw(st.permutations(pieces))))
    sent.headers = headers
    if key != b"content-type":
        assert send(sent, name).status in {200, 202, 400, 401}


def test_components_that_were_signed_in_another_order_are_another_signature() -> None:
    sent = request_of("rfc9421", "components-1")
    turned = [(key, value.replace(b'"@method" "@authority"', b'"@authority" "@method"')) for key, value in sent.headers]
    assert turned != list(sent.headers)
    assert send(replace(sent, headers=turned), "rfc9421").status == 401
