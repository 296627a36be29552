"""The demo: starts broker, Redis and worker on loopback, publishes the sample, prints the result, stops everything.

With `--keep` it also starts a gateway with the board, before the sample is published, and keeps running.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import msgspec
from redis.asyncio import Redis
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bordertally.agents.delivery.redis.keys import flow_key
from bordertally.agents.demo.view import DemoPipeline
from bordertally.agents.kafka.clients import redis_options
from bordertally.agents.kafka.topics import create_topics
from bordertally.agents.producing.publish import publish
from bordertally.agents.runtime.context import load_registry
from bordertally.agents.runtime.languages import word_reader
from bordertally.agents.servers.errors import ServerError
from bordertally.agents.servers.ports import free_port, require_free
from bordertally.agents.servers.process import Server
from bordertally.agents.servers.redis import start_redis
from bordertally.agents.servers.tansu import start_tansu
from bordertally.agents.terminal.console import print_json
from bordertally.agents.terminal.statement import show_statement
from bordertally.agents.terminal.totals import alert_line, normal_levels, show_outcome
from bordertally.streams.reports.records import Report
from bordertally.streams.security import UNSECURED
from bordertally.streams.settings import Settings, load_settings
from bordertally.streams.topics import Topics

PARTITIONS = 4

TO_TRY = (
    ("bordertally totals", "the totals as they are now"),
    ("bordertally flow RU:GE", "one flow, day by day"),
    ("bordertally why RU:GE", "the reports behind a figure"),
    ("bordertally watch --since 1h", "alerts as they come"),
    ("bordertally silences add RU:GE --until 1h --comment test", "mute an alert"),
)
"""Commands that work on a demo that is kept running, and what each shows."""


class Ports(NamedTuple):
    """The ports to use; None means any free port."""

    broker: int | None = None
    redis: int | None = None
    http: int | None = None
    gateway: int | None = None


class _Published(msgspec.Struct):
    published: str


class Stack(NamedTuple):
    """The servers of a demo."""

    broker: Server
    redis: Server
    worker: Server
    gateway: Server | None

    @property
    def settings(self) -> Settings:
        """The settings that lead to its broker and its Redis."""
        return _settings(self.broker, self.redis)

    @property
    def servers(self) -> list[Server]:
        """All servers of the demo."""
        return [self.broker, self.redis, self.worker, *([] if self.gateway is None else [self.gateway])]


def sample() -> list[bytes]:
    """The reports of the sample in order of publication, with the three faulty ones."""
    return _reports("sample.ndjson")


def article() -> list[bytes]:
    """One report in words: a news article that quotes several governments on the sample week."""
    return _reports("article.ndjson")


def _reports(name: str) -> list[bytes]:
    text = resources.files("bordertally.agents.demo").joinpath(name).read_bytes()
    return [line for line in text.splitlines() if line.strip()]


async def run_demo(  # noqa: PLR0913 - the options of the command
    ports: Ports, *, keep: bool, as_json: bool, in_words: bool, out: Console, err: Console
) -> None:
    """Run the demo. Raises ServerError if a server cannot start; in any case no server is left running.

    `in_words`: publish the article instead of the sample, and print first how it is read.

    SIGTERM, which supervisors send, ends it like Ctrl-C.
    """
    say = err if as_json else out
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    started = time.monotonic()
    async with _stack(ports, say, keep=keep) as stack:
        view = DemoPipeline(Redis.from_url(**redis_options(stack.settings)), f"http://{stack.worker.address}/metrics")
        try:
            await _publish(stack, view, say, _show_article(out if not as_json else err) if in_words else sample())
            states, outcome = await view.outcome(stack.settings, Topics())
            if as_json:
                print_json(outcome)
                sys.stdout.flush()
            else:
                show_outcome(out, outcome, normal_levels(states))
            say.print(f"done in {time.monotonic() - started:.1f} s", highlight=False)
            if not in_words:
                say.print("bordertally demo --article publishes one news article in words instead", highlight=False)
            if keep:
                await _keep(stack, say)
        finally:
            await view.close()


@asynccontextmanager
async def _stack(ports: Ports, say: Console, *, keep: bool) -> AsyncIterator[Stack]:
    directory = Path(tempfile.mkdtemp(prefix="bordertally-demo-"))
    servers: list[Server] = []

    async def up(label: str, start: Callable[[], Server]) -> Server:
        begun = time.monotonic()
        starting = asyncio.create_task(asyncio.to_thread(start))
        try:
            server = await asyncio.shield(starting)
        except asyncio.CancelledError:  # a thread cannot be cancelled: its server is waited for, then stopped
            servers.append(await starting)
            raise
        servers.append(server)
        say.print(f"{label:<8} {server.address}  ready in {time.monotonic() - begun:.1f} s", highlight=False)
        return server

    def place(name: str) -> Path:
        (directory / name).mkdir()
        return directory / name

    asked = (
        (ports.broker, "the broker"),
        (ports.redis, "Redis"),
        (ports.http, "/metrics"),
        (ports.gateway, "the gateway"),
    )
    for port, purpose in asked:
        if port is not None:
            require_free(port, purpose)
    try:
        broker = await up("broker", lambda: start_tansu(ports.broker, place("broker")))
        redis = await up("redis", lambda: start_redis(ports.redis, place("redis")))
        made = await create_topics(_settings(broker, redis))
        say.print(f"topics   {len(made)} created: {', '.join(spec.name for spec in made)}", highlight=False)
        worker = await up("worker", lambda: _worker(broker, redis, ports.http or free_port(), place("worker")))
        gateway = None
        if keep:
            gateway = await up(
                "gateway", lambda: _gateway(broker, redis, ports.gateway or free_port(), place("gateway"))
            )
            say.print(f"board    http://{gateway.address}/  fills as the reports arrive", highlight=False)
        yield Stack(broker, redis, worker, gateway)
    finally:
        for server in reversed(servers):
            await asyncio.to_thread(server.stop)
        shutil.rmtree(directory, ignore_errors=True)


def _settings(broker: Server, redis: Server) -> Settings:
    return load_settings(
        **UNSECURED,
        brokers=broker.address,
        redis_url=f"redis://{redis.address}/0",
        partitions=PARTITIONS,
        topic_prefix="",
    )


def _environment(broker: Server, redis: Server) -> dict[str, str]:
    """The variables by which another worker, gateway or command finds the demo."""
    return {
        "BORDERTALLY_BROKERS": broker.address,
        "BORDERTALLY_REDIS_URL": f"redis://{redis.address}/0",
        "BORDERTALLY_PARTITIONS": str(PARTITIONS),
    }


def _worker(broker: Server, redis: Server, port: int, directory: Path) -> Server:
    settings = {
        "BORDERTALLY_HTTP_HOST": "127.0.0.1",
        "BORDERTALLY_HTTP_PORT": str(port),
        "BORDERTALLY_SESSION_TIMEOUT_S": "1",  # a consumer group on the embedded broker waits for half of it
    }
    return _started("worker", settings, broker, redis, port, directory)


def _gateway(broker: Server, redis: Server, port: int, directory: Path) -> Server:
    settings = {"BORDERTALLY_GATEWAY_HOST": "127.0.0.1", "BORDERTALLY_GATEWAY_PORT": str(port)}
    return _started("gateway", settings, broker, redis, port, directory)


def _started(  # noqa: PLR0913, PLR0917 - a process and the servers it uses
    name: str, settings: Mapping[str, str], broker: Server, redis: Server, port: int, directory: Path
) -> Server:
    """Start `bordertally <name>` with these settings; returns when it is ready."""
    environment = {
        **_environment(broker, redis),
        **{f"BORDERTALLY_{key.upper()}": value for key, value in UNSECURED.items()},
        **settings,
    }
    command = ["env", *(f"{key}={value}" for key, value in environment.items())]
    command += [sys.executable, "-m", "bordertally.agents.cli.main", name]
    server = Server(name, command, port=port, directory=directory, check=lambda: _ready(port), timeout_s=30)
    return server.start()


def _ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _show_article(console: Console) -> list[bytes]:
    """The article, after its claims have been printed."""
    raws = article()
    for raw in raws:
        report = msgspec.json.decode(raw, type=Report)
        show_statement(console, word_reader(load_registry(None)).judged(report, time.time()))
    return raws


async def _publish(stack: Stack, view: DemoPipeline, say: Console, raws: list[bytes]) -> None:
    """Publish reports day by day and show progress and alerts, until the pipeline has processed everything."""
    registry = load_registry(None)
    columns = (TextColumn("reports {task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=say, transient=False) as progress:
        task = progress.add_task("arriving", total=len(raws))
        sent = 0

        async def look() -> int:
            arrived = await view.arrived()
            progress.update(task, completed=arrived)
            for alert in await view.news():
                progress.console.print(alert_line(alert))
            return arrived

        for chunk in _by_day(raws):
            async for _ in publish(stack.settings, chunk, registry, Topics()):
                pass
            sent += len(chunk)
            while await look() < sent:  # noqa: ASYNC110 - another process is waited for
                await asyncio.sleep(0.05)
        await view.settled(sent)
        await look()


def _by_day(raws: list[bytes]) -> Iterator[list[bytes]]:
    """The sample in steps, one for each day of publication."""
    for _, day in itertools.groupby(raws, key=lambda raw: msgspec.json.decode(raw, type=_Published).published[:10]):
        yield list(day)


async def _keep(stack: Stack, say: Console) -> None:
    say.print(
        f"Kafka    {stack.broker.address}   (bordertally publish FILE --to {stack.broker.address})", highlight=False
    )
    say.print(
        f"Redis    {stack.redis.address}   (redis-cli -p {stack.redis.port} hgetall {flow_key('RU')})",
        highlight=False,
    )
    if stack.gateway is not None:
        say.print(f"API      http://{stack.gateway.address}/v1/flows", highlight=False)
    say.print(f"Metrics  http://{stack.worker.address}/metrics", highlight=False)
    if stack.gateway is not None:
        say.print(f"Board    http://{stack.gateway.address}/   (open it in a browser)", style="bold", highlight=False)
    environment = " ".join(f"{name}={value}" for name, value in _environment(stack.broker, stack.redis).items())
    say.print(f"Shell    export {environment}", highlight=False, soft_wrap=True)
    say.print("Try      in another shell, after this export:", highlight=False)
    for command, what in TO_TRY:
        say.print(f"  {command}  # {what}", highlight=False, soft_wrap=True)
    say.print("Running until Ctrl-C", highlight=False)
    while True:
        await asyncio.sleep(0.5)
        for server in stack.servers:
            if not server.running:
                raise ServerError(f"{server.name} has stopped with exit code {server.exit_code}{server.tail()}")
