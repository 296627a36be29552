"""What is published: the stream as a file, made once, and the live feed that goes on after its last day."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from benchmarks.stream import FIRST, FLOWS, NOISE, Message, Shape, messages, slot

HOT = 10
"""Every tenth flow is hot: its live day is far above normal, so an alert opens and follows it."""

HOT_LEVEL, LEVEL = 4_000, 40
"""People a live count, on hot flows and on others."""

AFTER_S = 3_600
"""Live counts are published so long after their slots: later than anything before them."""


class Live(NamedTuple):
    """A live count: the message, its day, and what the day of its flow must have come to once it is counted."""

    message: Message
    day: str
    total: int
    hot: bool


def stream_path(shape: Shape, directory: Path) -> Path:
    """Where the stream of a shape is kept."""
    return directory / f"stream-{shape.days}x{shape.slots}.ndjson"


def write_stream(shape: Shape, path: Path) -> None:
    """Write the stream, one message a line; nothing is held in memory.

    Two runs at once write a file each, under names of their own, and the same bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f"{path.stem}-", suffix=".part", delete=False) as file:
        for message in messages(shape):
            file.write(message.value + b"\n")
    Path(file.name).rename(path)


def lines(path: Path) -> Iterator[bytes]:
    """The messages of a file."""
    with path.open("rb") as file:
        for line in file:
            yield line[:-1]


def flow_of(raw: bytes) -> str:
    """The flow of a message of the stream, without decoding it."""
    start = raw.index(b'"flow": "') + 9
    return raw[start : raw.index(b'"', start)].decode()


def live(day: int, count: int, seed: int = 7) -> list[Live]:
    """So many counts of one day after the stream, one slot after the other; the day stays unfinished."""
    rnd = random.Random(seed)
    slots = -(-count // len(FLOWS)) + 1
    sums = dict.fromkeys(FLOWS, 0)
    hot = set(FLOWS[::HOT])
    reports = []
    for number in range(count):
        index, place = divmod(number, len(FLOWS))
        flow = FLOWS[place]
        start, end = slot(day, index, slots)
        people = int((HOT_LEVEL if flow in hot else LEVEL) * rnd.uniform(0.7, 1.3))
        sums[flow] += people
        published = end + timedelta(seconds=AFTER_S, microseconds=number)
        report = {
            "id": f"live-{day}-{number}",
            "source": f"{flow.split(':')[1].lower()}-counters",
            "published": published.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "flow": flow,
            "period": f"{start:%Y-%m-%dT%H:%M:%SZ}/{end:%Y-%m-%dT%H:%M:%SZ}",
            "people": people,
            "qualifier": "count",
            **NOISE,
        }
        reports.append(
            Live(Message(flow, json.dumps(report).encode()), start.date().isoformat(), sums[flow], flow in hot)
        )
    return reports


def last_day(shape: Shape) -> str:
    """The last day of the stream."""
    return date_of(shape.days - 1).date().isoformat()


def number_of(date: str) -> int:
    """The number of days from the beginning of the stream up to and with a date."""
    return (datetime.fromisoformat(date).date() - FIRST.date()).days + 1


def date_of(day: int) -> datetime:
    """The beginning of a day of the stream, by number."""
    return FIRST + timedelta(days=day)
