"""The rows of the table, one file each, in its order. A row's module has `run(options) -> list[Result]`."""

ROWS = {
    "accept": "bench.rows.accept",
    "hand-made": "bench.rows.hand_made",
    "finish": "bench.rows.finish",
    "worker": "bench.rows.worker",
    "exec": "bench.rows.exec_process",
    "notify": "bench.rows.notify",
    "deliver": "bench.rows.deliver",
    "hanging": "bench.rows.hanging",
    "pending": "bench.rows.pending",
    "hook": "bench.rows.hook",
    "webhook": "bench.rows.webhook",
    "store": "bench.rows.store_alone",
    "latency": "bench.rows.latency",
    "history": "bench.rows.history",
    "growth": "bench.rows.growth",
}
