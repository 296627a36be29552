"""Faults of a cluster: three brokers, three workers, one of them behind a way that can be cut. Compared after each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import NamedTuple

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from bordertally.agents.servers.kafka import KafkaCluster, start_kafka_cluster
from bordertally.agents.servers.ports import free_port
from bordertally.agents.servers.process import Server
from bordertally.agents.servers.redis import start_redis
from chaos.detour import Detour
from chaos.judging import Verdict, everything, judge
from chaos.soak import Feed
from chaos.supervising import Supervised
from live import Live, answers, pure, until

BROKERS = 3
SETTLE_S = 180.0
IN_FLIGHT_S = 1.0
"""How long a record that brokers already have may take to be acknowledged."""

Fault = Callable[["Cluster"], Awaitable[None]]


class Cluster:
    """The cluster that the faults hit. Its last worker reaches the brokers through detours only."""

    def __init__(self, live: Live, brokers: KafkaCluster, detours: list[Detour], random: Random, pace_s: float) -> None:
        self.live, self.brokers, self.detours, self.random = live, brokers, detours, random
        around = ",".join(f"127.0.0.1:{detour.port}" for detour in detours)
        self.workers = [Supervised(live, "first"), Supervised(live, "second")]
        self.workers.append(Supervised(live, "third", {"BORDERTALLY_BROKERS": around}))
        self.feed = Feed(live, Random(random.random()), pace_s)

    async def wait(self, least: float, most: float) -> None:
        """A random while."""
        await asyncio.sleep(self.random.uniform(least, most))

    async def leaders(self) -> list[int]:
        """The broker that leads each partition of the pipeline's topics, as one of the others says."""
        return [leader for leader, _ in await self._partitions()]

    async def in_sync(self) -> None:
        """Wait until every partition has a leader and all its copies."""

        async def complete() -> bool:
            partitions = await self._partitions()
            return bool(partitions) and all(leader > 0 and copies == BROKERS for leader, copies in partitions)

        await until(complete, "every partition has its three copies in sync", 90)

    async def _partitions(self) -> list[tuple[int, int]]:
        """Leader and number of copies in sync of each partition of the pipeline's topics; none while nobody answers."""
        topics = [spec.name for spec in self.live.topics.specs()]
        alive = ",".join(broker.address for broker in self.brokers.brokers if broker.running)
        admin = AIOKafkaAdminClient(bootstrap_servers=alive)
        try:
            async with asyncio.timeout(10):
                await admin.start()
                described = await admin.describe_topics(topics)
        except (KafkaError, OSError, TimeoutError):
            return []
        finally:
            await admin.close()
        return [(part["leader"], len(part["isr"])) for topic in described for part in topic["partitions"]]


async def broker_killed(cluster: Cluster) -> None:
    """Its partitions get other leaders; writes go on with two copies; then it comes back."""
    number = cluster.random.choice(await cluster.leaders())
    broker = cluster.brokers.brokers[number - 1]
    broker.kill()

    async def moved() -> bool:
        leaders = await cluster.leaders()
        return bool(leaders) and number not in leaders and min(leaders) > 0

    await until(moved, f"what broker {number} led is led by others", 60)
    before = len(cluster.feed.acknowledged)

    async def goes_on() -> bool:
        return len(cluster.feed.acknowledged) > before + 1

    await until(goes_on, "reports are acknowledged by two brokers of three", 60)
    await asyncio.to_thread(broker.start)


async def two_brokers_killed(cluster: Cluster) -> None:
    """Nothing can be acknowledged by one broker alone; what was goes on where it stood."""
    killed: list[Server] = cluster.random.sample(cluster.brokers.brokers, 2)
    for broker in killed:
        broker.kill()
    await asyncio.sleep(IN_FLIGHT_S)
    before = len(cluster.feed.acknowledged)
    await cluster.wait(4, 8)
    assert len(cluster.feed.acknowledged) == before, "reports were acknowledged by one broker alone"
    await asyncio.to_thread(cluster.brokers.start)


async def brokers_restarted_in_turn(cluster: Cluster) -> None:
    """As an upgrade does: the next one once all copies are in sync."""
    for broker in cluster.brokers.brokers:
        await asyncio.to_thread(broker.restart)
        await cluster.in_sync()


async def workers_restarted_in_turn(cluster: Cluster) -> None:
    """As an upgrade does: the next one once the one before is ready."""
    for worker in cluster.workers:
        await worker.leave()
        worker.wanted = True
        await ready(worker)


async def worker_killed(cluster: Cluster) -> None:
    if (server := cluster.random.choice(cluster.workers).running) is not None:
        server.kill()


