"""A stream of checkpoint counts with a fixed seed: 200 flows, days cut into equal slots, one count a slot.

Every count has an identity of its own; one in a hundred messages is delivered a second time. Counts come in the order
in which counters publish them, so within two hours of the order of their slots.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

ORIGINS = ("RU", "UA", "BY", "SY", "AF", "VE", "SD", "ET", "MM", "IQ")
PLACES = 2
POSTS = 10
"""Every origin has so many destinations, every destination so many checkpoints: 200 flows."""

FIRST = datetime(2022, 9, 21, tzinfo=UTC)
AGAIN = 0.01
"""The share of messages delivered a second time."""

SURGE, SURGES = 1.8, 0.04
"""A surge multiplies a day's level; the share of days that have one."""

DESTINATIONS = ("GE", "KZ", "TR", "JO", "PK", "CO", "EG", "KE", "TH", "IR", "AM")
NOISE = {"gate": "north", "device": "counter/laser-4"}


class Shape(NamedTuple):
    """How much: days of event time, and slots a day and flow."""

    days: int = 60
    slots: int = 40

    @property
    def counts(self) -> int:
        """Counts, those delivered again not counted."""
        return len(FLOWS) * self.days * self.slots


class Message(NamedTuple):
    """A report as published: its flow is the key by which it is partitioned."""

    flow: str
    value: bytes


def _flows() -> list[str]:
    pairs = [
        (origin, DESTINATIONS[(index * PLACES + place) % len(DESTINATIONS)])
        for index, origin in enumerate(ORIGINS)
        for place in range(PLACES)
    ]
    return [f"{origin}:{place}:post-{post:02}" for origin, place in pairs for post in range(POSTS)]


FLOWS = _flows()


def registry() -> str:
    """The source registry of the stream, as TOML: one source a destination, which counts at all its checkpoints."""
    entries = []
    for place in DESTINATIONS:
        flows = [f"{origin}:{place}" for origin in ORIGINS]
        entries.append(
            f'[sources.{place.lower()}-counters]\nname = "Counters of {place}"\nflows = {json.dumps(flows)}\n'
            'grade = "A"\ntopic = "checkpoint"\n'
        )
    return "\n".join(entries)


RULES = """
[detection]
learned = ["c2"]
sigmas = 3
sigma_floor_share = 0.16666666666666666
week_ratio = 0
keep_firing_for = "0d"
"""
"""The rules of the stream, as TOML: what the oracle works out by itself."""


def moment(at: datetime) -> str:
    """A time as reports write it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def report(rnd: random.Random, flow: str, start: datetime, end: datetime, level: float) -> dict[str, object]:
    """One count of a slot."""
    return {
        "id": str(uuid.UUID(int=rnd.getrandbits(128), version=4)),
        "source": f"{flow.split(':')[1].lower()}-counters",
        "published": moment(end + timedelta(seconds=rnd.randrange(60, 600))),
        "flow": flow,
        "period": f"{moment(start)}/{moment(end)}",
        "people": max(1, int(level * rnd.uniform(0.7, 1.3))),
        "qualifier": "count",
        **NOISE,
    }


def slot(day: int, index: int, slots: int) -> tuple[datetime, datetime]:
    """Start and end of a slot; the slots of a day cover it whole."""
    start = FIRST + timedelta(days=day)
    return start + timedelta(seconds=86_400 * index // slots), start + timedelta(seconds=86_400 * (index + 1) // slots)


def stream(shape: Shape = Shape(), seed: int = 20220921) -> Iterator[dict[str, object]]:  # noqa: B008 - immutable
    """The reports, in order of publication."""
    rnd = random.Random(seed)
    base = [rnd.uniform(2_000, 20_000) for _ in FLOWS]
    waiting: list[tuple[float, dict[str, object]]] = []
    recent: list[dict[str, object]] = []
    for day in range(shape.days):
        levels = [
            people * (SURGE if day > 10 and rnd.random() < SURGES else rnd.uniform(0.95, 1.05)) / shape.slots
            for people in base
        ]
        for index in range(shape.slots):
            start, end = slot(day, index, shape.slots)
            for flow, level in zip(FLOWS, levels, strict=True):
                waiting.append((end.timestamp() + rnd.uniform(0, 7200), report(rnd, flow, start, end, level)))
        waiting.sort(key=lambda entry: entry[0])
        horizon = (FIRST + timedelta(days=day + 1)).timestamp()
        while waiting and (waiting[0][0] < horizon or day == shape.days - 1):
            due = next(
                (i for i, entry in enumerate(waiting) if entry[0] >= horizon and day < shape.days - 1), len(waiting)
            )
            for _, message in waiting[:due]:
                yield message
                recent.append(message)
                if len(recent) > 500:
                    recent.pop(0)
                if rnd.random() < AGAIN:
                    yield rnd.choice(recent)
            del waiting[:due]


def messages(shape: Shape = Shape(), seed: int = 20220921) -> Iterator[Message]:  # noqa: B008 - immutable
    """The reports as bytes."""
    for message in stream(shape, seed):
        yield Message(str(message["flow"]), json.dumps(message).encode())
