"""One pipeline with very many flows: what a worker, Redis and the gateway take, and how soon a worker is back."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from urllib.request import urlopen

from redis.asyncio import Redis

from benchmarks import broker
from benchmarks.alone import pipeline
from benchmarks.machine import cpu_s, peak_mb
from benchmarks.stream import ORIGINS as STREAM
from bordertally.agents.delivery.redis.keys import FLOWS, flow_key
from bordertally.agents.kafka.producer import Record
from bordertally.streams.topics import Topic
from live import PARTITIONS, Live, until

ORIGINS = (*STREAM, "KZ", "CN", "GE", "IR", "PK", "TR", "MX", "CO", "EG", "NG")
DESTINATIONS = ("PL", "DE", "JO", "LB", "US", "CA", "TH", "IN", "KE", "ZA")
DAYS = ("2022-09-21", "2022-09-22")
LIMIT_S = 900.0
PAGE = 1_000


def flows(number: int) -> Iterator[str]:
    """So many checkpoints, evenly on 200 borders."""
    borders = [f"{origin}:{destination}" for origin in ORIGINS for destination in DESTINATIONS]
    for at in range(number):
        yield f"{borders[at % len(borders)]}:post-{at // len(borders):04}"


def reports(number: int, day: str) -> Iterator[bytes]:
    """A count of each flow on a day."""
    for at, flow in enumerate(flows(number)):
        yield json.dumps(
            {
                "id": f"{day}-{at}",
                "source": "counters",
                "published": f"{day}T23:00:00Z",
                "flow": flow,
                "period": day,
                "people": 50 + at % 100,
                "qualifier": "count",
            }
        ).encode()


def endured(number: int) -> dict[str, str]:
    """The figures by name."""
    with pipeline() as live:
        return asyncio.run(_endured(live, number))


async def _endured(live: Live, number: int) -> dict[str, str]:
    sources = live.directory / "sources.toml"
    named = json.dumps(list(ORIGINS))
    sources.write_text(f'[sources.counters]\nname = "Counters"\nflows = {named}\ngrade = "A"\ntopic = "checkpoint"\n')
    live.environment |= {"BORDERTALLY_SOURCES": str(sources), "BORDERTALLY_SESSION_TIMEOUT_S": "30"}
    live.ready_s = LIMIT_S
    worker = await asyncio.to_thread(live.worker)
    figures: dict[str, str] = {}
    for day in DAYS:
        before, began = cpu_s(worker.pid), time.monotonic()
        topic = live.topics.reports(Topic.CHECKPOINT)
        raws = enumerate(reports(number, day))
        await live.send(Record(topic, None, raw, at % PARTITIONS) for at, raw in raws)
        await _told(live, number, day)
        took, used = time.monotonic() - began, cpu_s(worker.pid) - before
        figures[f"{number:,} reports of {day}"] = f"{took:.1f} s, {used / number * 1e6:.0f} us CPU a report"
    figures["worker, peak"] = f"{peak_mb(worker.pid):.0f} MB"
    figures["Redis, peak"] = f"{peak_mb(live.redis.pid):.0f} MB"
    await asyncio.to_thread(worker.stop)
    began = time.monotonic()
    again = await asyncio.to_thread(live.worker)
    figures["recovery: start until ready"] = f"{time.monotonic() - began:.1f} s, {cpu_s(again.pid):.1f} s CPU"
    figures["worker, peak after recovery"] = f"{peak_mb(again.pid):.0f} MB"
    gateway = await asyncio.to_thread(live.gateway, BORDERTALLY_PUBLIC_READ="true")
    address = f"http://{gateway.address}/v1/flows?limit={PAGE}"
    figures[f"/v1/flows, first {PAGE:,} of them"] = await asyncio.to_thread(_timed, address)
    figures["/v1/flows of one border"] = await asyncio.to_thread(_timed, f"{address}&flow=RU:PL")
    figures["/v1/totals of one flow"] = await asyncio.to_thread(
        _timed, f"http://{gateway.address}/v1/totals?flow=RU:PL:post-0001"
    )
    figures["all pages of /v1/flows"] = await asyncio.to_thread(_every_page, address)
    figures["gateway, peak"] = f"{peak_mb(gateway.pid):.0f} MB"
    live.stop()
    return figures


async def _told(live: Live, number: int, day: str) -> None:
    """Wait until Redis has every flow, a sample of them with this day, and nothing waits to be written to it."""
    sample = list(flows(number))[:: max(number // 200, 1)]
    redis: Redis = Redis.from_url(f"redis://{live.redis.address}/0")

    async def all_there() -> bool:
        if await redis.scard(FLOWS) < number:
            return False
        async with redis.pipeline(transaction=False) as pipe:
            for flow in sample:
                pipe.hget(flow_key(flow), "state")
            states = await pipe.execute()
        if not all(state is not None and b'"day":"%s"' % day.encode() in state for state in states):
            return False
        group = f"{live.settings.app_id}-delivery"
        return not await broker.lag(live.broker.address, group, live.topics.totals)

    try:
        await until(all_there, f"{number:,} flows with {day} are in Redis", LIMIT_S)
    finally:
        await redis.aclose()


def _timed(address: str) -> str:
    times = []
    for _ in range(5):
        began = time.monotonic()
        with urlopen(address, timeout=120) as answer:
            size = len(answer.read())
        times.append(time.monotonic() - began)
    return f"{sorted(times)[2] * 1000:.0f} ms, {size / 1e6:.2f} MB"


def _every_page(address: str) -> str:
    began, after, pages, rows = time.monotonic(), "", 0, 0
    while True:
        with urlopen(f"{address}{after}", timeout=120) as answer:
            page = json.load(answer)
        pages, rows = pages + 1, rows + len(page["flows"])
        if not page.get("next"):
            return f"{time.monotonic() - began:.1f} s, {pages} pages, {rows:,} flows"
        after = f"&after={page['next']}"
