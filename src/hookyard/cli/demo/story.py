"""The demo's story, told while it happens: every line it prints as an answer came over HTTP."""

import asyncio
import hashlib
import hmac
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec
from rich.console import Console
from rich.markup import escape

from hookyard import log
from hookyard.cli.demo.receiver import Receiver
from hookyard.cli.demo.settings import Settings
from hookyard.server import serve

_PATIENCE = 20.0
_OK, _SURPRISE = 0, 1


async def tell(*, once: bool, port: int, data: Path | None) -> int:
    """Run the demo; returns the exit code: 0 when everything went as told."""
    console = Console(highlight=False, soft_wrap=True)
    log.setup("warning")
    with ExitStack() as stack:
        base = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hookyard-demo-")))
        base.mkdir(parents=True, exist_ok=True)
        receiver = Receiver()
        settings = Settings(port=port, receiver=receiver.url)
        await receiver.start(settings.endpoint_secret)
        stories: list[asyncio.Task[int]] = []

        def ready(url: str, stop: Callable[[str], None]) -> None:
            story = _Story(console, settings, receiver, url, base)
            stories.append(asyncio.create_task(story.run(once=once, stop=stop)))

        try:
            await serve(settings.loaded(base), ready)
        finally:
            await receiver.stop()
        return await stories[0] if stories else _SURPRISE


class _Story:
    def __init__(self, console: Console, settings: Settings, receiver: Receiver, url: str, base: Path) -> None:
        self._console = console
        self._settings = settings
        self._receiver = receiver
        self._url = url
        self._base = base
        self._surprises = 0

    async def run(self, *, once: bool, stop: Callable[[str], None]) -> int:
        try:
            async with (
                asyncio.timeout(_PATIENCE),
                httpx.AsyncClient(base_url=self._url, timeout=_PATIENCE, trust_env=False) as client,
            ):
                await self._tell(client)
        except Exception as error:  # noqa: BLE001  whatever it is, the reader is told and the demo ends
            self._surprises += 1
            stop("the demo failed")
            self._console.print(f"\n[red]The demo failed:[/red] {escape(repr(error))}")
            return _SURPRISE
        if once or self._surprises:
            stop("--once")
        else:
            self._invite()
        return _SURPRISE if self._surprises else _OK

    async def _tell(self, client: httpx.AsyncClient) -> None:
        say = self._console.print
        say("\n[bold]Hookyard[/bold]: a typed plugin host with a webhook gateway.")
        say(f"One process, one SQLite file ({escape(str(self._base / 'demo.db'))}), no other service.")
        say(f"The gateway listens on {self._url}, a receiver of webhooks on {self._receiver.url}.")
        job = await self._push(client)
        greeting = await self._trigger(client)
        await self._look(client, job)
        await self._receive(job, greeting)

    async def _push(self, client: httpx.AsyncClient) -> str:
        self._heading(1, "A Git host sends a push, signed")
        body = files("hookyard.cli.demo").joinpath("push.json").read_bytes()
        digest = hmac.new(self._settings.source_secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/json",
            "x-github-event": "push",
            "x-github-delivery": str(uuid4()),
            "x-hub-signature-256": f"sha256={digest}",
        }
        answer = await client.post("/hooks/github", content=body, headers=headers)
        first = self._answer("POST /hooks/github, X-Hub-Signature-256", answer, 202)
        self._say("Verified on its raw bytes, and on disk before it was answered.")
        answer = await client.post("/hooks/github", content=body, headers=headers)
        self._answer("the same delivery again", answer, 202)
        self._say("The same delivery id is the same job: a sender may retry as it likes.")
        answer = await client.post("/hooks/github", content=body + b" ", headers=headers)
        self._answer("the same signature under another body", answer, 401)
        return str(first.get("job_id"))

    async def _trigger(self, client: httpx.AsyncClient) -> str:
        self._heading(2, "A person calls a typed command, with a token")
        headers = {"authorization": f"Bearer {self._settings.token}"}
        body: dict[str, Any] = {"payload": {"name": "Ada"}}
        waiting = {**headers, "prefer": "wait=10"}
        answer = await client.post("/trigger/hello/greet", json=body, headers=waiting)
        result = self._answer(f"POST /trigger/hello/greet {_json(body)}, Prefer: wait=10", answer, 200)
        body = {"payload": {"name": 7}}
        answer = await client.post("/trigger/hello/greet", json=body, headers=headers)
        self._answer(f"POST /trigger/hello/greet {_json(body)}", answer, 400)
        self._say("The command's own type refused that, and names the place.")
        answer = await client.post("/trigger/hello/greet", json={"payload": {"name": "Eve"}})
        self._answer("the same without a token", answer, 401)
        return str(result.get("job_id"))

    async def _look(self, client: httpx.AsyncClient, job_id: str) -> None:
        self._heading(3, "Results are kept")
        headers = {"authorization": f"Bearer {self._settings.token}"}
        await self._receiver.of_job(job_id)  # its webhook is written with its result
        answer = await client.get(f"/job/{job_id}", headers=headers)
        self._answer(f"GET /job/{job_id}", answer, 200)

    async def _receive(self, *job_ids: str) -> None:
        self._heading(4, "Signed webhooks go out")
        for job_id in job_ids:
            webhook = await self._receiver.of_job(job_id)
            self._console.print(f"   [green]received and verified[/green] {webhook.type} of job {webhook.job_id}")
            self._console.print(f"   webhook-id {webhook.webhook_id}: the same on every retry", style="dim")
        self._say("Written in the transaction that ended the job, signed after the Standard Webhooks specification.")

    def _invite(self) -> None:
        self._heading(5, "Your turn")
        token = self._settings.token
        for line in (
            f"curl {self._url}/trigger/hello/greet -H 'Authorization: Bearer {token}' \\",
            '     -H \'Prefer: wait=5\' --json \'{"payload": {"name": "you"}}\'',
            f"curl {self._url}/api/v1/jobs -H 'Authorization: Bearer {token}'",
            f"curl {self._url}/openapi.json",
        ):
            self._console.print(f"   {escape(line)}")
        self._say("Ctrl-C ends the demo.")

    def _heading(self, number: int, text: str) -> None:
        self._console.print(f"\n[bold]{number}. {text}[/bold]")

    def _say(self, text: str) -> None:
        self._console.print(f"   {text}", style="dim")

    def _answer(self, what: str, answer: httpx.Response, expected: int) -> dict[str, Any]:
        right = answer.status_code == expected
        self._surprises += not right
        colour = "red" if not right else "green" if answer.is_success else "yellow"
        self._console.print(f"   {escape(what)}")
        self._console.print(f"   [{colour}]{answer.status_code}[/{colour}] {escape(_shown(answer))}")
        if not right:
            self._console.print(f"   [red]expected {expected}[/red]")
        return msgspec.json.decode(answer.content, type=dict[str, Any])


def _shown(answer: httpx.Response) -> str:
    """The body; of a problem document what differs from one to the next."""
    if answer.headers["content-type"] != "application/problem+json":
        return answer.text
    problem = msgspec.json.decode(answer.content, type=dict[str, Any])
    return _json({name: problem[name] for name in ("code", "detail", "path") if name in problem})


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
