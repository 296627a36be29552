"""What `bordertally replay` takes of a file, beside a plain Python pass over the same file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

FIRST = date(2018, 1, 1)
MIDNIGHT = datetime(2018, 1, 1, tzinfo=UTC)
GATES = 8
PLACES = 16

SOURCES = '[sources.desk]\nname = "Desk"\nflows = ["BR", "UY"]\ngrade = "B"\n'

PLAIN = """
import json, sys
days = {}
with open(sys.argv[1], "rb") as lines:
    for line in lines:
        report = json.loads(line)
        day = report["flow"], report["period"][:10]
        days[day] = days.get(day, 0) + report["people"]
"""
"""A plain pass: each line decoded with the standard library, people added up by flow and day."""


def _line(flow: str, period: str, people: int, published: datetime, **more: str) -> bytes:
    head = {"id": f"{flow}-{period}", "source": "desk", "published": f"{published:%Y-%m-%dT%H:%M:%SZ}"}
    return msgspec.json.encode({**head, "flow": flow, "period": period, "people": people, **more}) + b"\n"


def minutes(number: int, gates: int = 1) -> Iterator[bytes]:
    """So many minute readings of one gate, or of several in turns."""
    for place in range(number):
        start = MIDNIGHT + timedelta(minutes=place // gates)
        flow = f"BR:UY:gate-{place % gates}"
        yield _line(flow, f"{start:%Y-%m-%dT%H:%MZ}/PT1M", place % 9, start + timedelta(seconds=90), qualifier="count")


def places(years: int) -> Iterator[bytes]:
    """A figure a day of 16 places in both directions; fewer people at weekends, and a surge now and then."""
    for day in range(years * 365 + 1):
        published = MIDNIGHT + timedelta(days=day + 1, hours=8)
        for place in range(PLACES):
            usual = 1000 + (day * 37 + place * 11) % 200 - (300 if day % 7 in {5, 6} else 0)
            for flow in (f"BR:UY:p{place}", f"UY:BR:p{place}"):
                people = 2 * usual if day % 150 in {97, 98} else usual
                yield _line(flow, str(FIRST + timedelta(days=day)), people, published)


FILES: dict[str, Callable[[], Iterator[bytes]]] = {
    "150,000 minute readings of a gate": lambda: minutes(150_000),
    f"{PLACES} places, both directions, 5 years of days": lambda: places(5),
    f"1,000,000 minute readings of {GATES} gates": lambda: minutes(1_000_000, GATES),
}


class Used(NamedTuple):
    """CPU seconds (user and system) and the most memory in MB of a process that has ended well."""

    cpu_s: float
    peak_mb: float


class Replayed(NamedTuple):
    """What a file took: its lines and MB, the replay, and the plain pass."""

    lines: int
    megabytes: float
    replay: Used
    plain: Used


def measured(directory: Path, lines: Iterator[bytes]) -> Replayed:
    """Write a file of reports, replay it, and pass over it."""
    (directory / "sources.toml").write_text(SOURCES)
    path, number = directory / "reports.ndjson", 0
    with path.open("wb") as file:
        for line in lines:
            file.write(line)
            number += 1
    command = [sys.executable, "-c", "from bordertally.agents.cli.entry import main; main()", "replay", str(path)]
    replay = _used([*command, "--sources", str(directory / "sources.toml"), "--json"])
    plain = _used([sys.executable, "-c", PLAIN, str(path)])
    return Replayed(number, path.stat().st_size / 1e6, replay, plain)


def _used(command: list[str]) -> Used:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(command[:4])} ended with status {status}")
    return Used(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
