"""Events of an application: one call, and all who listen get a signed webhook."""

from typing import Annotated, Final

from msgspec import Meta, Raw, Struct

from hookyard import Context, Plugin, Retry, event_type_problem

__all__ = ["Event", "plugin", "send"]

MOST_BYTES: Final = 1_000_000
"""Of the data of one event: what may be emitted (1 MiB), and sent (`outbound.max_body`, 1 MiB if left out), with room
for what stands around it in a webhook."""

plugin = Plugin("events")

Type = Annotated[
    str,
    Meta(
        description="Two or more words of a-z, 0-9 and _ with dots between, such as `order.placed`; "
        "at most 200 characters."
    ),
]
Key = Annotated[
    str,
    Meta(max_length=200, description="What makes two events the same one to those who read them; kept, and not sent."),
]


class Event(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happened."""

    type: Type
    data: Annotated[Raw, Meta(description="Any JSON, of at most 1,000,000 bytes; it is told to the byte as it came.")]
    dedupe_key: Key | None = None

    def __post_init__(self) -> None:
        if why := event_type_problem(self.type):
            msg = f"type: {self.type[:200]!r} {why}"
            raise ValueError(msg)
        if (size := memoryview(self.data).nbytes) > MOST_BYTES:
            msg = f"data: it has {size} bytes, and an event may have {MOST_BYTES}"
            raise ValueError(msg)


# An attempt fails here only when the server dies under it, whatever killed that; nothing was told then.
@plugin.command(retry=Retry(attempts=10, cap=60), idempotent=True)
async def send(data: Event, ctx: Context) -> None:
    """Tell every endpoint that listens to events of this type.

    The event and a delivery for each of them are written in the transaction that ends the job.
    """
    ctx.emit(data.type, data.data, dedupe_key=data.dedupe_key)
