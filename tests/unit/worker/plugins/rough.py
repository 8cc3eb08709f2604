"""A plugin that does all that a plugin should not, and some of what it should."""

# It prints, sleeps and starts programs where it must not, which is what it is for:
# ruff: noqa: T201, ASYNC221, ASYNC240, ASYNC251, PTH208

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct

from hookyard import CommandError, Context, Plugin, RetryLater, SyncContext

print("imported")


class Config(Struct):
    greeting: str = "Hello"


plugin = Plugin("rough", config=Config, isolation="worker", secrets=("key",))


class In(Struct):
    text: str = "x"
    number: int = 0


class Out(Struct):
    text: str


@plugin.command
async def echo(data: In, ctx: Context[Config]) -> Out:
    """Answer at once."""
    return Out(f"{ctx.config.greeting} {data.text}")


@plugin.command
def echo_sync(data: In, ctx: SyncContext[Config]) -> Out:
    return Out(f"{ctx.config.greeting} {data.text}")


@plugin.command
async def who(data: In, ctx: Context) -> Out:
    return Out(str(os.getpid()))


@plugin.command
async def where(data: In, ctx: Context) -> Out:
    return Out(f"{Path.cwd()}|{','.join(sorted(os.environ))}|{os.getsid(0) == os.getpid() == os.getpgid(0)}")


@plugin.command
async def waits(data: In, ctx: Context) -> Out:
    """Stop when asked."""
    ctx.progress(1)
    await asyncio.Event().wait()
    return Out("never")


@plugin.command
def waits_sync(data: In, ctx: SyncContext) -> Out:
    ctx.progress(1)
    while True:
        ctx.raise_if_cancelled()
        time.sleep(0.005)


@plugin.command
async def blocks(data: In, ctx: Context) -> Out:
    """Hold the worker's own loop until a file is there."""
    while not Path(data.text).exists():
        time.sleep(0.005)
    return Out("free")


@plugin.command
def naps(data: In, ctx: SyncContext) -> Out:
    """Take longer than a command behind which others wait."""
    time.sleep(0.025)
    return Out(data.text)


@plugin.command
async def late(data: In, ctx: Context) -> Out:
    """Answer as if nothing was, once asked to stop."""
    with suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
    return Out("late")


@plugin.command
def late_sync(data: In, ctx: SyncContext) -> Out:
    while not ctx.cancelled:
        time.sleep(0.005)
    return Out("late")


@plugin.command
def deaf(data: In, ctx: SyncContext) -> Out:
    """Ignore that it is asked, and SIGTERM."""
    ctx.progress(1)
    while True:
        time.sleep(1)


@plugin.command
async def deafen(data: In, ctx: Context) -> Out:
    for number in (signal.SIGTERM, signal.SIGXCPU):
        signal.signal(number, signal.SIG_IGN)
    return Out("deaf")


@plugin.command
async def prints(data: In, ctx: Context) -> Out:
    print("to stdout")
    print("to stderr", file=sys.stderr)
    os.write(1, b"by descriptor\n")
    subprocess.run(["sh", "-c", "echo by a child"], check=True)
    return Out("printed")


@plugin.command
async def floods(data: In, ctx: Context) -> Out:
    """Write as many MiB as `number` says."""
    piece = (b"y" * 63 + b"\n") * (1 << 14)
    for _ in range(data.number):
        rest = piece
        while rest:  # a process that is stopped for a moment has written a part
            rest = rest[await asyncio.to_thread(os.write, 1, rest) :]
    return Out("flooded")


@plugin.command
def one_long_line(data: In, ctx: SyncContext) -> Out:
    os.write(2, b"z" * 1_000_000)
    return Out("long")


@plugin.command
def forks(data: In, ctx: SyncContext) -> Out:
    """Leave a child behind, in the same group."""
    child = subprocess.Popen(["sleep", "1000"])
    return Out(str(child.pid))


@plugin.command
def exits(data: In, ctx: SyncContext) -> Out:
    print("the last words", file=sys.stderr)
    os._exit(data.number)


@plugin.command
async def killed(data: In, ctx: Context) -> Out:
    os.kill(os.getpid(), signal.SIGKILL)
    return Out("never")


