"""The reference of the egress guard as Markdown, made from the table that it judges by."""

from collections.abc import Iterator
from typing import Final

from hookyard.egress.networks import DENIED, Denied

_HEAD: Final = """\
# The egress guard

Before a request goes to a URL that somebody chose (a webhook, a plugin's own call, a sender's certificate), the guard
reads it, looks its host up, and judges every address. `hookyard egress check URL` says what it thinks of one and which
address decides; `hookyard egress table --markdown` made this page.

## The URL

- `https`; `http` only with `outbound.allow_http`. Port 443; others only with `outbound.allow_ports`.
- No user name and no password, no fragment, no backslash, no control character, nothing beyond ASCII, at most 2048
  characters.
- The host is a DNS name (write others as `xn--`), an IPv4 address in its four decimal parts, or an IPv6 address in
  brackets. All else that some library takes for an address is refused: `2130706433`, `0x7f.1`, `0177.0.0.1`, `127.1`,
  percent-encoding, full-width digits, zone ids. One dot at the end is taken away.

## The addresses

- Every address that the resolver answers with is judged, and one that may not be called condemns the name: a mixed
  answer is an attack or a mistake.
- The addresses that were judged are the ones connected to; nothing is looked up again in between. TLS checks the
  certificate against the name. The answer of the resolver is used again for 30 seconds.
- An address in `outbound.allow_networks`, or in an endpoint's own `allow_networks`, may be called whatever the table
  says. An IPv4-mapped address (`::ffff:0:0/96`) is judged as the IPv4 address in it. One that leads to an IPv4 address
  through a gateway (NAT64, 6to4, Teredo, IPv4-translated) has to be allowed, and so has the address behind it.
- No redirect is followed when a webhook is sent; where a plugin follows one, each hop passes the guard. No proxy of the
  environment is asked.

## The table

IANA's registries of special-purpose addresses, its list of IPv6 unicast assignments, and what is not in them and still
not public. Where two networks overlap the more exact reason stands first.
"""


def markdown() -> str:
    """The page."""
    return "\n".join((_HEAD, *_table("IPv4", 4), "", *_table("IPv6", 6), ""))


def _table(title: str, version: int) -> Iterator[str]:
    yield f"### {title}\n"
    yield "| network | first | last | what |"
    yield "|---|---|---|---|"
    for row in DENIED:
        if row.network.version == version:
            yield _line(row)


def _line(row: Denied) -> str:
    network = row.network
    return f"| `{network}` | `{network.network_address}` | `{network.broadcast_address}` | {row.what} |"
