#!/usr/bin/env python3
"""Answers with all that it was started with."""

import json
import os
import pathlib
import sys

raw = sys.stdin.read()
seen = {
    "argv": sys.argv[1:],
    "cwd": str(pathlib.Path.cwd()),
    "env": dict(os.environ),
    "group": os.getpgrp() == os.getpid(),
    "request": raw,
}
json.dump({"status": "ok", "result": json.dumps(seen)}, sys.stdout)
