"""A client generated from a running server, used against it."""

import asyncio
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from tests.e2e.lab import TOKEN, Server


@pytest.fixture
def running(server: Server) -> Server:
    return server.start()


def url(server: Server) -> str:
    return str(server.client.base_url).rstrip("/")


def generated(server: Server, tmp_path: Path) -> ModuleType:
    out = tmp_path / "lab_client.py"
    done = subprocess.run(
        [sys.executable, "-m", "hookyard", "client", "generate", "--url", url(server), "--out", str(out)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"HOOKYARD_TOKEN": TOKEN, "PATH": ""},
    )
    assert done.returncode == 0, done.stderr
    spec = importlib.util.spec_from_file_location("lab_client", out)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["lab_client"] = module
    spec.loader.exec_module(module)
    return module


def test_the_sync_client_calls_waits_submits_and_raises(running: Server, tmp_path: Path) -> None:
    module = generated(running, tmp_path)
    with httpx.Client(trust_env=False) as http, module.Client(url(running), TOKEN, http=http) as client:
        assert client.lab.double(module.Number(n=4)) == module.Number(n=8)
        handle = client.lab.double.submit(module.Number(n=5), idempotency_key="once")
        assert handle.wait(20) == module.Number(n=10)
        assert client.lab.double.submit(module.Number(n=5), idempotency_key="once").job_id == handle.job_id
        assert client.lab.double(module.Number(n=5), idempotency_key="once", wait=20) == module.Number(n=10)
        with pytest.raises(module.ConflictError) as conflict:
            client.lab.double(module.Number(n=6), idempotency_key="once")
        assert conflict.value.code == "idempotency_mismatch"
        with pytest.raises(module.JobFailedError) as failed:
            client.lab.refuse(module.Number(n=1))
        assert (failed.value.code, failed.value.details) == ("no", {"n": 1})
        with pytest.raises(module.WaitTimeoutError):
            client.lab.double(module.Number(n=1), delay=600, wait=0.2)
        with pytest.raises(module.InvalidRequestError) as invalid:
            client.lab.double(module.Number(n=1), priority=1 << 40)
        assert invalid.value.problem.path == "$.priority"
        assert invalid.value.request_id


def test_the_client_asks_for_all_that_a_trigger_can(running: Server, tmp_path: Path) -> None:
    module = generated(running, tmp_path)
    with httpx.Client(trust_env=False) as http, module.Client(url(running), TOKEN, http=http) as client:
        double, refuse = client.lab.double, client.lab.refuse
        later = double.submit(module.Number(n=1), delay=600, unique={"key": "one"})
        assert double.submit(module.Number(n=2), unique={"key": "one", "policy": "skip"}).job_id == later.job_id
        first = double.submit(module.Number(n=1), debounce=600, affinity="model")
        assert double.submit(module.Number(n=1), debounce=600).job_id == first.job_id
        failed = refuse.submit(module.Number(n=1), retry={"attempts": 1, "not_on": ["no"]})
        with pytest.raises(module.JobFailedError):
            failed.wait(20)
        with pytest.raises(module.DependencyFailedError) as unmet:
            double.submit(module.Number(n=1), after=[failed.job_id])
        assert unmet.value.problem.job_id == failed.job_id
        done = double.submit(module.Number(n=2), on_success=[{"run": "lab/double"}])
        assert done.wait(20) == module.Number(n=4)
        assert double.submit(module.Number(n=3), after=[done.job_id]).wait(20) == module.Number(n=6)


def test_the_client_says_that_it_is_not_let_in(running: Server, tmp_path: Path) -> None:
    module = generated(running, tmp_path)
    with httpx.Client(trust_env=False) as http, pytest.raises(module.UnauthenticatedError):
        module.Client(url(running), "wrong", http=http).lab.double(module.Number(n=1))


def test_the_async_client_does_the_same(running: Server, tmp_path: Path) -> None:
    module = generated(running, tmp_path)

    async def use() -> None:
        async with (
            httpx.AsyncClient(trust_env=False) as http,
            module.AsyncClient(url(running), TOKEN, http=http) as client,
        ):
            calls = (client.lab.double(module.Number(n=n)) for n in range(10))
            assert await asyncio.gather(*calls) == [module.Number(n=2 * n) for n in range(10)]
            handle = await client.lab.double.submit(module.Number(n=5))
            assert await handle.wait(20) == module.Number(n=10)
            with pytest.raises(module.JobFailedError):
                await client.lab.refuse(module.Number(n=1))

    asyncio.run(use())


def test_a_gateway_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hookyard", "client", "generate", "--url", "http://127.0.0.1:9", "--out", "-"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout) == (69, "")
    assert done.stderr.startswith("hookyard: http://127.0.0.1:9/openapi.json: ")
