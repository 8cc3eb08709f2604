#!/usr/bin/env python3
"""Says which files came and went since the last poll; the state is one key for each file."""

import json
import pathlib
import sys

request = json.load(sys.stdin)
root = pathlib.Path(request["config"]["root"])
before = request["state"]
now = {path.name: {"size": path.stat().st_size} for path in sorted(root.iterdir())}
events = [
    {"type": "file_created", "payload": {"path": name}, "dedupe_key": f"folder_watch:{name}"}
    for name in now
    if name not in before
]
events += [{"type": "file_deleted", "payload": {"path": name}} for name in before if name not in now]
answer = {"status": "ok", "result": f"{len(events)} changes", "events": events, "state_updates": now, "logs": []}
sys.stdout.write(json.dumps(answer))
