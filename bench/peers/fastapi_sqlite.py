"""What one writes by hand: FastAPI, sqlite3, one durable commit a request. As durable as Hookyard's 202.

The blocking commit stands on the event loop, in an `async def`: with a plain `def`, which FastAPI runs in its pool
of threads, and a lock around the connection, the rival is slower.
"""

import os
import sqlite3
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel

TOKEN = os.environ["BENCH_TOKEN"]
SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, plugin TEXT NOT NULL, command TEXT NOT NULL, payload TEXT NOT NULL,
    status TEXT NOT NULL, submitted_at REAL NOT NULL
)
"""

db = sqlite3.connect(os.environ["BENCH_DB"], isolation_level=None, check_same_thread=False)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute(SCHEMA)
    yield
    db.close()


class Payload(BaseModel):
    name: str


class Trigger(BaseModel):
    payload: Payload
    delay: float = 0


class Accepted(BaseModel):
    job_id: str
    status: str
    plugin: str
    command: str


def authenticated(authorization: Annotated[str, Header()]) -> None:
    if authorization != f"Bearer {TOKEN}":
        raise HTTPException(status_code=401)


app = FastAPI(lifespan=lifespan)


@app.post("/trigger/{plugin}/{command}", status_code=202, dependencies=[Depends(authenticated)])
async def trigger(plugin: str, command: str, body: Trigger) -> Accepted:
    job_id = str(uuid.uuid4())
    row: tuple[Any, ...] = (job_id, plugin, command, body.payload.model_dump_json(), "queued", time.time())
    db.execute("INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?)", row)
    return Accepted(job_id=job_id, status="queued", plugin=plugin, command=command)
