"""A crowd at the gateway: so many clients on one stream, and how long an event takes to the last of them.

    PYTHONPATH=tests python -m benchmarks.crowd --clients 1000 --rate 20 --seconds 10

The gateway is a process pinned to one core, the clients are another; events are written to `totals` on Apache Kafka.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time

import psutil

from benchmarks.alone import pipeline
from bordertally.agents.kafka.producer import Record, by_kafka, make_producer
from live import PARTITIONS, Live

MARK = b'"sent":'


class Ear(asyncio.Protocol):
    """A client that reads as fast as it can and notes how late each event is."""

    def __init__(self, place: str, heard: list[float], place_taken: asyncio.Semaphore) -> None:
        self.place, self.heard, self.taken = place, heard, place_taken
        self.count, self.rest, self.listens = 0, b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(f"GET /v1/stream HTTP/1.1\r\nHost: {self.place}\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        now = time.time()
        if not self.listens and b"retry:" in data:
            self.listens = True
            self.taken.release()
        parts = (self.rest + data).split(MARK)
        for part in parts[1:]:
            number, comma, _ = part.partition(b",")
            if comma:
                self.heard.append(now - float(number))
                self.count += 1
        last = parts[-1]
        self.rest = MARK + last if len(parts) > 1 and b"," not in last else last[-len(MARK) :]


def quantile(values: list[float], share: float) -> float:
    """The value below which this share lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


async def crowd(live: Live, place: str, pid: int, asked: argparse.Namespace) -> dict[str, float]:
    """Connect everybody, send events, count."""
    host, port = place.split(":")
    heard, listening = list[float](), asyncio.Semaphore(0)
    loop = asyncio.get_running_loop()
    ears, transports = list[Ear](), list[asyncio.Transport]()
    begun = time.monotonic()
    for _ in range(asked.clients):
        transport, ear = await loop.create_connection(lambda: Ear(place, heard, listening), host, int(port))
        ears.append(ear)
        transports.append(transport)
    for _ in ears:
        await listening.acquire()
    connected = time.monotonic() - begun
    producer = make_producer(live.settings, 0.0)
    await producer.start()
    gateway = psutil.Process(pid)
    before, begun = sum(gateway.cpu_times()[:2]), time.monotonic()
    count = int(asked.rate * asked.seconds)
    try:
        send = by_kafka(producer)
        for number in range(count):
            await asyncio.sleep(max(0.0, begun + number / asked.rate - time.monotonic()))
            value = {"flow": "RU:GE", "sent": time.time(), "x": "y" * asked.bytes}
            body = json.dumps(value, separators=(",", ":")).encode()
            await send(Record(live.topics.totals, b"RU:GE", body, number % PARTITIONS))
        async with asyncio.timeout(60):
            while sum(ear.count for ear in ears) < count * len(ears):
                await asyncio.sleep(0.05)
    except TimeoutError:
        pass
    finally:
        await producer.stop()
        for transport in transports:
            transport.abort()
        await asyncio.sleep(0)  # they close in the next turn
    seconds = time.monotonic() - begun
    return {
        "clients": len(ears),
        "connected_s": connected,
        "events": count,
        "delivered_share": sum(ear.count for ear in ears) / (count * len(ears)),
        "deliveries_per_s": sum(ear.count for ear in ears) / seconds,
        "gateway_core_share": (sum(gateway.cpu_times()[:2]) - before) / seconds,
        "gateway_rss_mb": gateway.memory_info().rss / 1e6,
        "late_p50_ms": quantile(heard, 0.5) * 1000,
        "late_p99_ms": quantile(heard, 0.99) * 1000,
        "late_max_ms": max(heard) * 1000,
    }


def run(asked: argparse.Namespace) -> dict[str, float]:
    """Start the servers, measure, stop them."""
    with pipeline() as live:
        gateway = live.gateway()
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(gateway.pid, {min(os.sched_getaffinity(0))})
        return asyncio.run(crowd(live, gateway.address, gateway.pid, asked))


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="benchmarks.crowd")
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=20.0, help="events a second")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--bytes", type=int, default=3000, help="of an event, about")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    figures = run(parse())
    sys.stdout.write("".join(f"{name:20} {value:12,.3f}\n" for name, value in figures.items()))
