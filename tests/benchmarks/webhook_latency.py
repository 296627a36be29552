"""How long it takes from publishing a report until a subscriber has the alert event that includes it.

`PYTHONPATH=tests python -m benchmarks.webhook_latency --rate 100 --seconds 30`: Apache Kafka, one worker with all hops,
Redis, and a receiver that verifies every signature. Each report is a count of one of 100 checkpoints; each raises the
rate of an open alert, so each is due an event. Measured from handing the report to the producer until the receiver has
the request; `of_it_webhook` from when the alert record was written.
"""

from __future__ import annotations

import asyncio
import json
import time
from datetime import datetime
from typing import Annotated

import typer
from aiokafka import AIOKafkaProducer

from benchmarks.alone import pipeline
from benchmarks.latency import quantile
from bordertally.agents.terminal.console import err
from live import Live
from webhooks.receiver import receiving

SECRET = "whsec_" + "YmVuY2htYXJr" * 3
CHECKPOINTS = 100
DAY = "2022-10-01"
WARM_S = 5.0
SETTLE_S = 10.0


def report(number: int) -> tuple[str, int, bytes]:
    """A count: its flow, what the flow's day comes to with it, and the message."""
    flow = f"RU:KZ:checkpoint-{number % CHECKPOINTS}"
    turn = number // CHECKPOINTS
    start, end = (f"{DAY}T{at // 60:02d}:{at % 60:02d}:00Z" for at in (turn, turn + 1))
    message = {
        "id": f"bench-{number}",
        "source": "kz-mia",
        "published": f"{DAY}T23:59:00Z",
        "flow": flow,
        "period": f"{start}/{end}",
        "people": 100,
        "qualifier": "count",
    }
    return flow, 100 * (turn + 1), json.dumps(message).encode()


async def measure(live: Live, rate: float, seconds: float) -> dict[str, object]:
    """Publish at a steady rate and match what the receiver gets."""
    directory = live.directory
    async with receiving(SECRET) as receiver:
        (directory / "secret").write_text(SECRET)
        (directory / "webhooks.toml").write_text(
            f'[subscriptions.bench]\nurl = "{receiver.url()}"\nsecrets = ["file:secret"]\n'
        )
        (directory / "rules.toml").write_text("[detection]\nabsolute = 50\n")
        live.worker(
            BORDERTALLY_WEBHOOKS=str(directory / "webhooks.toml"),
            BORDERTALLY_WEBHOOK_ALLOW="127.0.0.1",
            BORDERTALLY_RULES=str(directory / "rules.toml"),
        )
        producer = AIOKafkaProducer(bootstrap_servers=live.broker.address, linger_ms=0, acks="all")
        await producer.start()
        sent: dict[str, list[tuple[int, float]]] = {}
        began, warm = time.time(), int(WARM_S * rate)
        for number in range(warm + int(seconds * rate)):
            await asyncio.sleep(max(0.0, began + number / rate - time.time()))
            flow, total, message = report(number)
            if number >= warm:
                sent.setdefault(flow, []).append((total, time.time()))
            await producer.send(live.topics.every_report[0], message, key=b"kz-mia")
        await producer.stop()
        await asyncio.sleep(SETTLE_S)
        assert all(delivery.verified == [True] for delivery in receiver.got)
    delays: list[float | None] = []
    for flow, counts in sent.items():
        heard = [
            (delivery.payload["data"]["rate"], delivery.at)
            for delivery in receiver.got
            if delivery.payload["data"]["flow"] == flow
        ]
        for total, moment in counts:
            at = min((at for rate, at in heard if rate >= total), default=None)
            delays.append(None if at is None else (at - moment) * 1000)
    delays_ms = [
        (delivery.at - datetime.fromisoformat(delivery.payload["timestamp"]).timestamp()) * 1000
        for delivery in receiver.got
    ]
    return {
        "rate": rate,
        "reports": len(delays),
        "events": len(receiver.got),
        "missing": delays.count(None),
        "p50_ms": quantile(delays, 0.5),
        "p99_ms": quantile(delays, 0.99),
        "of_it_webhook_p50_ms": quantile(delays_ms, 0.5),
        "of_it_webhook_p99_ms": quantile(delays_ms, 0.99),
    }


def main(
    rate: Annotated[float, typer.Option(help="Reports a second.")] = 100.0,
    seconds: Annotated[float, typer.Option(help="How long, after five seconds to warm up.")] = 30.0,
) -> None:
    """Measure report to webhook: one line of JSON."""
    err.print("starting Kafka, Redis and a worker")
    with pipeline() as live:
        result = asyncio.run(measure(live, rate, seconds))
    typer.echo(json.dumps(result))


if __name__ == "__main__":
    typer.run(main)
