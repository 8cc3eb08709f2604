"""A question sees all of a batch or nothing of it, as the readers of a database do.

The coalescer's thread changes the model while the event loop asks: without this a job could be seen to have ended
before what follows it is there.
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from threading import Lock
from typing import Any, Protocol, TypeVar, cast


class Guarded(Protocol):
    """What is changed by one thread and asked by others."""

    between: Lock
    """Held while a batch is applied or a question answered."""


Question = TypeVar("Question", bound=Callable[..., Coroutine[Any, Any, object]])


def whole(question: Question) -> Question:
    """Answer the question between two batches. It must not wait for anything itself."""

    @wraps(question)
    async def ask(self: Guarded, /, *args: object, **kwargs: object) -> object:
        with self.between:
            return await question(self, *args, **kwargs)

    return cast("Question", ask)
