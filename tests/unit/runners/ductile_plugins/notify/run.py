#!/usr/bin/env python3
"""Would post a message somewhere."""

from __future__ import annotations

import json
import sys
from typing import Any, Dict  # noqa: UP035  as plugins for old interpreters write it


def error_response(message: str, retry: bool = False) -> Dict[str, Any]:  # noqa: UP006
    return {"status": "error", "error": message, "retry": retry, "logs": [{"level": "warn", "message": message}]}


def main() -> None:
    request = json.load(sys.stdin)
    event = request.get("event", {})
    payload = event.get("payload", {})
    if "message" not in payload:
        response = error_response("No message in the payload")
    elif payload["message"] == "later":
        response = error_response("The network is away", retry=True)
    else:
        told = {"to": request["config"]["webhook_url"], "event": event, "payload": request.get("payload")}
        response = {"status": "ok", "result": json.dumps(told)}
    json.dump(response, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
