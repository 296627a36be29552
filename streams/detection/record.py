"""Records: when more people crossed within seven days than in any week for so long."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from itertools import takewhile
from math import fsum

from bordertally.streams.detection.rule import EVER, Rule
from bordertally.streams.detection.wording import describe_rate
from bordertally.streams.durations import days_in
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.ledger.tree import Node, evidence
from bordertally.streams.ledger.views import DayView
from bordertally.streams.reconciliation.constraints import Bin
from bordertally.streams.rules.config import EXACT, Detection, Rules, Setting, times_expected
from bordertally.streams.rules.corroboration import CRITICAL, capped, corroborated_people
from bordertally.streams.rules.debounce import Run, alerts_from
from bordertally.streams.totals.records import Baseline, Episode

NAME = "record"

WEEK = 7


class Highs(DayView):
    """The weeks of a flow and which of them were records.

    `weeks` holds people by the last day of every seven days that claims cover whole; `before`, for those that are
    records, the highest of the period before.
    """

    def __init__(self, period: int, days: Iterable[int] = ()) -> None:
        super().__init__(days)
        self.period = period
        self.weeks: dict[int, float] = {}
        self.before: dict[int, float] = {}

    def refresh(self, bins: Mapping[int, Bin], newest: int) -> None:
        """Work out anew what the stale days bear on: their weeks, and the records of so long after them."""
        newest = max(newest, max(self.stale, default=0))  # days at the end may be gone
        ends = {day + later for day in self.stale for later in range(WEEK) if day + later <= newest}
        self.stale.clear()
        touched: set[int] = set()
        for day in ends:
            held = [bins.get(day - back) for back in range(WEEK)]
            week = fsum(one.best for one in held if one is not None)
            if all(one is not None and one.full for one in held):
                changed = self.weeks.get(day) != week
                self.weeks[day] = week
            else:
                changed = self.weeks.pop(day, None) is not None
            if changed:
                touched.update(range(day, min(day + self.period, newest) + 1))
        for day in touched:
            self.before.pop(day, None)
            highest = self._record(day)
            if highest is not None:
                self.before[day] = highest

    def _record(self, day: int) -> float | None:
        """The highest week of the period before a day, if the week that ends on it is higher; else None.

        The period is known well enough when half of its days end a week that is covered whole.
        """
        week = self.weeks.get(day)
        if week is None:
            return None
        earlier = [self.weeks[one] for one in range(day - self.period, day) if one in self.weeks]
        if 2 * len(earlier) < self.period or not week > max(earlier) * (1 + EXACT):
            return None
        return max(earlier)

    def runs(self, least: float) -> list[tuple[list[int], int | None]]:
        """Runs of record days of at least so many people a week, each with the first day a week was none, or None."""
        known = sorted(self.weeks)
        found: list[tuple[list[int], int | None]] = []
        for day in sorted(day for day in self.before if self.weeks[day] >= least):
            if found and found[-1][1] is None:
                days = found[-1][0]
                between = known[bisect_left(known, days[-1]) + 1 : bisect_left(known, day)]
                if not between:
                    days.append(day)
                    continue
                found[-1] = (days, between[0])
            found.append(([day], None))
        if found:
            days, _ = found[-1]
            found[-1] = (days, next(iter(known[bisect_left(known, days[-1]) + 1 :]), None))
        return found


def records(node: Node, rules: Rules) -> list[Episode]:
    """The runs of days on which the week to a day was the highest for so long, oldest first; none if the rule is off.

    The rate is that of a day of the week, what is expected the rate of the highest week before the run.
    """
    series, detection = node.series.get(PEOPLE), rules.detection
    period = detection.record
    if period is None or series is None:
        return []
    highs = node.views.of(Highs, lambda: Highs(days_in(period), series.bins), rules)
    highs.refresh(series.bins, series.last or 0)
    runs = highs.runs(WEEK * detection.minimum_people)
    known = sorted(highs.weeks)

    def ratio(days: list[int]) -> float:
        before = highs.before[days[0]]
        return times_expected(max(highs.weeks[day] for day in days), before)

    joined = alerts_from(
        [Run(days[0], days[-1], until) for days, until in runs],
        detection.debounce,
        lambda first, end: next(
            takewhile(lambda day: end is None or day < end, known[bisect_left(known, first) :]), None
        ),
        lambda place: detection.rank(ratio(runs[place][0])),
    )
    return [
        _episode(node, detection, highs, [day for place in one.members for day in runs[place][0]], one.until)
        for one in joined
    ]


def _episode(node: Node, rules: Detection, highs: Highs, days: list[int], until: int | None) -> Episode:
    day, peak_day = days[-1], max(days, key=lambda one: (highs.weeks[one], -one))
    expected = highs.before[days[0]] / WEEK
    rates = [highs.weeks[one] / WEEK for one in (day, peak_day)]
    ends = (day, peak_day)

    def enough(place: int) -> bool:
        people = fsum([corroborated_people(node, PEOPLE, ends[place] - back) for back in range(WEEK)]) / WEEK
        return people > 0 and rules.rank_of(people, expected) >= CRITICAL

    ranked = capped(rules, [rules.rank_of(rate, expected) for rate in rates], enough)
    reports, count = evidence(node, PEOPLE, {end - back for end in ends for back in range(WEEK)})
    return Episode(
        since=days[0],
        until=until,
        day=day,
        rate=rates[0],
        baseline=Baseline("record", expected, expected, method=rules.record),
        severity=ranked.severities[0],
        peak_day=peak_day,
        peak_rate=rates[1],
        peak_severity=ranked.severities[1],
        reports=reports,
        report_count=count,
        rule=NAME,
        note=ranked.note,
    )


RECORD = Rule(
    name=NAME,
    find=records,
    describe=describe_rate,
    ending="back below it on",
    noun="record",
    headline="Highest number of people crossing a border for a long time",
    setting=Setting("record"),
    learns_from=EVER,
)
