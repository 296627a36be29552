"""The job's arithmetic for peers that keep a flow's state as a Python object.

Drop reports seen before (by id), keep each day's total and the total of seven days, say every change, and once a day
when it passes 1.3 times the mean of the seven days before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec

KEEP, IDS = 14, 2
"""Days of totals kept by flow; days of ids kept to drop duplicates."""

State = dict[str, Any]
Row = dict[str, Any]


class Report(msgspec.Struct):
    """What the job reads of a report."""

    id: str
    flow: str
    period: str
    people: int
    published: str


@lru_cache(4096)
def ordinal(day: str) -> int:
    """A date as a number."""
    return date.fromisoformat(day).toordinal()


@lru_cache(4096)
def isoday(number: int) -> str:
    """A number as a date."""
    return date.fromordinal(number).isoformat()


def new_state() -> State:
    """The state of a flow nothing is known of."""
    return {"newest": 0, "tot": {}, "ids": {}, "alerted": set()}


def step(state: State, report: Report) -> tuple[Sequence[Row], Row | None]:
    """Count a report; the records for `totals`, and one for `alerts` or None."""
    day, tot = ordinal(report.period[:10]), state["tot"]
    ids = state["ids"].get(day)
    if ids is None:
        ids = state["ids"][day] = set()
    elif report.id in ids:
        return (), None
    ids.add(report.id)
    tot[day] = tot.get(day, 0) + report.people
    if day > state["newest"]:
        state["newest"] = day
        for old in [number for number in tot if number <= day - KEEP]:
            del tot[old]
        for old in [id_ for id_ in state["ids"] if id_ <= day - IDS]:
            del state["ids"][old]
        state["alerted"] = {number for number in state["alerted"] if number > day - IDS}
    out: list[Row] = []
    alert = None
    for d in range(day, min(state["newest"], day + 6) + 1):
        total = tot.get(d)
        if total is None:
            continue
        history = [tot[number] for number in range(d - 7, d) if number in tot]
        mean = sum(history) / 7 if len(history) == 7 else None
        row = {"flow": report.flow, "day": isoday(d), "total": total, "baseline": mean, "at": report.published}
        out.append({**row, "rolling7": total + sum(tot.get(number, 0) for number in range(d - 6, d))})
        if d == day and mean is not None and total > 1.3 * mean and d not in state["alerted"]:
            state["alerted"].add(d)
            alert = row
    return out, alert
