import os
import select
import subprocess
from contextlib import suppress

import pytest

from hookyard.process.persistent import Persistent
from hookyard.process.spec import ProcessSpec

SCRIPT = """
set -m  # each job in a group of its own
for _ in 1 2 3; do (trap '' TERM; sleep 600) & done
echo $(jobs -p)
"""


def ended(pid: int) -> bool:
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([pidfd], [], [], 30)[0])
    finally:
        os.close(pidfd)


def test_every_group_of_a_session_ends_when_its_leader_is_reaped() -> None:
    reading, writing = os.pipe()
    spec = ProcessSpec(argv=("/bin/bash", "-c", SCRIPT), cwd="/", env={"PATH": "/usr/bin:/bin"})
    process = Persistent.start(spec, stdout=writing, stderr=subprocess.DEVNULL, descriptors=())
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as written:
        pids = [int(word) for word in written.readline().split()]
    assert len({process.pid, *(os.getpgid(pid) for pid in pids)}) == 4
    assert process.reap(30) == 0
    assert [ended(pid) for pid in pids] == [True, True, True]


def test_another_session_is_let_alone() -> None:
    other = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)
    try:
        spec = ProcessSpec(argv=("/bin/true",), cwd="/", env={})
        process = Persistent.start(spec, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, descriptors=())
        assert process.reap(30) == 0
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(0.05)
    finally:
        with suppress(ProcessLookupError):
            other.kill()
        other.wait()
