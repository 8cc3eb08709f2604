"""Sending again, replaying and deleting deliveries: what is asked for page by page, of whomever they are."""

from pathlib import Path

from msgspec import Struct, to_builtins

from hookyard.cli.remote import connect


class Moves(Struct, frozen=True, kw_only=True):
    """What is asked for, and how what came of it is told."""

    url: str
    token_file: Path | None
    path: str
    """The route."""
    body: dict[str, object]
    """What of it every page asks for: from when to when, and whose."""
    cursor: str | None
    """Where to begin; None: at the beginning."""
    dry_run: bool
    json: bool
    event: str | None = None
    """Only those of this event, or of those that this glob takes."""
    error: str | None = None
    """Only those with this last error."""

    def recover(self, *, waiting: bool) -> None:
        """Send again what failed for good, and what waits, if that is wanted too."""
        self._walk({"count": "to be sent again" if self.dry_run else "sent again"}, {"waiting": waiting})

    def replay(self) -> None:
        """Send what was not told."""
        self._walk({"planned": "to be sent", "looked_at": "looked at"}, {})

    def purge(self, statuses: list[str]) -> None:
        """Delete those of these statuses."""
        self._walk({"count": "to be deleted" if self.dry_run else "deleted"}, {"statuses": statuses})

    def _walk(self, words: dict[str, str], more: dict[str, object]) -> None:
        # Imported here so that the other commands do not pay for it.
        from hookyard.cli.endpoints.pages import Walk, walk
        from hookyard.store.contract import DeliveryFilter

        only = to_builtins(DeliveryFilter(event=self.event, error=self.error))
        body = {**self.body, **more, **only, "dry_run": self.dry_run}
        with connect(self.url, self.token_file) as api:
            walk(api, Walk(path=self.path, body=body, cursor=self.cursor, words=words, json=self.json))