def channel() -> socket.socket:
    """What a plugin has no business with: the worker's own channel."""
    for name in os.listdir("/proc/self/fd"):
        try:
            found = socket.socket(fileno=os.dup(int(name)))
        except OSError:
            continue
        if found.family == socket.AF_UNIX and found.type == socket.SOCK_STREAM:
            try:
                found.getpeername()
            except OSError:
                continue
            if int(name) == channel_number():
                return found
    raise LookupError


def channel_number() -> int:
    line = Path("/proc/self/cmdline").read_bytes().split(b"\0")
    return int(line[-3])


@plugin.command
def garbage(data: In, ctx: SyncContext) -> Out:
    channel().sendall(b"\0\0\0\4nope")
    return Out("garbage")


@plugin.command
def announces(data: In, ctx: SyncContext) -> Out:
    channel().sendall(b"\xff\xff\xff\xff")
    return Out("announced")


@plugin.command
def half(data: In, ctx: SyncContext) -> Out:
    """Begin a message, and do not end it."""
    channel().sendall(b"\0\0\4\0half")
    return Out("swallowed by what was begun")


@plugin.command
async def says_much_and_blocks(data: In, ctx: Context) -> Out:
    """Say more at once than the channel takes, and hold the worker's loop then for as many milliseconds."""
    for _ in range(5_000):
        ctx.progress(1, 2, "x" * 500)
    await asyncio.sleep(0)
    time.sleep(data.number / 1000)
    return Out("said")


@plugin.command
def computes(data: In, ctx: SyncContext) -> Out:
    """Compute for ever."""
    while True:
        pass


@plugin.command
def hoards(data: In, ctx: SyncContext) -> Out:
    return Out(str(len(bytearray(data.number))))


@plugin.command
def twice(data: In, ctx: SyncContext) -> Out:
    """Answer under a number of one's own, and then again."""
    import msgspec

    packed = msgspec.msgpack.encode(["result", data.number, b'{"text":"mine"}'])
    channel().sendall(len(packed).to_bytes(4, "big") + packed)
    return Out("again")


@plugin.command
def deep(data: In, ctx: SyncContext) -> Out:
    """Log what nests deeper than the server reads, as another Python may."""
    import msgspec

    values = {"tree": msgspec.Raw(b"\x91" * 100_000 + b"\xc0")}
    note = {"kind": "LogNote", "level": "info", "event": "deep", "values": values}
    packed = msgspec.msgpack.encode(["told", 1, note])
    channel().sendall(len(packed).to_bytes(4, "big") + packed)
    return Out("deep")


@plugin.command
def hangs_up(data: In, ctx: SyncContext) -> Out:
    channel().shutdown(socket.SHUT_WR)
    while True:
        time.sleep(1)


@plugin.command
async def lies(data: In, ctx: Context) -> Out:
    wrong: Any = 3
    return Out(wrong)


@plugin.command
async def huge(data: In, ctx: Context) -> Out:
    return Out("x" * data.number)


@plugin.command
async def raises(data: In, ctx: Context) -> Out:
    match data.text:
        case "command":
            raise CommandError("No such thing.", code="gone", retryable=False, details={"id": data.number})
        case "later":
            raise RetryLater(7, "busy")
        case "value":
            raise ValueError("mine")
        case "unmade":
            raise _UnmadeError
        case "never":
            later = RetryLater(0)
            later.after = float("nan")
            raise later
        case "own":
            raise _OwnError("whose")
        case "exit":
            sys.exit(3)
        case _:
            raise asyncio.CancelledError


class _OwnError(Exception):
    pass


class _UnmadeError(CommandError):
    """Has nothing of what its base has."""

    def __init__(self) -> None:
        pass


@plugin.command
def everything(data: In, ctx: SyncContext) -> Out:
    """Use the whole context, from a thread."""
    ctx.log.info("said", number=1, odd=threading.Lock)
    ctx.progress(1, 2, "half")
    secret = ctx.secrets.get("key")
    return Out(secret)


@plugin.command
async def leaves_a_blocker(data: In, ctx: Context) -> Out:
    """Have the worker's loop held after the answer."""
    asyncio.get_running_loop().call_soon(time.sleep, 1000)
    return Out("left")
