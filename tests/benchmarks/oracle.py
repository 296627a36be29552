"""The truth, by a plain pass over the messages: what every flow and day must come to, and which alerts.

Independent of the project's core on purpose: sums in a dict, one formula, no ledger, no batches, no corrections.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from math import sqrt
from typing import NamedTuple

import msgspec

IDS_KEPT_DAYS = 4
"""A message is delivered again within hours of event time; ids of days before that are let go."""

SIGMAS, SIGMA_FLOOR, SIGMA_SHARE, MINIMUM, CLEAR_SHARE = 3.0, 10.0, 1 / 6, 50.0, 0.8
HISTORY = range(3, 10)


class ExpectedAlert(NamedTuple):
    """What the alerts of a flow must come down to: dates as text, `until` exclusive, None while open."""

    flow: str
    since: str
    until: str | None
    peak: int


class Counted(msgspec.Struct):
    """What the oracle reads of a message."""

    id: str
    flow: str
    period: str
    people: int


_decode = msgspec.json.Decoder(Counted).decode


class Oracle:
    """Takes messages in any order; answers at any time."""

    def __init__(self) -> None:
        self.people: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.seconds: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.distinct = self.messages = 0
        self._ids: dict[str, set[str]] = {}

    def take(self, raw: bytes) -> None:
        """One message; the same id again counts nothing."""
        report = _decode(raw)
        self.messages += 1
        start, end = report.period.split("/")
        day = start[:10]
        seen = self._ids.get(day)
        if seen is None:
            seen = self._ids[day] = set()
            for old in sorted(self._ids)[:-IDS_KEPT_DAYS]:
                del self._ids[old]
        if report.id in seen:
            return
        seen.add(report.id)
        self.distinct += 1
        self.people[report.flow][day] += report.people
        self.seconds[report.flow][day] += (_second(end) or 86_400) - _second(start)

    def figures(self, *, parents: bool) -> dict[str, dict[str, int]]:
        """People by flow and day; with `parents` also those of the flows above and of destinations, which are sums."""
        totals = {flow: dict(days) for flow, days in self.people.items()}
        if parents:
            for whole, leaves in self._sums().items():
                days = totals.setdefault(whole, {})
                for day, people in [entry for leaf in leaves for entry in self.people[leaf].items()]:
                    days[day] = days.get(day, 0) + people
        return totals

    def _sums(self) -> dict[str, list[str]]:
        """The flows that are sums, each with the flows that add up to it; a destination of one origin is not told."""
        sums: dict[str, list[str]] = defaultdict(list)
        origins: dict[str, set[str]] = defaultdict(set)
        for flow in self.people:
            parts = flow.split(":")
            for above in range(1, len(parts)):
                sums[":".join(parts[:above])].append(flow)
            if len(parts) > 1:
                sums[f"*:{parts[1]}"].append(flow)
                origins[f"*:{parts[1]}"].add(parts[0])
        return {flow: leaves for flow, leaves in sums.items() if len(origins.get(flow, "..")) > 1}

    def alerts(self) -> set[ExpectedAlert]:
        """The alerts of all flows, by EARS C2; right once every flow below has reported on the last day."""
        whole = {
            flow: {day for day, covered in days.items() if covered >= 86_400} for flow, days in self.seconds.items()
        }
        alerts: set[ExpectedAlert] = set()
        sums = self._sums()
        for flow, days in self.figures(parents=True).items():
            below = [*sums.get(flow, ()), *[leaf for leaf in self.people if leaf == flow]]
            full = {day for day in days if all(day in whole[leaf] or day not in self.people[leaf] for leaf in below)}
            alerts |= runs(flow, days, full)
        return alerts


def _second(moment: str) -> int:
    """The second of the day of a time such as 2022-09-21T10:30:00Z."""
    return int(moment[11:13]) * 3600 + int(moment[14:16]) * 60 + int(moment[17:19])


def before(day: str, days: int) -> str:
    """The date so many days before."""
    return (date.fromisoformat(day) - timedelta(days=days)).isoformat()


def rolling(days: dict[str, int], last: str, window: int = 7) -> int:
    """People in the window that ends with a day."""
    return sum(days.get(before(last, back), 0) for back in range(window))


def runs(flow: str, days: dict[str, int], full: Iterable[str]) -> set[ExpectedAlert]:
    """The runs of days above the threshold of EARS C2: mean of t-9..t-3 and three times max(sd, floors).

    A run goes on while a day is above the lower clear level, and is closed by the first finished day that is not: one
    covered whole, or with a later day after it.
    """
    full = set(full)
    alerts: set[ExpectedAlert] = set()
    since, last, peak = None, "", (0.0, 0)

    def close(until: str | None) -> None:
        nonlocal since
        assert since is not None
        alerts.add(ExpectedAlert(flow, since, until, peak[1]))
        since = None

    newest = max(days)
    for day in sorted(days):
        history = [days[past] for past in (before(day, back) for back in HISTORY) if past in full]
        if len(history) < len(HISTORY):
            continue
        mean = sum(history) / len(history)
        sd = sqrt(sum((people - mean) ** 2 for people in history) / (len(history) - 1))
        room = SIGMAS * max(sd, SIGMA_FLOOR, SIGMA_SHARE * mean)
        rate = days[day]
        if rate >= MINIMUM and rate > mean + (room if since is None else CLEAR_SHARE * room):
            since, peak = (day, (0.0, 0)) if since is None else (since, peak)
            peak, last = max(peak, (rate / mean, rate)), day
        elif since is not None and (day in full or day < newest):
            close(day)
    if since is not None:
        assert last
        close(None)
    return alerts
