#!/usr/bin/env python3
"""poll writes 11 MiB of answer, handle 1 MiB of complaints beside a good one."""

import json
import sys

if json.load(sys.stdin)["command"] == "poll":
    sys.stdout.write(json.dumps({"status": "ok", "result": "x" * (11 << 20)}))
else:
    sys.stderr.write("complaint\n" * (1 << 17))
    sys.stdout.write(json.dumps({"status": "ok", "result": "y" * (9 << 20)}))
