"""A real S3 server for tests: SeaweedFS, in a folder of its own, on loopback."""

import asyncio
import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store
from tests.ports import free_ports

from hookyard.config.model import S3Settings
from hookyard.config.values import Secret

PATIENCE = 60.0
KEY, SECRET = "the-key", "the-secret-of-the-bucket"
_PORTS = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")


@dataclass(frozen=True)
class Bucket:
    """Where it listens."""

    port: int

    def settings(self, *, prefix: str = "", secret: str = SECRET) -> S3Settings:
        """What the configuration says of it."""
        return S3Settings(
            bucket="artifacts",
            prefix=prefix,
            endpoint=f"http://127.0.0.1:{self.port}",
            access_key_id=Secret(KEY),
            secret_access_key=Secret(secret),
            allow_http=True,
        )


@contextlib.contextmanager
def serving(folder: Path) -> Generator[Bucket]:
    """Run the server until the block ends."""
    identity = {"name": "test", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    (folder / "data").mkdir()
    *ports, port, grpc = free_ports(len(_PORTS) + 2)
    program = str(Path(sys.executable).with_name("weed"))
    command = [program, "-logtostderr=true", "server", f"-dir={folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
    command += [f"-{name}={number}" for name, number in zip(_PORTS, ports, strict=True)]
    command += ["-filer=true", "-s3=true", "-s3.iam=false", f"-s3.port={port}", f"-s3.port.grpc={grpc}"]
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0"]  # on ports of their own, of which there is one a machine
    command += [f"-s3.config={folder / 's3.json'}", "-master.volumeSizeLimitMB=64", "-volume.max=20"]
    with (folder / "weed.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    bucket = Bucket(port)
    try:
        _wait(bucket, process, folder / "weed.log")
        yield bucket
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder / "data", ignore_errors=True)


def _wait(bucket: Bucket, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until an object can be put: that makes the bucket too."""
    store = S3Store(
        "artifacts",
        endpoint=f"http://127.0.0.1:{bucket.port}",
        region="us-east-1",
        access_key_id=KEY,
        secret_access_key=SECRET,
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            asyncio.run(_put(store))
        except (BaseError, OSError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{error}\n{log.read_text('utf-8', 'replace')[-2000:]}") from error
            time.sleep(0.1)
        else:
            return


async def _put(store: S3Store) -> None:
    await obstore.put_async(store, "hello", b"hello")
    await obstore.delete_async(store, "hello")