async def worker_cut_off(cluster: Cluster) -> None:
    """From all brokers, for longer than its session: others take over, and what it sent meanwhile comes late."""
    await _cut(cluster, cluster.detours)


async def worker_cut_off_from_one_broker(cluster: Cluster) -> None:
    """The others still hear from it: a partition that only one side sees."""
    await _cut(cluster, [cluster.random.choice(cluster.detours)])


async def _cut(cluster: Cluster, detours: list[Detour]) -> None:
    for detour in detours:
        detour.cut()
    try:
        await cluster.wait(5, 9)
    finally:
        for detour in detours:
            detour.mend()


FAULTS: tuple[Fault, ...] = (
    broker_killed,
    two_brokers_killed,
    brokers_restarted_in_turn,
    workers_restarted_in_turn,
    worker_killed,
    worker_cut_off,
    worker_cut_off_from_one_broker,
)


async def ready(worker: Supervised) -> None:
    """Wait until a worker is ready."""

    async def now() -> bool:
        server = worker.running
        return server is not None and await asyncio.to_thread(answers, server.port, "/readyz")

    await until(now, f"the {worker.name} worker is ready", 90)


class Happened(NamedTuple):
    """A fault: when it began, when all was whole again, and when the feed had been worked through, as seconds."""

    kind: str
    began: float
    mended: float
    equal: float


class Outcome(NamedTuple):
    """Faults as they happened, reports sent, how workers ended, pauses by fault, and the verdict.

    `pauses`: for each fault the longest time without an acknowledged report and without a record on `totals`.
    """

    faults: list[Happened]
    sent: int
    codes: list[int | None]
    pauses: list[tuple[float, float]]
    verdict: Verdict


async def endure(cluster: Cluster, number: int) -> Outcome:
    """Let reports stream, do so many faults, and compare after each. Raises AssertionError where something is lost."""
    live, feed = cluster.live, cluster.feed
    tasks = [asyncio.create_task(worker.watch()) for worker in cluster.workers]
    try:
        for worker in cluster.workers:
            worker.wanted = True
        for worker in cluster.workers:
            await ready(worker)
        tasks.append(asyncio.create_task(feed.run()))
        happened = []
        for fault in _planned(cluster.random, number):
            await cluster.wait(2, 4)
            began = time.time()
            await fault(cluster)
            await cluster.in_sync()
            mended = time.time()
            await cluster.wait(2, 4)
            async with feed.turn:  # no report comes while all are compared
                desk = pure(feed.sent)
                await live.shows(desk, SETTLE_S)
                await live.shows_alerts(desk, SETTLE_S)
            happened.append(Happened(fault.__name__.replace("_", " "), began, mended, time.time()))
        feed.ending = True
        await tasks[-1]
        desk = pure(feed.sent)
        await live.shows(desk, SETTLE_S)
        await live.shows_alerts(desk, SETTLE_S)
        for worker in cluster.workers:
            await worker.leave()
        told = sorted(record.timestamp / 1000 for record in await everything(live, live.topics.totals))
        pauses = [(_longest(feed.acknowledged, fault), _longest(told, fault)) for fault in happened]
        codes = [code for worker in cluster.workers for code in worker.codes]
        return Outcome(happened, len(feed.sent), codes, pauses, await judge(live, feed.sent))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _planned(random: Random, number: int) -> list[Fault]:
    plan: list[Fault] = []
    while len(plan) < number:
        plan += random.sample(FAULTS, len(FAULTS))
    return plan[:number]


def _longest(times: list[float], fault: Happened) -> float:
    """The longest gap between two of the times that a fault lies in, at least in part."""
    gaps = [after - before for before, after in pairwise(times) if after > fault.began and before < fault.mended]
    return max(gaps, default=0.0)


async def run(directory: Path, seed: int, number: int, pace_s: float = 0.3) -> Outcome:
    """On servers of its own, below a directory."""
    random = Random(seed)
    ports = [free_port() for _ in range(BROKERS)]
    (directory / "redis").mkdir()
    async with AsyncExitStack() as stack:
        brokers = stack.enter_context(
            await asyncio.to_thread(start_kafka_cluster, directory / "kafka", number=BROKERS, detours=ports)
        )
        redis = stack.enter_context(start_redis(None, directory / "redis"))
        detours = [
            await stack.enter_async_context(Detour(port, target))
            for port, target in zip(ports, brokers.detours, strict=True)
        ]
        live = Live(brokers.brokers[0], redis, directory, "cluster.")
        live.environment |= {"BORDERTALLY_BROKERS": brokers.address, "BORDERTALLY_REPLICATION": str(BROKERS)}
        stack.callback(live.stop)
        await asyncio.to_thread(live.create_topics)
        return await endure(Cluster(live, brokers, detours, random, pace_s), number)
