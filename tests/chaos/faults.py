"""The faults: each is done to a running pipeline and undone again, at moments that chance decides."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Collection
from random import Random
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bordertally.agents.delivery.redis.keys import ALERTS, FLOWS, flow_key
from bordertally.agents.kafka.crash_points import POINTS
from bordertally.agents.kafka.producer import Record
from bordertally.agents.kafka.topics import create_topics
from bordertally.agents.worker.positions import committed_offsets
from chaos.supervising import Supervised
from forking import run
from live import PARTITIONS, Live, limit, until

NOBODY_THERE = ("webhooks.", "written.webhooks", "alertmanager.")
"""Points that no worker of a soak comes by: it has nobody to tell."""

SKIPPED = "BORDERTALLY_SKIP_RECORDS"

Fault = Callable[["Scene"], Awaitable[None]]


class Scene:
    """The pipeline that the faults hit."""

    def __init__(self, live: Live, random: Random) -> None:
        self.live, self.random = live, random
        self.first, self.second = Supervised(live, "first"), Supervised(live, "second")
        self.told: list[str] = []
        """What the logs of workers said of faults that no worker can mend."""

    async def wait(self, least: float, most: float) -> None:
        """A random while."""
        await asyncio.sleep(self.random.uniform(least, most))

    def lines(self, words: str) -> list[str]:
        """The lines with these words (a regular expression) in the logs of all workers."""
        logs = [worker.log.read_text(encoding="utf-8", errors="replace") for worker in self.live.workers]
        return [line for log in logs for line in log.splitlines() if re.search(words, line)]

    async def says(self, words: str, timeout_s: float = 60, known: Collection[str] = ()) -> str:
        """Wait until the log of a worker has a line with these words that is not known; it is the newest."""
        lines: list[str] = []

        async def said() -> bool:
            lines[:] = [line for line in self.lines(words) if line not in known]
            return bool(lines)

        await until(said, f"a worker says {words!r}", timeout_s)
        self.told.append(lines[-1])
        return lines[-1]

    async def reread(self) -> None:
        """As the runbook says: stop all workers, let them read all reports again, start them."""
        wanted = [worker for worker in (self.first, self.second) if worker.wanted]
        for worker in wanted:
            await worker.leave()

        async def done() -> bool:  # a worker that was killed is a member until its session ends
            command = await asyncio.to_thread(run, "reread", environment=self.live.environment)
            return command.returncode == 0

        await until(done, "reread succeeds", 60)
        for worker in wanted:
            worker.wanted = True

    def some_worker(self) -> Supervised:
        """One of those that are wanted."""
        return self.random.choice([worker for worker in (self.first, self.second) if worker.wanted])


async def worker_killed(scene: Scene) -> None:
    if (server := scene.some_worker().running) is not None:
        server.kill()


async def worker_paused(scene: Scene) -> None:
    """Shorter than the session timeout, or longer, so that others have taken over meanwhile."""
    if (server := scene.some_worker().running) is not None:
        server.pause()
        await scene.wait(0.3, 5)
        server.resume()


async def worker_dies_at_a_point(scene: Scene) -> None:
    worker = scene.some_worker()
    worker.point = scene.random.choice([point for point in POINTS if not point.startswith(NOBODY_THERE)])
    if worker.running is not None:
        worker.running.kill()


async def second_worker_joins_or_leaves(scene: Scene) -> None:
    if scene.second.wanted:
        await scene.second.leave()
    else:
        scene.second.wanted = True


async def broker_killed(scene: Scene) -> None:
    """And restarted on its data."""
    broker = scene.live.broker
    broker.kill()
    await scene.wait(0, 2)
    await asyncio.to_thread(broker.start)


async def broker_paused(scene: Scene) -> None:
    scene.live.broker.pause()
    await scene.wait(0.5, 5)
    scene.live.broker.resume()


async def redis_killed(scene: Scene) -> None:
    """It keeps nothing on disk: it comes back empty."""
    scene.live.redis.kill()
    await scene.wait(0, 2)
    await asyncio.to_thread(scene.live.redis.start)


async def redis_flushed(scene: Scene) -> None:
    redis: Redis = Redis.from_url(f"redis://{scene.live.redis.address}/0")
    await redis.flushall()
    await redis.aclose()


async def redis_paused(scene: Scene) -> None:
    scene.live.redis.pause()
    await scene.wait(0.5, 7)
    scene.live.redis.resume()


async def letters_refused(scene: Scene) -> None:
    """The topic of dead letters takes no large message for a while."""
    topic = scene.live.topics.rejected
    await limit(scene.live, topic, 2_000)
    await scene.live.publish(
        [b'{"id": "bad-letter-%d", "filling": "%s"}' % (scene.random.getrandbits(40), b"x" * 9_000)]
    )
    await scene.wait(1, 3)
    await limit(scene.live, topic, 1_000_000)


async def records_lost(scene: Scene) -> None:
    """Claims are removed while no ledger runs; a worker must name those that it had not read."""
    topic, live = scene.live.topics.claims, scene.live
    for worker in (scene.first, scene.second):
        if worker.running is not None:
            worker.running.kill()
    admin, consumer = (kind(bootstrap_servers=live.broker.address) for kind in (AIOKafkaAdminClient, AIOKafkaConsumer))
    await admin.start()
    await consumer.start()
    try:
        ends = await consumer.end_offsets([TopicPartition(topic, number) for number in range(PARTITIONS)])
        committed = await committed_offsets(admin, live.settings.app_id)
        await admin.delete_records({tp: RecordsToDelete(before_offset=end) for tp, end in ends.items() if end})
    finally:
        await consumer.stop()
        await admin.close()
    lost = {tp: end for tp, end in ends.items() if end and (tp not in committed or committed[tp] < end)}
    for tp, end in lost.items():
        if tp in committed:
            await scene.says(rf"{re.escape(topic)}/{tp.partition}: .*removed before .*(to|offset) {end - 1}\)")
    if lost:
        await scene.reread()


async def topic_made_anew(scene: Scene) -> None:
    """The claims are deleted with their topic. The second time it is made anew before a worker can see it missing."""
    live = scene.live
    admin = AIOKafkaAdminClient(bootstrap_servers=live.broker.address)
    await admin.start()
    try:
        await admin.delete_topics([live.topics.claims])
    finally:
        await admin.close()
    await scene.says(f"topics? .*{live.topics.claims}( does not exist|,|;)|topics missing on .*{live.topics.claims}")
    live.environment.pop(SKIPPED, None)  # the new topic has other records there
    await create_topics(live.settings)
    await scene.reread()


async def clock_off(scene: Scene) -> None:
    """Two hours ahead or behind, for long enough to be noticed, then right again."""
    worker = scene.some_worker()
    worker.clock.write_text(scene.random.choice(("7200", "-7200")), encoding="utf-8")
    try:
        await scene.wait(6, 9)
    finally:
        worker.clock.write_text("0", encoding="utf-8")


async def unreadable_record(scene: Scene) -> None:
    """On the topic of claims; the operator skips the record that the log names."""
    live = scene.live
    partition = scene.random.randrange(PARTITIONS)
    skipped = [place for place in live.environment.get(SKIPPED, "").split(",") if place]
    others = "".join(rf"(?!{re.escape(place)};)" for place in skipped)
    words = rf"set {SKIPPED}={others}\S+;"
    known = scene.lines(words)  # of a topic that was made anew since
    await live.send([Record(live.topics.claims, b"RU", b"\xc1\xff", partition)])
    line = await scene.says(words, known=known)
    live.environment[SKIPPED] = ",".join([*skipped, *re.findall(r"SKIP_RECORDS=(\S+);", line)])


async def redis_forged(scene: Scene) -> None:
    """Flows are lost, changed and added; an alert is lost."""
    redis: Any = Redis.from_url(f"redis://{scene.live.redis.address}/0")
    try:
        flows = sorted(await redis.smembers(FLOWS))
        for flow in scene.random.sample(flows, min(3, len(flows))):
            await redis.delete(flow_key(flow.decode()))
        for flow in scene.random.sample(flows, min(3, len(flows))):
            await redis.hset(flow_key(flow.decode()), "state", b"{}")
        await redis.sadd(FLOWS, "AA:BB")
        for alert in sorted(await redis.hkeys(ALERTS))[:1]:
            await redis.hdel(ALERTS, alert)
    except RedisError:
        return  # it is still away
    finally:
        await redis.aclose()


async def cpu_starved(scene: Scene) -> None:
    """Other processes take what the machine has, for some seconds."""
    burning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(6)]  # noqa: ASYNC220
    try:
        await scene.wait(3, 6)
    finally:
        for process in burning:
            process.kill()
            process.wait()


FAULTS: tuple[Fault, ...] = (
    worker_killed,
    worker_paused,
    worker_dies_at_a_point,
    second_worker_joins_or_leaves,
    broker_killed,
    broker_paused,
    redis_killed,
    redis_flushed,
    redis_paused,
    letters_refused,
    records_lost,
    topic_made_anew,
    clock_off,
    unreadable_record,
    redis_forged,
    cpu_starved,
)


def name_of(fault: Fault) -> str:
    """What a fault is called."""
    return getattr(fault, "__name__", "").replace("_", " ")
