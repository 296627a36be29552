"""A worker that dies between any two steps, on Apache Kafka: the one after it makes everything good."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from answering import answering
from bordertally.agents.kafka.crash_points import EXIT_CODE, POINTS
from bordertally.agents.kafka.producer import Record
from bordertally.agents.servers.ports import free_port
from bordertally.agents.servers.process import Server
from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.delivery.alertmanager import labels
from bordertally.streams.errors import RefusedError
from bordertally.streams.reports.batching import Sorter
from bordertally.streams.reports.validation import Limits
from chaos.judging import everything
from forking import ForkedServer
from live import PARTITIONS, Live, answers, pure, until
from unit.kit import take
from webhooks.receiver import Receiver, receiving

FIRST = date(2022, 9, 1)
FLOWS = {"RU:KZ": "kz-mia", "KZ:RU": "kz-mia", "RU:GE": "ge-mia", "GE:RU": "ge-mia", "LV:RU": "lv-iem"}
BAD = 6
SECRET = "whsec_" + "b2xk" * 8
HOPS = ("intake", "ledger", "alerts", "delivery", "webhooks", "alertmanager")
"""Each has a pipeline of its own, in which a worker of it alone dies and another one runs all the others.

Were they to die together, the one before would do its last steps again, and so hide what this one has lost.
"""

WRITTEN = {"claims": "intake", "reports.rejected": "intake", "totals": "ledger"}
STARTING = "tables.read_back"
"""The point at which a worker dies while it starts, without any report."""


def report(number: int, flow: str, day: int, people: int, **more: object) -> bytes:
    """What a ministry says of a day."""
    report = {
        "id": f"{flow}-{day}-{number}",
        "source": FLOWS[flow],
        "published": f"{FIRST + timedelta(days=day + 1)}T09:{number:02}:00Z",
        "flow": flow,
        "period": str(FIRST + timedelta(days=day)),
        "people": people,
        "qualifier": "count",
        "normal": {"daily": 100},
    }
    return json.dumps(report | more).encode()


def reports(number: int) -> list[bytes]:
    """For each flow a quiet day and one far above normal; one alert of the days before is corrected away."""
    low, high = 2 * number, 2 * number + 1
    those = [report(number, flow, day, people) for flow in FLOWS for day, people in ((low, 90), (high, 500 + number))]
    if number:
        those.append(report(number, list(FLOWS)[number % len(FLOWS)], high - 2, 80, published="2022-12-01T09:00:00Z"))
    return [*those, *(b'{"id": "%d-%d"}' % (number, each) for each in range(BAD))]


def hop_of(point: str) -> str:
    """The hop whose worker is to die there."""
    first, _, rest = point.partition(".")
    if first == "written":
        return WRITTEN.get(rest, rest.removesuffix("-changelog"))
    return first if first in HOPS else "ledger"


class Told:
    """What an Alertmanager was told: of every alert, by its labels, until when it is open."""

    def __init__(self) -> None:
        self.port = free_port()
        self.ends: dict[tuple[tuple[str, str], ...], datetime] = {}

    async def take(self, request: web.Request) -> web.Response:
        """Its API v2."""
        for alert in await request.json():
            self.ends[tuple(alert["labels"].items())] = datetime.fromisoformat(alert["endsAt"])
        return web.Response()

    async def give(self, _: web.Request) -> web.Response:
        """What it has, by labels."""
        now = datetime.now(UTC)
        return web.json_response([{"labels": dict(key)} for key, end in self.ends.items() if end > now])

    def open(self) -> set[tuple[tuple[str, str], ...]]:
        """The alerts that are open by what it was told."""
        now = datetime.now(UTC)
        return {key for key, end in self.ends.items() if end > now}


@asynccontextmanager
async def telling() -> AsyncIterator[Told]:
    """Listens as an Alertmanager does."""
    alertmanager, app = Told(), web.Application()
    app.add_routes([web.post("/api/v2/alerts", alertmanager.take), web.get("/api/v2/alerts", alertmanager.give)])
    async with answering(app, alertmanager.port):
        yield alertmanager


class Lane:
    """A pipeline of its own, whose worker of one hop dies at one point after the other."""

    def __init__(self, live: Live, hop: str, receiver: Receiver, alertmanager: Told) -> None:
        self.live, self.hop, self.receiver, self.told = live, hop, receiver, alertmanager
        self.sent: list[bytes] = []
        self.running: list[ForkedServer] = []
        self.now = live.directory / "now"
        (live.directory / "secret").write_text(f"{SECRET}\n")
        webhooks = live.directory / "webhooks.toml"
        webhooks.write_text(
            f'[subscriptions.one]\nurl = "{receiver.url()}"\nsecrets = ["file:secret"]\n'
            '[retry]\nschedule = ["200ms"]\ntimeout = "10s"\n'
        )
        self.environment = live.environment | {
            "BORDERTALLY_WEBHOOKS": str(webhooks),
            "BORDERTALLY_WEBHOOK_ALLOW": "127.0.0.1",
            "BORDERTALLY_ALERTMANAGER_URL": f"http://127.0.0.1:{alertmanager.port}",
        }

    def worker(self, name: str, hops: Sequence[str], point: str = "") -> ForkedServer:
        """Start one, which is to die there once it is time."""
        own = {"BORDERTALLY_INSTANCE": name, "BORDERTALLY_HOPS": ",".join(hops)}
        named = {"BORDERTALLY_CRASH_AT": f"{point}@{self.now}"} if point else {}
        port = free_port()
        environment = self.environment | own | named | {"BORDERTALLY_HTTP_PORT": str(port)}
        worker = ForkedServer(["worker"], environment, port=port, directory=self.live.directory, name=name)
        self.running.append(worker)
        return worker.start()

    def stop(self) -> None:
        """End what still runs."""
        for worker in self.running:
            worker.stop()

    async def ready(self, worker: ForkedServer) -> None:
        """Wait until it is."""

        async def so() -> bool:
            assert worker.exit_code is None, worker.log.read_text()[-2000:]
            return await asyncio.to_thread(answers, worker.port, "/readyz")

        await until(so, "the worker is ready")

    async def dies(self, worker: ForkedServer, point: str) -> None:
        """Wait until it has died as it was told."""

        async def died() -> bool:
            assert worker.exit_code in (None, EXIT_CODE), worker.log.read_text()[-2000:]
            return worker.exit_code == EXIT_CODE

        await until(died, f"the worker dies at {point}")

    async def go(self, points: Sequence[str]) -> None:
        """Die at each of them, and look each time whether all that was left half done is made good."""
        others = self.worker("others", [hop for hop in HOPS if hop != self.hop])
        for number, point in enumerate(points):
            if point == STARTING:
                self.now.touch()
                await self.dies(self.worker("one", [self.hop], point), point)
            else:
                dying = self.worker("one", [self.hop], point)
                await self.ready(others)
                await self.ready(dying)
                await self.is_good(f"after {points[number - 1]}" if number else "at first")
                self.now.touch()
                fresh = reports(number)
                self.sent += fresh
                await self.feed(fresh)
                await self.dies(dying, point)
            self.now.unlink()
        last = self.worker("one", [self.hop])
        await self.ready(last)
        await self.is_good(f"after {points[-1]}")
        await asyncio.to_thread(last.stop)
        assert last.exit_code == 0

    async def feed(self, fresh: Sequence[bytes]) -> None:
        """Publish reports; where the intake is not in question, its messages, each of one report.

        So the hops after it have several records of a partition in hand at once: of the last one alone Faust commits
        nothing, and it would come again whatever the order of the steps.
        """
        if self.hop == "intake":
            await self.live.publish(fresh)
            return
        sorter = Sorter(self.live.registry, Limits(), PARTITIONS)
        records = []
        for raw in fresh:
            with suppress(RefusedError):
                take(sorter, raw, time.time())
                messages = [(partition, msgspec.msgpack.encode(claims)) for partition, claims in sorter.messages()]
                records += [Record(self.live.topics.claims, None, value, partition) for partition, value in messages]
        await self.live.send(records)
        await self.live.publish([raw for raw in fresh if b"flow" not in raw])

    async def is_good(self, when: str) -> None:
        """Wait until figures, alerts, letters, webhooks and Alertmanager are as if no worker had died."""
        desk = pure(self.sent)
        try:
            await self.live.shows(desk)
            await self.live.shows_alerts(desk)
            await until(self.all_refused, "every bad report has its letter")
            await until(
                self.all_delivered, "each alert record that rings has come by webhook, those of an alert in order"
            )
            await until(self.all_told, "Alertmanager was told of what is open, and of nothing else")
        except AssertionError as error:
            raise AssertionError(f"{when}: {error}") from None

    async def all_refused(self) -> bool:
        """Whether each bad report is among the dead letters, and nothing else."""
        letters = await everything(self.live, self.live.topics.rejected) if self.sent else []
        return {letter.value for letter in letters} == {raw for raw in self.sent if b"flow" not in raw}

    async def all_delivered(self) -> bool:
        """Whether each record that rings was delivered, and for the first time in order."""
        came: dict[str, list[int]] = defaultdict(list)
        for alert, seq in dict.fromkeys(delivery.event for delivery in self.receiver.got):
            came[alert].append(seq)
        assert all(seqs == sorted(seqs) for seqs in came.values())
        wanted = {(alert.id, alert.seq) for alert in await self.live.alerts() if alert.rings}
        return wanted == {(alert, seq) for alert, seqs in came.items() for seq in seqs}

    async def all_told(self) -> bool:
        """Whether the open alerts are those of the log."""
        newest: dict[str, Alert] = {}
        for alert in await self.live.alerts():
            if alert.id not in newest or newest[alert.id].seq < alert.seq:
                newest[alert.id] = alert
        expected = {
            labels(record) for record in newest.values() if AlertState(record.state).is_open and not record.backfill
        }
        return self.told.open() == expected


@asynccontextmanager
async def lane(kafka: Server, redis: Server, directory: Path, hop: str) -> AsyncIterator[Lane]:
    """One of several on the same broker and the same Redis."""
    live = Live(kafka, redis, directory, prefix=f"{directory.parent.name}.{directory.name}.")
    await asyncio.to_thread(live.create_topics)
    live.environment["BORDERTALLY_REDIS_URL"] = f"redis://{redis.address}/{HOPS.index(hop)}"
    async with receiving(SECRET) as receiver, telling() as alertmanager:
        yield Lane(live, hop, receiver, alertmanager)


async def through(kafka: Server, redis: Server, directory: Path, shares: Mapping[str, Sequence[str]]) -> list[str]:
    """Go through the points of each hop, all hops at the same time; returns what was wrong."""

    async def crash(hop: str, points: Sequence[str]) -> None:
        async with lane(kafka, redis, directory / hop, hop) as mine:
            try:
                await mine.go(points)
            finally:
                await asyncio.to_thread(mine.stop)

    for hop in shares:
        (directory / hop).mkdir()
    done = await asyncio.gather(*(crash(*each) for each in shares.items()), return_exceptions=True)
    return [f"{type(error).__name__}: {error}" for error in done if error is not None]


@pytest.mark.timeout(600)
async def test_a_worker_that_dies_between_any_two_steps_loses_nothing_and_counts_nothing_twice(
    kafka: Server, redis: Server, tmp_path: Path
) -> None:
    shares: dict[str, list[str]] = {hop: [] for hop in HOPS}
    for point in POINTS:
        shares[hop_of(point)].append(point)
    shares["ledger"].append("written.claims")  # of corridors: *:RU is on another partition than its origins
    assert await through(kafka, redis, tmp_path, shares) == []
