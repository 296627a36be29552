"""Records: seven days with more people than any seven days within a set time before."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from itertools import takewhile
from math import fsum

from bordertally.streams.detection.rule import EVER, Rule
from bordertally.streams.durations import days_in
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.ledger.tree import Node, evidence
from bordertally.streams.ledger.views import DayView
from bordertally.streams.reconciliation.constraints import Bin
from bordertally.streams.rules.config import EXACT, Detection, Rules, Setting, times_expected
from bordertally.streams.rules.corroboration import CRITICAL, capped, corroborated_people, likely_rate
from bordertally.streams.rules.debounce import Run, alerts_from
from bordertally.streams.rules.wording import describe_rate
from bordertally.streams.totals.records import Baseline, Episode
from bordertally.streams.totals.unlikely import note_of

NAME = "record"

WEEK = 7


class Highs(DayView):
    """The weeks of a flow, by their last day, and which of them are records.

    `weeks`: the people of every seven days that claims cover completely. `before`: of the records, the people of the
    highest week in the period before.
    """

    def __init__(self, period: int, days: Iterable[int] = ()) -> None:
        super().__init__(days)
        self.period = period
        self.weeks: dict[int, float] = {}
        self.before: dict[int, float] = {}

    def refresh(self, bins: Mapping[int, Bin], newest: int) -> None:
        """Recompute what depends on stale days: the weeks that contain them, and records up to a period later."""
        newest = max(newest, max(self.stale, default=0))  # the last days may have lost their figures
        ends = {day + later for day in self.stale for later in range(WEEK) if day + later <= newest}
        self.stale.clear()
        touched: set[int] = set()
        for day in ends:
            days = [bins.get(day - back) for back in range(WEEK)]
            week = fsum(figures.best for figures in days if figures is not None)
            if all(figures is not None and figures.full for figures in days):
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
        """The highest week of the period before a day, if the week to the day is a record; else None.

        At least half of the days of the period must end a week that claims cover completely.
        """
        week = self.weeks.get(day)
        if week is None:
            return None
        earlier = [self.weeks[end] for end in range(day - self.period, day) if end in self.weeks]
        if 2 * len(earlier) < self.period or not week > max(earlier) * (1 + EXACT):
            return None
        return max(earlier)

    def runs(self, least: float) -> list[tuple[list[int], int | None]]:
        """The runs of record days with at least `least` people a week, and the first day after each that is no record.

        That day is None while no later week is known.
        """
        known = sorted(self.weeks)
        runs: list[tuple[list[int], int | None]] = []
        for day in sorted(day for day in self.before if self.weeks[day] >= least):
            if runs and runs[-1][1] is None:
                days = runs[-1][0]
                between = known[bisect_left(known, days[-1]) + 1 : bisect_left(known, day)]
                if not between:
                    days.append(day)
                    continue
                runs[-1] = (days, between[0])
            runs.append(([day], None))
        if runs:
            days, _ = runs[-1]
            runs[-1] = (days, next(iter(known[bisect_left(known, days[-1]) + 1 :]), None))
        return runs


def records(node: Node, rules: Rules) -> list[Episode]:
    """The runs of days to which the week was a record, oldest first; none where the rule is off.

    `rate` is the mean of the week, `expected` that of the highest week before the run, both in people a day.
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

    alerts = alerts_from(
        [Run(days[0], days[-1], until) for days, until in runs],
        detection.debounce,
        lambda first, end: next(
            takewhile(lambda day: end is None or day < end, known[bisect_left(known, first) :]), None
        ),
        lambda place: detection.rank(ratio(runs[place][0])),
    )
    return [
        _episode(node, detection, highs, [day for place in alert.members for day in runs[place][0]], alert.until)
        for alert in alerts
    ]


def _episode(node: Node, rules: Detection, highs: Highs, days: list[int], until: int | None) -> Episode:
    day, peak_day = ends = days[-1], max(days, key=lambda day: (highs.weeks[day], -day))
    expected = highs.before[days[0]] / WEEK
    rates = [highs.weeks[end] / WEEK for end in ends]

    def enough(place: int) -> bool:
        people = fsum([corroborated_people(node, PEOPLE, ends[place] - back) for back in range(WEEK)]) / WEEK
        return people > 0 and rules.rank_of(people, expected) >= CRITICAL

    def likely(place: int) -> bool:
        rate = likely_rate(node, PEOPLE, range(ends[place] - WEEK + 1, ends[place] + 1))
        return rate is None or rules.rank_of(rate, expected) >= CRITICAL

    ranked = capped(rules, [rules.rank_of(rate, expected) for rate in rates], enough, likely)
    cited = {end - back for end in ends for back in range(WEEK)}
    reports, count = evidence(node, PEOPLE, cited)
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
        note="; ".join([note for note in (note_of(node, PEOPLE, cited), ranked.note) if note]),
    )


RECORD = Rule(
    name=NAME,
    find=records,
    describe=describe_rate,
    noun="record",
    headline="Highest number of people crossing a border for a long time",
    adds_up=True,
    setting=Setting("record", example='"52w"'),
    opens="when seven days have more people than any seven days within this time before",
    ends="on the first day whose week is no higher",
    learns_from=EVER,
)
