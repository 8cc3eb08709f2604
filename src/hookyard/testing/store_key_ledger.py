"""An account of the idempotency keys of a store (I5), kept by what it answered."""

from hookyard.store.contract import Dedupe, Enqueue, Enqueued, ForgetKeys, Mismatch, Result

_Name = tuple[str, str]
"""scope, key."""


class KeyLedger:
    """Knows which job each key stands for, as far as answers say it."""

    def __init__(self) -> None:
        self._keys: dict[_Name, tuple[Dedupe, str]] = {}
        self._perhaps: set[_Name] = set()
        """Keys of jobs that followed others: it is not told what they stand for."""
        self._pruned: set[_Name] = set()
        """Keys that had expired when some were pruned; if the clock then goes back they may or may not be known."""
        self._unrun: set[str] = set()
        """Dead letters of which nothing has run."""

    def answered(self, op: Enqueue, result: Result) -> None:
        """Hold the answer to a call against the account, and enter it."""
        dedupe = op.dedupe
        if op.dead is not None and result == Enqueued(op.job.id):
            self._unrun.add(op.job.id)
        if dedupe is None:
            stands = isinstance(result, Mismatch) or (isinstance(result, Enqueued) and result.duplicate)
            assert not stands or op.unique, "I5: only a live key, or a unique one, stands for a job"
        elif self._is_unclear(dedupe):
            self._guess(op, dedupe, result)
        else:
            self._check(op, dedupe, result)

    def _check(self, op: Enqueue, dedupe: Dedupe, result: Result) -> None:
        known = self._known(op, dedupe)
        by_key = isinstance(result, Enqueued) and result.duplicate and (known or not op.unique)
        if isinstance(result, Mismatch) or (isinstance(result, Enqueued) and by_key):
            assert known, "I5: only a live key stands for a job"
            assert result.job_id == known[1], "I5: a key stands for one job"
            assert isinstance(result, Mismatch) == (dedupe.digest != known[0].digest), (
                "I5: the same body is the same call"
            )
        elif isinstance(result, Enqueued):
            assert not known, "I5: no second job under a live key"
            wholes = [key for key in dedupe.also if self._stands(op, dedupe, key) is None]
            self._keys |= {(dedupe.scope, key): (dedupe, result.job_id) for key in (dedupe.key, *wholes)}

    def _guess(self, op: Enqueue, dedupe: Dedupe, result: Result) -> None:
        """The same where it is not sure what the keys stand for; of a job that is stored its own key is, from then."""
        if not isinstance(result, Enqueued):
            return
        name = (dedupe.scope, dedupe.key)
        stored = not result.duplicate and not result.coalesced
        if result.duplicate and not (op.unique or dedupe.also or name in self._perhaps):
            assert self._keys[name][1] == result.job_id, "I5: a key stands for one job"
            return
        self.perhaps(dedupe)
        if stored:
            self._keys[name] = (dedupe, result.job_id)
            self._perhaps.discard(name)
            self._pruned.discard(name)

    def _known(self, op: Enqueue, dedupe: Dedupe) -> tuple[Dedupe, str] | None:
        """What must have answered, if anything."""
        if dedupe.take:
            return None
        alone = [key for key in dedupe.also if not self._has_parts(dedupe.scope, key, op.now)]
        found = [self._stands(op, dedupe, key) for key in (dedupe.key, *alone)]
        return next((one for one in found if one is not None), None)

    def _stands(self, op: Enqueue, dedupe: Dedupe, key: str) -> tuple[Dedupe, str] | None:
        """The live key of this name, unless it is free for the job."""
        found = self._keys.get((dedupe.scope, key))
        if found is None or found[0].expires_at <= op.now:
            return None
        free = op.dead is None and found[1] in self._unrun and found[0].digest == dedupe.digest
        return None if free else found

    def _has_parts(self, scope: str, key: str, now: int) -> bool:
        live = (name for name, (dedupe, _) in self._keys.items() if dedupe.expires_at > now)
        return any(name[0] == scope and name[1].startswith(f"{key}\n") for name in live)

    def _is_unclear(self, dedupe: Dedupe) -> bool:
        """Whether what answers may be a key of which it is not known what it stands for."""
        unclear = self._perhaps | self._pruned
        wholes = tuple(f"{key}\n" for key in dedupe.also)
        parts = (scope == dedupe.scope and key.startswith(wholes) for scope, key in unclear)
        return not unclear.isdisjoint(_names(dedupe)) or (bool(wholes) and any(parts))

    def perhaps(self, dedupe: Dedupe) -> None:
        """Whether a call was taken is not told, so that it is not known what its keys stand for."""
        self._perhaps |= set(_names(dedupe))

    def rerun(self, job_id: str) -> None:
        """An ended job is tried again, or is gone."""
        self._unrun.discard(job_id)

    def pruned(self, now: int) -> None:
        """Some of those that had expired are forgotten."""
        self._pruned |= {name for name, (dedupe, _) in self._keys.items() if dedupe.expires_at <= now}

    def forgotten(self, op: ForgetKeys) -> None:
        """A key is forgotten, with its parts."""
        gone = {name for name in (*self._keys, *self._perhaps) if _is_below(name, op)}
        self._keys = {name: known for name, known in self._keys.items() if name not in gone}
        self._perhaps -= gone


def _names(dedupe: Dedupe) -> list[_Name]:
    return [(dedupe.scope, key) for key in (dedupe.key, *dedupe.also)]


def _is_below(name: _Name, op: ForgetKeys) -> bool:
    """Whether a key is the one to forget, or begins with it and a line break."""
    scope, key = name
    return scope == op.scope and (key == op.key or key.startswith(f"{op.key}\n"))
