"""A receiver that only verifies loads no server."""

import json
import subprocess
import sys


def test_importing_the_client_loads_nothing_of_the_server() -> None:
    asked = "import sys, json, hookyard.client; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(
        subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    )
    unwanted = {"litestar", "apsw", "uvicorn", "httptools", "structlog", "yaml", "httpx", "hookyard.outbound"}
    assert unwanted.isdisjoint(loaded)
