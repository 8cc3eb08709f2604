#!/usr/bin/env python3
"""Sends its whole state back each time, as many do."""

import json
import sys
from typing import Any

request = json.loads(sys.stdin.readline())
state: dict[str, Any] = request.get("state") or {}
state["runs"] = state.get("runs", 0) + 1
state.setdefault("seen", ["first"])
sys.stdout.write(json.dumps({"status": "ok", "result": f"run {state['runs']}", "state_updates": state}))
sys.stdout.flush()
