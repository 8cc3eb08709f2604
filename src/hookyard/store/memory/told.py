"""The model's other half: what commands log, emit, keep and make."""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from hookyard import ids
from hookyard.model import Artifact, Event, LogLine, StateChange, StateEntry
from hookyard.store.contract import EventQuery, PutState, Result, StateMismatch, StatePut
from hookyard.store.spans import made_at


class Told:
    """Lines, events, state and artifacts, in memory."""

    def __init__(self) -> None:
        self.event_places: set[int] = set()
        """The keys of the events: two ids with one key would be one row."""
        self._lines: dict[str, list[LogLine]] = {}
        self._events: dict[str, Event] = {}
        self._state: dict[tuple[str, str], tuple[int, bytes | None]] = {}
        """Plugin and key -> version, and the value unless it was deleted."""
        self._artifacts: dict[tuple[str, str], Artifact] = {}

    def append(self, lines: Iterable[LogLine], there: Callable[[str], bool]) -> None:
        """Keep the lines of jobs that are there."""
        for line in lines:
            if there(line.job_id):
                log = self._lines.setdefault(line.job_id, [])
                log.append(replace(line, number=log[-1].number + 1 if log else 1))

    def unusable(self, events: Iterable[Event]) -> str | None:
        """Why these events cannot be added, or None."""
        seen: set[int] = set()
        for event in events:
            if ids.parse(event.id) is None or (event.job_id and ids.parse(event.job_id) is None):
                return "not an id"
            key = ids.key(event.id)
            if key in self.event_places or key in seen:
                return "the id is in use"
            seen.add(key)
        return None

    def add(self, events: Iterable[Event], changes: Iterable[StateChange]) -> None:
        """Keep what came with the end of a job."""
        for event in events:
            self.event_places.add(ids.key(event.id))
            self._events[event.id] = event
        for change in changes:
            self._put(change.plugin, change.key, change.value)

    def put_state(self, op: PutState) -> Result:
        """Compare and set."""
        held = self.state(op.plugin, op.key)
        version = 0 if held is None else held.version
        if op.expected is not None and op.expected != version:
            return StateMismatch(version)
        return StatePut(self._put(op.plugin, op.key, op.value))

    def _put(self, plugin: str, key: str, value: bytes | None) -> int:
        version, _ = self._state.get((plugin, key), (0, None))
        self._state[plugin, key] = (version + 1, value)
        return version + 1

    def put_artifact(self, artifact: Artifact) -> None:
        """Keep the name of an artifact."""
        self._artifacts[artifact.job_id, artifact.name] = artifact

    def forget_lines(self, job_id: str, most: int) -> int:
        """Forget the oldest lines of a job; returns how many there were."""
        log = self._lines.get(job_id, [])
        gone = min(len(log), most)
        self._lines[job_id] = log[gone:]
        return gone

    def forget_artifacts(self, job_id: str) -> tuple[str, ...]:
        """Forget the names of a job's artifacts; returns where their content is, by name."""
        found = self.artifacts(job_id)
        for artifact in found:
            del self._artifacts[job_id, artifact.name]
        return tuple(artifact.location for artifact in found)

    def forget_events(self, before: int, limit: int) -> int:
        """Forget the oldest events of before that time; returns how many there were."""
        old = [one for one in sorted(self._events) if made_at(one) < before][: max(limit, 0)]
        for one in old:
            del self._events[one]
            self.event_places.discard(ids.key(one))
        return len(old)

    # --- questions ---

    def lines(self, job_id: str, after: int, limit: int) -> tuple[LogLine, ...]:
        """The lines of a job's log."""
        return tuple([line for line in self._lines.get(job_id, ()) if line.number > after][:limit])

    def events(self, query: EventQuery) -> tuple[Event, ...]:
        """A page of events."""
        found = [
            event
            for event in sorted(self._events.values(), key=lambda event: event.id, reverse=query.after is None)
            if query.type in {None, event.type}
            and query.plugin in {None, event.plugin}
            and query.job_id in {None, event.job_id}
            and query.tenant in {None, event.tenant}
            and (query.before is None or query.after is not None or event.id < query.before)
            and (query.after is None or event.id > query.after)
        ]
        return tuple(found[: query.limit])

    def event_ids(self) -> Iterable[str]:
        """The ids of all events."""
        return self._events

    def state(self, plugin: str, key: str) -> StateEntry | None:
        """What a plugin keeps under a key."""
        version, value = self._state.get((plugin, key), (0, None))
        return None if value is None else StateEntry(key=key, value=value, version=version)

    def states(self, plugin: str, prefix: str, after: str, limit: int) -> tuple[StateEntry, ...]:
        """What a plugin keeps under keys that begin so."""
        keys = sorted(key for owner, key in self._state if owner == plugin and key.startswith(prefix) and key > after)
        found = [entry for key in keys if (entry := self.state(plugin, key)) is not None]
        return tuple(found[:limit])

    def artifact_bytes(self) -> int:
        """The sizes of all artifacts."""
        return sum(artifact.size for artifact in self._artifacts.values())

    def artifacts(self, job_id: str) -> tuple[Artifact, ...]:
        """The artifacts of a job."""
        return tuple(self._artifacts[at] for at in sorted(self._artifacts) if at[0] == job_id)
