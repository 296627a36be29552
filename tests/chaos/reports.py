"""Reports for a soak: counts and statements that overlap, come late, are corrected and withdrawn, and wrong ones."""

from __future__ import annotations

import json
from datetime import date, timedelta
from random import Random
from typing import Any

FIRST = date(2022, 9, 1)
DAYS = 26
COUNTERS = {
    "RU:EU:FI:vaalimaa": "vaalimaa-counter",
    "RU:EU:FI:nuijamaa": "nuijamaa-counter",
    "RU:EU:FI:imatra": "imatra-counter",
    "RU:KZ:mashtakovo": "mashtakovo-counter",
    "RU:KZ:zhaisan": "zhaisan-counter",
}
STATED = {"RU:GE": "ge-mia", "GE:RU": "ge-mia", "KZ:RU": "kz-mia", "LV:RU": "lv-iem", "LT:RU": "lt-vsat"}
HOURS = 6


def reports(random: Random, turn: int = 0) -> list[bytes]:
    """The reports in the order in which they are sent; the same for the same seed.

    Those of a later turn correct those of the turns before, all of them.
    """
    timed: list[tuple[float, dict[str, Any] | bytes]] = []
    for day in range(DAYS):
        for report in _day(random, day, turn):
            waits = random.uniform(-0.5, 6) if report["id"].endswith("again") else random.random()
            timed.append((day + waits, report))
        if day % 7 == 6:  # a week in one figure, over what the counters say
            period = f"{FIRST + timedelta(days=day - 6)}/P7D"
            week = _report(f"week-{day}", "kz-mia", "RU:KZ", period, random.randint(90, 130) * 100, day + 1 + turn)
            timed.append((day + 1.0, week | {"qualifier": "stated"}))
        if day % 5 == 4:
            part = _report(f"men-{day}", "ge-mia", "RU:GE", str(FIRST + timedelta(days=day)), 300, day + 2 + turn)
            timed.append((day + 1.5, part | {"population": "men"}))
            timed.append(
                (day + 0.5, b'{"id": "bad-%d-%d", "filling": "%s"}' % (turn, day, b"x" * random.choice((10, 9_000))))
            )
    return [
        report if isinstance(report, bytes) else json.dumps(report).encode()
        for _, report in sorted(timed, key=lambda report: report[0])
    ]


def _day(random: Random, day: int, turn: int) -> list[dict[str, Any]]:
    reports, busy = [], day % 9 in (6, 7)
    for flow, source in COUNTERS.items():
        for hour in range(0, 24, HOURS):
            period = f"{FIRST + timedelta(days=day)}T{hour:02}:00/PT{HOURS}H"
            people = random.randint(100, 140) * (4 if busy else 1)
            reports.append(_report(f"{source}-{day}-{hour}", source, flow, period, people, day + 1 + turn))
    for flow, source in STATED.items():
        period = str(FIRST + timedelta(days=day))
        people = random.randint(80, 120) * (40 if busy and random.random() < 0.7 else 10)
        first = _report(f"{flow}-{day}", source, flow, period, people, day + 1 + turn) | {"normal": {"daily": 1_000}}
        reports.append(first)
        chance = random.random()
        if chance < 0.3:  # corrected later, or withdrawn; it may come before what it corrects
            again = None if chance < 0.08 else random.randint(80, 120) * 10
            reports.append(first | {"id": f"{flow}-{day}-again", "people": again, "published": _moment(day + 3 + turn)})
    return reports


def _moment(day: int) -> str:
    return f"{FIRST + timedelta(days=day)}T09:00:00Z"


def _report(identity: str, source: str, flow: str, period: str, people: int, published: int) -> dict[str, Any]:  # noqa: PLR0917
    return {
        "id": identity,
        "source": source,
        "published": _moment(published),
        "flow": flow,
        "period": period,
        "people": people,
        "qualifier": "count",
    }


def late(random: Random) -> list[bytes]:
    """What comes months late: days of spring, some of them far above normal."""
    days = [date(2022, 4, 1) + timedelta(days=random.randint(0, 60)) for _ in range(6)]
    documents = [
        _report(f"late-{number}", "ge-mia", "RU:GE", str(day), random.choice((900, 4_000)), 20)
        | {"normal": {"daily": 1_000}}
        for number, day in enumerate(days)
    ]
    return [json.dumps(document).encode() for document in documents]
