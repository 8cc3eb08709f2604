"""What is known of one kind of sender: a file of data, read when a source names it."""

from typing import Literal

from msgspec import Struct

from hookyard.config.model import ReadingSettings, TemplateScheme

Sureness = Literal["vectors", "documentation", "second-hand"]
"""How sure a preset is: checked against signatures that others made; written after the sender's own page, and checked
against its own signer only; put together from what others say, so experimental."""
Host = Literal["github", "gitlab", "gitea", "bitbucket", "bitbucket-server", "azure-devops"]
"""Git hosts, by whose events they send: Forgejo and Gogs send those of Gitea."""


class Preset(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file `presets/<name>.yaml`: a template, or the name of a verifier and where event and delivery id stand.

    Whoever has another sender writes a template just like these under `scheme:`.
    """

    title: str
    """As the sender writes its name."""
    sure: Sureness
    pages: tuple[str, ...] = ()
    """Where the rules were read."""
    notes: str = ""
    """What its users have to know, in a sentence or two."""
    template: TemplateScheme | None = None
    verifier: str | None = None
    """Instead: one of `hookyard.inbound.verifiers`."""
    reading: ReadingSettings = ReadingSettings()
    """With `verifier`; a template says it itself."""
    handshakes: tuple[str, ...] = ()
    """Of `hookyard.inbound.handshakes`, in the order in which they are asked."""
    host: Host | None = None
    """Whose typed events it sends."""
    settings: tuple[str, ...] = ()
    """Which settings of `PresetScheme` it takes, beside `tolerance` where it has a timestamp."""
    secret: str = "the secret that was entered at the sender"  # noqa: S105  words about one
    """What its `secrets` are, in words."""
    needs_secrets: bool = True
