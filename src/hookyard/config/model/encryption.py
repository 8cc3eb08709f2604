"""What is encrypted where it is stored."""

from hookyard.config.model.parts import Section
from hookyard.config.values import Secret


class EncryptionSettings(Section, frozen=True, kw_only=True):
    """How the store keeps what is never shown of endpoints that are made over HTTP: secrets, headers, certificates."""

    keys: tuple[Secret, ...] = ()
    """Keys that `hookyard db key` makes, best in files of their own. The first one encrypts, all of them decrypt; with
    none, nothing is encrypted. What stands under another key, or under none, is encrypted anew in the background by
    the next start or reload."""
