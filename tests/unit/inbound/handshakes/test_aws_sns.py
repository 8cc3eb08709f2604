"""SNS has a URL visited, which must be one of SNS that confirms what was signed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.inbound.handshakes.lab import signed

from hookyard.errors import Refused
from hookyard.inbound.handshake import Reply

TOPIC = "arn:aws:sns:us-west-2:123456789012:MyTopic"
TOKEN = "2336412f37fb687f5d51e6e241d09c805a5a57b30d712f794cc5f6a988666d92"
QUERY = f"Action=ConfirmSubscription&TopicArn={TOPIC}&Token={TOKEN}"
URL = f"https://sns.us-west-2.amazonaws.com/?{QUERY}"


def message(url: object, kind: str = "SubscriptionConfirmation") -> dict[str, object]:
    return {"Type": kind, "Token": TOKEN, "TopicArn": TOPIC, "SubscribeURL": url, "Message": "…"}


@pytest.mark.parametrize(
    "url",
    [
        URL,
        f"https://sns.cn-north-1.amazonaws.com.cn/?{QUERY}",
        f"https://sns.us-gov-west-1.amazonaws.com/?{QUERY}",
        f"https://sns.ap-southeast-2.amazonaws.com/?Token={TOKEN}&Action=ConfirmSubscription&TopicArn={TOPIC}",
        f"https://sns.us-west-2.amazonaws.com/?{QUERY.replace(':', '%3A')}",
    ],
)
def test_a_subscription_is_confirmed_by_a_visit_to_the_url_as_it_was_sent(url: str) -> None:
    assert signed("aws-sns", message(url)) == Reply(visit=url)


@pytest.mark.parametrize(
    "url",
    [
        None,
        1,
        "",
        URL.replace("https", "http"),
        URL.replace("https", "HTTPS"),
        URL.replace(".com/", ".com:443/"),
        URL.replace(".com/", ".com:8443/"),
        URL.replace("https://", "https://user@"),
        URL.replace("https://", "https://user:word@"),
        URL.replace("https://", "https://evil.test@"),
        URL.replace("https://", "https://evil.test/"),
        URL.replace("https://", "https://evil.test\\@"),
        URL.replace("amazonaws.com", "amazonaws.com.evil.test"),
        URL.replace("amazonaws.com", "evil.test"),
        URL.replace("amazonaws.com", "amazonaws-com.test"),
        URL.replace("amazonaws.com", "amazonawsxcom"),
        URL.replace("sns.us-west-2.", "sns."),
        URL.replace("sns.us-west-2.", "sns.us-west-2.evil."),
        URL.replace("sns.us-west-2.", "evil-sns.us-west-2."),
        URL.replace("sns.us-west-2.", "s3.us-west-2."),
        URL.replace("sns.us-west-2.", "sns.mybucket."),
        URL.replace("amazonaws.com/", "amazonaws.com/evil"),
        URL.replace("amazonaws.com/", "amazonaws.com"),
        URL.replace("amazonaws.com/", "amazonaws.com./"),
        URL.replace("us-west-2", "ús-west-2"),
        URL.replace("us-west-2.a", "US-WEST-2.A"),
        f" {URL}",
        f"{URL} ",
        f"{URL}\n",
        f"{URL}#x",
        f"{URL}\r\nX: y",
        URL + "x" * 2000,
        URL.replace("ConfirmSubscription", "Unsubscribe"),
        URL.replace("ConfirmSubscription", "Publish"),
        URL.replace("Action=ConfirmSubscription&", ""),
        f"{URL}&Action=Publish",
        f"{URL}&Token=2",
        f"{URL}&%54oken=2",
        URL.replace(TOKEN, "2"),
        URL.replace("MyTopic", "YourTopic"),
    ],
)
def test_any_other_url_is_refused_and_not_to_be_visited(url: object) -> None:
    with pytest.raises(Refused) as caught:
        signed("aws-sns", message(url))
    assert (caught.value.code, caught.value.path) == ("invalid_input", "$.SubscribeURL")


@pytest.mark.parametrize("without", ["Token", "TopicArn"])
def test_a_confirmation_that_does_not_say_what_it_confirms_is_refused(without: str) -> None:
    with pytest.raises(Refused):
        signed("aws-sns", message(URL.replace(TOKEN, "None").replace(TOPIC, "None")) | {without: None})


@given(st.from_regex(r"https://sns\.[a-z0-9.@:/\\#?-]{0,30}amazonaws\.com[a-z0-9.@:/\\#?-]{0,30}/\?", fullmatch=True))
def test_whatever_is_visited_is_a_host_of_sns(start: str) -> None:
    try:
        reply = signed("aws-sns", message(start + QUERY))
    except Refused:
        return
    assert reply is not None
    assert reply.visit is not None
    host = reply.visit.removeprefix("https://").partition("/")[0]
    assert host.startswith("sns.")
    assert host.endswith((".amazonaws.com", ".amazonaws.com.cn"))
    assert not set(host) & set("@:/\\#?")


def test_the_end_of_a_subscription_is_taken_note_of_and_not_undone() -> None:
    assert signed("aws-sns", message(URL, "UnsubscribeConfirmation")) == Reply()


def test_what_the_header_says_does_not_make_a_question_of_a_notification() -> None:
    headers = {b"x-amz-sns-message-type": b"SubscriptionConfirmation"}
    assert signed("aws-sns", message(URL, "Notification"), headers=headers, event="SubscriptionConfirmation") is None
