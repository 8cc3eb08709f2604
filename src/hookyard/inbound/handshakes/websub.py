"""A WebSub hub asks by GET whether a subscription, or the end of one, was meant.

Source: https://www.w3.org/TR/websub/#hub-verifies-intent
"""

from collections.abc import Sequence

from hookyard.inbound.handshake import Reply, Terms
from hookyard.inbound.handshakes.hub import challenge, knows, mode
from hookyard.inbound.handshakes.parts import Quiet, once
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import Key


class WebSub(Quiet):
    """`hub.mode=subscribe` for a topic that is wanted, `unsubscribe` for one that is not wanted any more.

    Anybody can have a hub ask for the end of a subscription, since topics are no secret. So that is agreed to only for
    topics that the configuration does not name, unless the hub knows a word. Where there is a word, it is needed; where
    there are topics, only they can be subscribed to; where there is neither, nothing is answered.
    """

    name = "websub"
    reads = needs = frozenset({"verify_token", "topics"})

    def before(self, request: InboundRequest, keys: Sequence[Key], terms: Terms) -> Reply | None:
        """Say the challenge back where the configuration wants what is asked."""
        del keys
        asked, topic = mode(request), once(request, "hub.topic")
        if asked is None or topic is None:
            return None
        by_word = terms.verify_token is not None
        if (by_word and not knows(request, terms)) or not (by_word or terms.topics):
            return None
        named = topic in {each.encode() for each in terms.topics}
        meant = (named or not terms.topics) if asked == "subscribe" else (by_word or not named)
        return challenge(request) if meant else None
