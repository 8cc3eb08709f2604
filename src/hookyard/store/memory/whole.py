"""A question sees all of a batch or nothing of it, as the readers of a database do.

The coalescer's thread changes the model while the event loop asks: without this a job could be seen to have ended
before what follows it is there.
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from threading import Lock
from typing import Concatenate, ParamSpec, Protocol, TypeVar


class Guarded(Protocol):
    """What is changed by one thread and asked by others."""

    between: Lock
    """Held while a batch is applied or a question answered."""


S = TypeVar("S", bound=Guarded)
P = ParamSpec("P")
T = TypeVar("T")
Question = Callable[Concatenate[S, P], Coroutine[None, None, T]]


def whole(question: Question[S, P, T]) -> Question[S, P, T]:
    """Answer the question between two batches. It must not wait for anything itself."""

    @wraps(question)
    async def ask(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self.between:
            return await question(self, *args, **kwargs)

    return ask
