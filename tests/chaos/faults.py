"""The faults: each is done to a running pipeline and undone again, at moments that chance decides."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

from redis.asyncio import Redis

from bordertally.agents.kafka.crash_points import POINTS
from chaos.supervising import Supervised
from live import Live, limit

NOBODY_THERE = ("webhooks.", "written.webhooks", "alertmanager.")
"""Points that no worker of a soak comes by: it has nobody to tell."""

Fault = Callable[["Scene"], Awaitable[None]]


class Scene:
    """What faults are done to."""

    def __init__(self, live: Live, random: Random) -> None:
        self.live, self.random = live, random
        self.first, self.second = Supervised(live, "first"), Supervised(live, "second")

    async def wait(self, least: float, most: float) -> None:
        """A random while."""
        await asyncio.sleep(self.random.uniform(least, most))

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
)


def name_of(fault: Fault) -> str:
    """What a fault is called."""
    return getattr(fault, "__name__", "").replace("_", " ")
