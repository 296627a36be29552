"""How long from a report on Kafka to a client of the stream: `PYTHONPATH=tests python -m benchmarks.to_stream`.

One worker with all hops, one gateway, one client, reports at a steady rate. The client knows each report by its
figure; one that is corrected before it was shown counts as shown with its correction.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta

import aiohttp

from benchmarks.alone import pipeline
from benchmarks.crowd import quantile
from bordertally.agents.kafka.producer import by_kafka, make_producer
from bordertally.agents.kafka.report_record import record_of
from gateway.listening import listen
from live import Live

RATE, COUNT, WARM, DAYS = 100, 1500, 300, 20


def report(number: int) -> bytes:
    """One count of one day, the figure of which is its number: every report changes its total."""
    day = date(2022, 9, 1) + timedelta(days=number % DAYS)
    fields = {
        "id": f"r{number}",
        "source": "kz-mia",
        "published": (datetime(2022, 10, 1, tzinfo=UTC) + timedelta(seconds=number)).isoformat(),
        "flow": "RU:KZ",
        "period": day.isoformat(),
        "people": 10_000 + number,
        "qualifier": "stated",
    }
    return json.dumps(fields).encode()


async def measure(live: Live, place: str) -> list[float]:
    """Seconds by report, of those after the first ones."""
    sent: dict[int, float] = {}
    late: dict[int, float] = {}
    listening = asyncio.Event()

    async def hear() -> None:
        async with aiohttp.ClientSession() as http:
            query = {"flow": "RU:KZ", "kinds": "totals"}
            async with aclosing(listen(http, place, query=query, beats=True)) as events:
                async for event in events:
                    listening.set()
                    now = time.monotonic()
                    for day in event.data["days"] if event.data else ():
                        shown = day["best"] - 10_000
                        for number in range(shown, -1, -DAYS):  # those before it of the same day are corrected by it
                            if number in late:
                                break
                            late[number] = now - sent[number]

    hearing = asyncio.create_task(hear())
    producer = make_producer(live.settings, 0.0)
    await producer.start()
    try:
        await listening.wait()
        send, begun = by_kafka(producer), time.monotonic()
        for number in range(COUNT):
            await asyncio.sleep(max(0.0, begun + number / RATE - time.monotonic()))
            sent[number] = time.monotonic()
            await send(record_of(report(number), live.registry, live.topics))
        await asyncio.sleep(5)
    finally:
        await producer.stop()
        hearing.cancel()
    return [seconds for number, seconds in late.items() if number >= WARM]


def main() -> None:
    """Start the servers, measure, stop them."""
    with pipeline() as live:
        live.worker()
        seconds = asyncio.run(measure(live, live.gateway().address))
    p50, p99 = (quantile(seconds, share) * 1000 for share in (0.5, 0.99))
    sys.stdout.write(f"{len(seconds)} of {COUNT - WARM} reports, {RATE} a second: p50 {p50:.0f} ms, p99 {p99:.0f} ms\n")


if __name__ == "__main__":
    main()
