"""What the sections are made of. A description here is what a message says after "expected"."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

END = r"$(?!\n)"
"""The end of a text: `$` alone also matches before a line end, in Python, and only in Python is there `\\Z`."""
# A description here is what a message says after "expected".
Name = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}" + END,
        description="a name of at most 64 letters, digits, `_`, `.` and `-`, a letter or digit first",
    ),
]
Header = Annotated[str, Meta(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+" + END, description="the name of an HTTP header")]
Envelope = Literal["standard", "cloudevents", "payload"]
"""What stands round what is told."""
Port = Annotated[int, Meta(ge=0, le=65535)]
ReceivingPort = Annotated[int, Meta(ge=1, le=65535)]
"""One that something can listen at; of a server's own 0 is any that is free."""
Positive = Annotated[int, Meta(ge=1)]
Text = Annotated[str, Meta(min_length=1)]
_GLOB = r"[A-Za-z0-9_.*?\[\]!-]+"
SCOPE_PATTERN = (
    rf"^!?(admin|trigger:ro|trigger:{_GLOB}/{_GLOB}|work:{_GLOB}(/{_GLOB})?"
    rf"|(jobs|endpoints|tokens|schedules|lanes|sources):(read|write|\*)|(results|audit|plugins):read){END}"
)
Scope = Annotated[
    str,
    Meta(
        pattern=SCOPE_PATTERN,
        description=(
            "a scope: trigger:<plugin>/<command> with globs, trigger:ro, work:<lane>, "
            "<jobs|endpoints|tokens|schedules|lanes|sources>:<read|write|*>, <results|audit|plugins>:read or admin, "
            "each perhaps after a `!` that takes it away"
        ),
    ),
]
Tenant = Annotated[
    str,
    Meta(
        pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,63})?" + END,
        description="a tenant: at most 64 letters, digits, `_`, `.` and `-`, a letter or digit first; or nothing",
    ),
]
Lane = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?" + END,
        description="a lane: plugin/command, or the name of a plugin",
    ),
]
MINUTE, HOUR = 60_000, 3_600_000


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the file: it takes no key that it does not have."""
