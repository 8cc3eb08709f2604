"""The suite that every store passes.

Subclass it in a test module and say how the store is opened; pytest does the rest:

    class TestMyStore(StoreContract):
        async def open_store(self, folder: Path) -> Store:
            return await MyStore.open(folder / "jobs")
"""

from hookyard.testing.store_again import (
    FollowContract,
    KillContract,
    RetryContract,
    TogetherContract,
    WorkContract,
)
from hookyard.testing.store_asked import AfterContract, AskedContract, CapContract, KeyContract, UniqueContract
from hookyard.testing.store_endpoints import EndpointContract
from hookyard.testing.store_forget import DeleteContract, PruneContract, PruneJobsContract
from hookyard.testing.store_inbound import DeadContract, ForgetKeysContract, InboundContract
from hookyard.testing.store_items import ItemContract
from hookyard.testing.store_kept import AuditContract, LaneContract, ScheduleContract, TokenContract
from hookyard.testing.store_keys import DeadKeysContract, PartsContract
from hookyard.testing.store_leases import (
    BatchContract,
    CancelContract,
    ExtendContract,
    FinishContract,
    ReleaseContract,
)
from hookyard.testing.store_lists import ListContract
from hookyard.testing.store_orders import OrderContract
from hookyard.testing.store_outgoing import DeliveryContract
from hookyard.testing.store_probe import StoreCase
from hookyard.testing.store_put_off import PutOffContract
from hookyard.testing.store_questions import DurabilityContract, QueryContract
from hookyard.testing.store_queue import ClaimContract, EnqueueContract
from hookyard.testing.store_recovery import RecoveryContract
from hookyard.testing.store_sent import SentContract
from hookyard.testing.store_state import StateContract
from hookyard.testing.store_told import (
    ArtifactContract,
    ChildrenContract,
    EventContract,
    LogContract,
    ProgressContract,
)

__all__ = ["StoreCase", "StoreContract"]


class StoreContract(
    EnqueueContract,
    ClaimContract,
    ExtendContract,
    FinishContract,
    ReleaseContract,
    CancelContract,
    BatchContract,
    AskedContract,
    UniqueContract,
    CapContract,
    KeyContract,
    AfterContract,
    KillContract,
    RetryContract,
    FollowContract,
    TogetherContract,
    WorkContract,
    DeliveryContract,
    OrderContract,
    PutOffContract,
    RecoveryContract,
    EndpointContract,
    SentContract,
    ProgressContract,
    LogContract,
    EventContract,
    StateContract,
    ArtifactContract,
    ChildrenContract,
    ItemContract,
    TokenContract,
    AuditContract,
    LaneContract,
    ScheduleContract,
    InboundContract,
    DeadContract,
    DeadKeysContract,
    PartsContract,
    ForgetKeysContract,
    DeleteContract,
    PruneJobsContract,
    PruneContract,
    QueryContract,
    ListContract,
    DurabilityContract,
):
    """All of :mod:`hookyard.store.contract`, in sentences."""
