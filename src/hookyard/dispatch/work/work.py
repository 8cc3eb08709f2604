"""Jobs for external workers: claimed, kept alive, completed, failed or given back, each step fenced by its lease.

The leases are on disk and nowhere else: a restart changes nothing for a worker that holds one.
"""

from collections.abc import Callable

from hookyard.clock import Clock
from hookyard.dispatch.lanes import Lanes
from hookyard.dispatch.ports import AttemptPort, Leased
from hookyard.dispatch.settle import Settler
from hookyard.dispatch.verdict import Limits
from hookyard.dispatch.work.claiming import Claiming
from hookyard.dispatch.work.contacts import Contacts
from hookyard.dispatch.work.ending import Ending
from hookyard.dispatch.work.held import Commands
from hookyard.dispatch.work.holding import Holding
from hookyard.host.registry import Registry
from hookyard.model import Job, Progress
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import Store


class Work:
    """What workers do with jobs: its parts, put together.

    Args:
        lease: milliseconds that a worker may stay silent where neither it nor the command says.
        open_port: opens what the house offers to an attempt: its log, and its artifacts.
        settled: called with every job as it is stored after an end: queued again, or terminal.
        started: called with every job as it is stored when it is given out.
        progressed: called with a job and how far it is, once that is stored.
        changed: called with the id of a job of which something else may have changed.
        limits: by what ends are judged, with a new random number each time.
    """

    def __init__(
        self,
        *,
        store: Store,
        writer: Coalescer,
        registry: Registry,
        lanes: Lanes,
        settler: Settler,
        open_port: Callable[[Leased], AttemptPort],
        clock: Clock,
        lease: int,
        settled: Callable[[Job], None],
        started: Callable[[Job], None],
        progressed: Callable[[Job, Progress], None],
        changed: Callable[[str], None],
        limits: Callable[[], Limits],
    ) -> None:
        self.leased: Callable[[int], object] = lambda _: None
        """Called with every time at which a lease is to end."""
        self._settled = settled
        self._commands = commands = Commands(registry, lease)
        self._contacts = contacts = Contacts(store, writer, clock)
        ending = Ending(
            store=store,
            settler=settler,
            commands=commands,
            contacts=contacts,
            clock=clock,
            settled=self._ended,
            limits=limits,
        )
        self._claiming = Claiming(
            store=store,
            writer=writer,
            lanes=lanes,
            commands=commands,
            contacts=contacts,
            ending=ending,
            clock=clock,
            started=started,
            leased=self._has_leased,
        )
        holding = Holding(
            writer=writer,
            commands=commands,
            contacts=contacts,
            ending=ending,
            clock=clock,
            open_port=open_port,
            progressed=progressed,
            changed=changed,
            leased=self._has_leased,
        )
        self._queue = self._claiming.queue
        self.claim, self.give_back, self.expect = self._claiming.claim, self._claiming.give_back, self._claiming.expect
        self.extend, self.port = holding.extend, holding.port
        self.complete, self.fail, self.release = ending.complete, ending.fail, ending.release
        self.overdue = ending.overdue
        self.wake, self.recount = self._queue.wake, self._queue.recount
        self.workers = contacts.all

    def _ended(self, job: Job) -> None:
        self._settled(job)
        self._queue.wake()  # its lane has room

    def _has_leased(self, until: int) -> None:
        self.leased(until)

    async def start(self) -> None:
        """Begin to give out jobs."""
        await self._contacts.load()
        self._queue.start()

    def close(self) -> None:
        """Give out nothing more, and send home who waits; what workers tell is still taken."""
        self._queue.close()

    async def stop(self) -> None:
        """Close, and finish what is under way."""
        await self._claiming.stop()
        self._contacts.flush()

    def use(self, registry: Registry) -> None:
        """Go on with these commands."""
        self._commands.registry = registry
        self._queue.wake()

    @property
    def waiting(self) -> int:
        """How many workers wait for jobs."""
        return self._queue.waiting

    @property
    def lanes(self) -> tuple[str, ...]:
        """Those of which workers can claim."""
        return self._commands.lanes
