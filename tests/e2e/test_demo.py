"""The demo: what the README promises in its first command."""

import re
import signal
import subprocess
import sys

import httpx

DEMO = [sys.executable, "-m", "hookyard", "demo"]


def test_the_demo_tells_its_story_and_ends_well() -> None:
    ended = subprocess.run([*DEMO, "--once"], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    for said in ("202", "duplicate", "401", "Hello, Ada!", "$.payload.name", "received and verified job.succeeded"):
        assert said in ended.stdout


def test_the_demo_serves_on_until_it_is_interrupted() -> None:
    with subprocess.Popen(DEMO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        told = ""
        while "Ctrl-C ends the demo" not in told:
            line = demo.stdout.readline()
            assert line, told
            told += line
        found = re.search(r"curl (http\S+)/trigger/hello/greet -H 'Authorization: (Bearer \S+)'", told)
        assert found is not None
        url, authorization = found.groups()
        answer = httpx.post(
            f"{url}/trigger/hello/greet",
            json={"payload": {"name": "you"}},
            headers={"authorization": authorization, "prefer": "wait=20"},
            trust_env=False,
            timeout=30,
        )
        assert answer.json()["result"] == {"text": "Hello, you!"}
        demo.send_signal(signal.SIGINT)
        assert demo.wait(30) == 0
        assert demo.stderr is not None
        assert "Traceback" not in demo.stderr.read()
