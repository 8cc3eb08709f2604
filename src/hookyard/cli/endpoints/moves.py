"""Sending again, replaying and deleting deliveries: what is asked for page by page, of whomever they are."""

from pathlib import Path

from msgspec import Struct

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

    def recover(self, *, waiting: bool, event: str | None, error: str | None) -> None:
        """Send again what failed for good, and what waits, if that is wanted too."""
        more = {"waiting": waiting, **_typed(event=event, error=error)}
        self._walk({"count": "to be sent again" if self.dry_run else "sent again"}, more)

    def replay(self, *, event: str | None) -> None:
        """Send what was not told."""
        self._walk({"planned": "to be sent", "looked_at": "looked at"}, _typed(event=event))

    def purge(self, statuses: list[str], *, event: str | None, error: str | None) -> None:
        """Delete those of these statuses."""
        more = {"statuses": statuses, **_typed(event=event, error=error)}
        self._walk({"count": "to be deleted" if self.dry_run else "deleted"}, more)

    def _walk(self, words: dict[str, str], more: dict[str, object]) -> None:
        # Imported here so that the other commands do not pay for it.
        from hookyard.cli.endpoints.pages import Walk, walk

        body = {**self.body, **more, "dry_run": self.dry_run}
        with connect(self.url, self.token_file) as api:
            walk(api, Walk(path=self.path, body=body, cursor=self.cursor, words=words, json=self.json))


def _typed(**given: str | None) -> dict[str, object]:
    """Those of them that were typed."""
    return {name: text for name, text in given.items() if text is not None}
