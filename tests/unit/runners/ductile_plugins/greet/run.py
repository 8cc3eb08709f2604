#!/usr/bin/env python3
"""Greets; the answer is made by a module beside this one."""

import json
import sys

from _response import error, ok  # type: ignore[import-not-found]  # it is found beside the program that runs


def main() -> None:
    request = json.load(sys.stdin)
    payload = request.get("payload", {})
    name = payload.get("name")
    if not name:
        json.dump(error("no name in the payload", retry=False), sys.stdout)
        sys.exit(1)
    text = " ".join([f"Hello, {name}!"] * int(payload.get("times") or 1))
    json.dump(ok(text.upper() if request["command"] == "greet-loudly" else text), sys.stdout, indent=2)


if __name__ == "__main__":
    main()
