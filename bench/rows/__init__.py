"""The rows of the table, one file each, in its order."""

from collections.abc import Callable, Mapping

from bench.harness import Options
from bench.rows import accept, finish, hand_made, history, latency, notify, store_alone, webhook
from bench.stats import Result

ROWS: Mapping[str, Callable[[Options], list[Result]]] = {
    "accept": accept.run,
    "hand-made": hand_made.run,
    "finish": finish.run,
    "notify": notify.run,
    "webhook": webhook.run,
    "store": store_alone.run,
    "latency": latency.run,
    "history": history.run,
}
