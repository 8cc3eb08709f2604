"""What a run was taken on: without it a figure says nothing."""

import importlib.metadata
import os
import platform
import statistics
import subprocess
import time
from pathlib import Path

import apsw

LIBRARIES = (
    "uvicorn",
    "uvloop",
    "httptools",
    "litestar",
    "msgspec",
    "apsw",
    "fastapi",
    "pydantic",
)


def cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def file_system(path: Path) -> str:
    """The type of the file system that holds `path`; on `tmpfs` an fsync costs, and promises, nothing."""
    best = ("", "unknown")
    for line in Path("/proc/mounts").read_text("utf-8").splitlines() if Path("/proc/mounts").exists() else ():
        _, where, kind, *_ = line.split()
        if path.resolve().is_relative_to(where) and len(where) >= len(best[0]):
            best = (where, kind)
    return best[1]


def fsync_ms(folder: Path, count: int = 200) -> float:
    """Median of `count` appends of 4 KiB, each followed by fsync, in milliseconds."""
    samples: list[float] = []
    path = folder / "fsync.probe"
    with path.open("wb", buffering=0) as file:
        for _ in range(count):
            started = time.perf_counter()
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            samples.append((time.perf_counter() - started) * 1000)
    path.unlink()
    return statistics.median(samples)


def version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def commit() -> str:
    try:
        done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def describe(folder: Path) -> dict[str, object]:
    """The machine, the versions and what a durable write costs in `folder`."""
    return {
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "system": platform.system(),
        "release": platform.release(),
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "file_system": file_system(folder),
        "fsync_ms": round(fsync_ms(folder), 3),
        "hookyard": version("hookyard"),
        "commit": commit(),
    }
