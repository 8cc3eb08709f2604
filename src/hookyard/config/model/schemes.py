"""How the sender of an inbound webhook signs: a preset, a template of one's own, or a plugin."""

from typing import Annotated, Literal

from msgspec import Meta

from hookyard.config.model.parts import END, MINUTE, Header, Name, Positive, Section, Text
from hookyard.config.values import Duration, Secret

PresetName = Annotated[
    Literal[
        "aws-sns",
        "azure-devops",
        "azure-event-grid",
        "bitbucket",
        "bitbucket-server",
        "circleci",
        "cloudevents",
        "discord",
        "docker-hub",
        "forgejo",
        "gitea",
        "github",
        "gitlab",
        "gogs",
        "jira",
        "linear",
        "meta",
        "microsoft-graph",
        "paddle",
        "pagerduty",
        "rfc9421",
        "sendgrid",
        "sentry",
        "shopify",
        "slack",
        "square",
        "standard-webhooks",
        "stripe",
        "twilio",
        "twitch",
        "vercel",
        "webflow",
        "websub",
        "woocommerce",
        "x",
        "zoom",
    ],
    Meta(description="the name of a preset such as github"),
]
"""The senders that are known by name; each is a file of `hookyard.inbound.presets`."""
Mac = Literal[
    "hmac-sha1",
    "hmac-sha256",
    "hmac-sha384",
    "hmac-sha512",
    "ed25519",
    "ecdsa-p256-sha256",
    "rsa-sha1",
    "rsa-sha256",
    "token",
]
JsonPath = Annotated[
    str, Meta(pattern=r"^\$[.\[].+" + END, description="a path into the body such as $.id or $.items[0].name")
]


class Place(Section, frozen=True, kw_only=True):
    """Where in a request a value stands; exactly one of `header`, `query`, `json`, `part` and `constant`."""

    header: Header | None = None
    """In this header."""
    query: Text | None = None
    """In this parameter of the URL's query."""
    json: JsonPath | None = None
    """At this path of the body, which is read only after the signature was found good, where that is possible."""
    part: Text | None = None
    """In the part of this name of the signature's own header."""
    constant: Text | None = None
    """Always this text."""
    prefix: str = ""
    """What stands before the value, and is no part of it."""


class SignatureSettings(Section, frozen=True, kw_only=True):
    """Where a signature stands and how several are told apart; exactly one of `header`, `query`, `json` and `basic`."""

    header: Header | None = None
    """In this header."""
    query: Text | None = None
    """In this parameter of the URL's query; the log never shows queries."""
    json: JsonPath | None = None
    """At this path of the body."""
    basic: bool = False
    """In `Authorization: Basic`; with `mac: token`, whose secrets are then written `user:password`."""
    prefix: str = ""
    """What stands before the signature, such as `sha256=`."""
    separator: str = ""
    """What stands between several entries of the header, such as `,`; nothing: it is one entry."""
    part: str = ""
    """The name of the entries that are signatures, such as `v1` in `t=1,v1=abc`; all others are passed over."""
    assign: str = "="
    """What stands between an entry's name and its value."""


class TimestampSettings(Place, frozen=True, kw_only=True):
    """Where the time of sending stands. It is signed as it is written, and read only to see how old it is."""

    unit: Literal["s", "ms", "rfc3339"] = "s"
    """Seconds or milliseconds since 1970, or a date and time as RFC 3339 has it."""
    tolerance: Duration = Duration(5 * MINUTE)
    """How far that time may be from ours, in both directions."""


class ReadingSettings(Section, frozen=True, kw_only=True):
    """What a verified request is: where its event and its delivery id stand, and what its body may be."""

    delivery: Place | None = None
    """Where the sender's id of the delivery stands; without one the digest of the body takes its place. It is also
    the `{id}` of the content."""
    event: Place | tuple[Place, ...] | None = None
    """Where the event's name stands, or several places, of which the first that has one counts; without one every
    request is of the event `webhook`."""
    pings: tuple[str, ...] = ()
    """Events that only ask whether anybody is there: answered, and nothing is run but what names them
    in its `on`, and not by a glob."""
    form: Text | None = None
    """The field that holds the JSON when the body is a form; one without it becomes an object of its fields."""
    never_with: tuple[Header, ...] = ()
    """Headers that give another sender away, who uses this one's headers too."""


class TemplateScheme(ReadingSettings, frozen=True, kw_only=True):
    """A signature described by what is signed, how, and where it stands."""

    signature: SignatureSettings
    """Where the signature stands."""
    content: Text = "{body}"
    """What is signed: `{body}`, `{timestamp}`, `{id}`, `{url}`, `{method}`, `{path}` and whatever stands between
    them. `{url}` and `{path}` are of the source's `url`, never of what a request says about itself."""
    mac: Mac = "hmac-sha256"
    """How it is signed; `token` compares the secret itself and signs nothing, so the sender must use HTTPS."""
    encoding: Literal["hex", "base64", "base64url"] = "hex"
    """How the signature is written: hex in any case; base64 with or without its padding."""
    key: Literal["raw", "base64", "hex", "whsec", "pem"] = "raw"
    """How a secret becomes the key: its text as it is, decoded, decoded after `whsec_`, or a public key in PEM."""
    timestamp: TimestampSettings | None = None
    """Where the time of sending stands, if there is one."""
    form_signs: Literal["form", "field"] = "form"
    """What of a form is signed: all of it as it came, or what its field `form` holds."""


class PresetScheme(Section, frozen=True, kw_only=True):
    """A sender that is known by name, with settings that not every one has; `hookyard hooks presets` lists them."""

    preset: PresetName
    """The preset's name."""
    tolerance: Duration | None = None
    """How far the time of sending may be from ours, where the sender says it; the preset's own if left out."""
    prefix: Text | None = None
    """Of `standard-webhooks`: what stands before `-id`, `-timestamp` and `-signature` in the headers' names, such as
    `svix`; `webhook` if left out."""
    accept: Literal["token", "signature", "either"] | None = None
    """Of `gitlab`: what proves that a request is genuine: the secret token, the signature of a signing token, or
    either of them, which is for the time of a move; `signature` if left out."""
    until: str | None = None
    """Of `gitlab` with `accept: either`: when the token stops being enough, as RFC 3339; needed there."""
    topics: tuple[Text, ...] = ()
    """Of `aws-sns`: the ARNs of the topics that may send; needed there. Of `websub`: the topics subscribed to."""
    header: Header | None = None
    """Of `azure-devops` and `azure-event-grid`: the header that holds the secret, where that is neither in
    `Authorization: Basic` nor the URL's `token`."""
    components: tuple[Text, ...] = ()
    """Of `rfc9421`: what a signature must cover; `@method`, `@target-uri` or `@authority` with `@path`, and
    `content-digest` if left out."""


class PluginScheme(Section, frozen=True, kw_only=True):
    """A signature that a plugin verifies."""

    plugin: Name
    """The plugin whose hook `verify_webhook` is asked about every request; it is handed the source's `secrets`."""


class HandshakeSettings(Section, frozen=True, kw_only=True):
    """What a sender is answered that first asks whether it may send here."""

    verify_token: Secret | None = None
    """Of `meta` and `websub`: the word that was given to the sender when it was subscribed (`hub.verify_token`)."""
    origins: tuple[Text, ...] = ()
    """Of `cloudevents`: who may send, by the name in `WebHook-Request-Origin`; `*` is anybody."""
    rate: Positive | None = None
    """Of `cloudevents`: how many requests a minute are allowed, where the sender asks."""
