"""AWS SNS asks by a signed message to visit a URL, by which the subscription begins.

Source: https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html
"""

import re
from collections.abc import Mapping
from typing import Final

from hookyard.errors import Refused
from hookyard.inbound.handshake import Reply, Terms
from hookyard.inbound.handshakes.parts import Quiet, members
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import Key

_URL: Final = re.compile(
    # A service's host, and nothing that two parsers could read differently: no user, no port, no fragment.
    r"https://sns\.[a-z]{2,4}(?:-[a-z]{2,16}){1,3}-[0-9]{1,2}\.amazonaws\.com(?:\.cn)?/\?(?P<query>[A-Za-z0-9%&=:._~-]{1,1500})"
)
_DONE: Final = Reply()


class AwsSns(Quiet):
    """`SubscriptionConfirmation`: its URL is to be visited.

    That of an `UnsubscribeConfirmation` is not: it would undo the end of the subscription.
    """

    name = "aws-sns"

    def after(self, request: InboundRequest, event: str, body: object, key: Key, terms: Terms) -> Reply | None:
        """Have the URL visited. The type is that of the body, which is signed; the header's is not.

        Raises:
            Refused: the URL is none of SNS, or confirms something else than what was signed.
        """
        del request, event, key, terms
        asked = members(body)
        kind = asked.get("Type")
        if kind == "SubscriptionConfirmation":
            return Reply(visit=_url(asked))
        return _DONE if kind == "UnsubscribeConfirmation" else None


def _url(asked: Mapping[str, object]) -> str:
    url = asked.get("SubscribeURL")
    found = _URL.fullmatch(url) if isinstance(url, str) else None
    if found is None or not isinstance(url, str):
        raise Refused("invalid_input", "Expected a URL of SNS.", path="$.SubscribeURL")
    query = InboundRequest(headers={}, now=0, query=found["query"].encode())
    for name, wanted in {
        "Action": "ConfirmSubscription",
        "TopicArn": asked.get("TopicArn"),
        "Token": asked.get("Token"),
    }.items():
        if not isinstance(wanted, str) or query.parameters(name) != [wanted.encode()]:
            raise Refused("invalid_input", f"The URL has another {name} than is signed.", path="$.SubscribeURL")
    return url
