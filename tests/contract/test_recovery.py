"""What survives: on Apache Kafka, with workers killed, joined and left while reports stream."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bordertally.agents.demo.run import sample
from live import Live, hourly, pure, until

pytestmark = pytest.mark.kafka


async def test_a_worker_killed_in_mid_stream_loses_nothing_and_counts_nothing_twice(live_on_kafka: Live) -> None:
    live = live_on_kafka
    reports = [*hourly(20), *sample()]
    quarter = len(reports) // 4
    worker = live.worker()
    for part in range(4):
        await live.publish(reports[part * quarter : (part + 1) * quarter if part < 3 else None])
        worker.kill()
        worker = live.worker()
    desk = pure(reports)
    await live.shows(desk)
    await live.shows_alerts(desk)


async def test_a_restarted_worker_goes_on_from_its_tables(live_on_kafka: Live) -> None:
    live = live_on_kafka
    worker = live.worker()
    await live.publish(sample())
    await live.shows(pure(sample()))
    worker.stop()
    live.worker()
    more = hourly(3)
    await live.publish(more)
    desk = pure([*sample(), *more])
    await live.shows(desk)
    await live.shows_alerts(desk)


async def test_a_worker_asked_to_stop_in_mid_stream_ends_well_and_loses_nothing(live_on_kafka: Live) -> None:
    live = live_on_kafka
    reports = [*hourly(20), *sample()]
    third = len(reports) // 3
    for part in range(3):
        worker = live.worker()
        await live.publish(reports[part * third : (part + 1) * third if part < 2 else None])
        if part < 2:
            worker.stop()
            assert worker.exit_code == 0
    desk = pure(reports)
    await live.shows(desk)
    await live.shows_alerts(desk)


async def test_a_second_worker_joins_and_leaves(live_on_kafka: Live) -> None:
    live = live_on_kafka
    reports = [*sample(), *hourly(24)]
    third = len(reports) // 3
    live.worker()
    await live.publish(reports[:third])
    second = live.worker()
    await live.publish(reports[third : 2 * third])
    second.stop()
    await live.publish(reports[2 * third :])
    desk = pure(reports)
    await live.shows(desk)
    await live.shows_alerts(desk)


async def test_redis_away_emptied_or_replaced_is_filled_again(live_on_kafka: Live) -> None:
    live = live_on_kafka
    live.worker()
    half = len(sample()) // 2
    await live.publish(sample()[:half])
    await until_shown(live, 1)
    live.redis.kill()
    await live.publish(sample()[half:])  # the pipeline goes on without it
    live.redis.start()  # empty: it keeps nothing on disk
    desk = pure(sample())
    await live.shows(desk)
    await live.shows_alerts(desk)
    redis = Redis.from_url(f"redis://{live.redis.address}/0")
    await redis.flushall()
    await redis.aclose()
    await live.shows(desk)  # without anything new arriving
    await live.shows_alerts(desk)


async def until_shown(live: Live, flows: int) -> None:
    """Wait until Redis shows some flows."""

    async def some() -> bool:
        return len(await live.states()) >= flows

    await until(some, f"{flows} flows in Redis")
