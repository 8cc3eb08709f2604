import asyncio
import threading
from queue import SimpleQueue

import pytest

from hookyard.host.threads import DaemonThreads, apart

BOUND = 30.0


def _ident(threads: DaemonThreads) -> threading.Thread:
    answer: SimpleQueue[threading.Thread] = SimpleQueue()
    threads.submit(lambda: answer.put(threading.current_thread()))
    return answer.get(timeout=BOUND)


def test_calls_run_beside_each_other_however_many_there_are() -> None:
    threads = DaemonThreads("lab")
    everyone = threading.Barrier(9)

    def meet() -> None:
        everyone.wait(BOUND)

    for _ in range(8):
        threads.submit(meet)
    everyone.wait(BOUND)
    assert not everyone.broken
    threads.close()


def test_a_thread_is_a_daemon_and_is_named() -> None:
    threads = DaemonThreads("lab")
    thread = _ident(threads)
    assert thread.daemon
    assert thread.name == "lab"
    threads.close()


def test_a_thread_without_work_ends_after_a_while() -> None:
    thread = _ident(DaemonThreads("lab", idle=0.01))
    thread.join(BOUND)
    assert not thread.is_alive()


def test_closing_ends_the_idle_and_lets_the_busy_finish() -> None:
    threads = DaemonThreads("lab")
    idle = _ident(threads)
    go = threading.Event()
    busy: SimpleQueue[threading.Thread] = SimpleQueue()

    def work() -> None:
        busy.put(threading.current_thread())
        go.wait(BOUND)

    threads.submit(work)
    worker = busy.get(timeout=BOUND)
    threads.close()
    assert worker.is_alive()
    go.set()
    for thread in (idle, worker):
        thread.join(BOUND)
        assert not thread.is_alive()


def test_what_runs_apart_hands_on_what_it_makes_and_what_it_raises_and_is_a_daemon() -> None:
    assert asyncio.run(apart("lab", lambda: threading.current_thread().daemon))

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        asyncio.run(apart("lab", fail))
