"""The two shapes of an answer."""

from __future__ import annotations

from typing import Any


def ok(result: str) -> dict[str, Any]:
    return {"status": "ok", "result": result}


def error(message: str, *, retry: bool) -> dict[str, Any]:
    return {"status": "error", "error": message, "retry": retry, "logs": [{"level": "error", "message": message}]}
