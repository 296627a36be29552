"""Drops: days on which the rate falls below a share of the normal level, as when a border closes.

A source that stops reporting must not look like a drop. So only a finished day opens a drop, without projection, and on
which everyone reports who reported in the four weeks before.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import fsum
from typing import NamedTuple

import msgspec

from bordertally.streams.detection.rule import Rule
from bordertally.streams.ledger.corridors.nodes import CorridorNode
from bordertally.streams.ledger.rows import PEOPLE, Key
from bordertally.streams.ledger.tree import Node, evidence
from bordertally.streams.ledger.views import View
from bordertally.streams.rules.baseline import (
    EXACT_DIGITS,
    WEEK,
    WEEK_BEFORE,
    JudgedDays,
    judged_days,
    rate_of,
)
from bordertally.streams.rules.config import EXACT, Detection, Rules, Setting, times_expected
from bordertally.streams.rules.corroboration import capped, is_corroborated
from bordertally.streams.rules.debounce import alerts_from
from bordertally.streams.rules.kept_level import KEPT_DAYS, kept_level
from bordertally.streams.rules.wording import describe_rate
from bordertally.streams.totals.projection import finished
from bordertally.streams.totals.records import Baseline, Episode

NAME = "drop"

LATELY = range(1, 29)
"""The distances of the days before a day on which a reporter counts as active."""


def levels(baseline: Baseline, rules: Detection) -> tuple[float, float] | None:
    """(level below which a drop opens, level from which it is over), in people a day; None where no drop is possible.

    A drop opens below `drop` times the expected rate. Against a learned baseline, the rate must also lie as far below
    the expected rate as the threshold lies above, so that a flow which is zero on many days does not alert on one more.
    A drop is over from expected - clear_share x (expected - open level) on. A flow with fewer than `minimum_people`
    expected has no drops.
    """
    if rules.drop is None or baseline.kind == "absolute" or baseline.expected < rules.minimum_people:
        return None
    low = rules.drop * baseline.expected
    if baseline.kind == "learned":
        low = min(low, 2 * baseline.expected - baseline.threshold)
    return None if low <= 0 else (low, baseline.expected - rules.clear_share * (baseline.expected - low))


def spoken_for(node: Node, day: int) -> bool:
    """Whether everyone reports on a day who reported in the four weeks before: the flow itself, or all flows below."""
    if isinstance(node, CorridorNode):
        return node.spoken_for(day)
    if node.own_covers(PEOPLE, day):
        return True
    for child in node.children.values():
        bins = child.series[PEOPLE].bins if PEOPLE in child.series else {}
        # a flow with nothing below it speaks for itself on a day of which it has people
        speaks = day in bins and (_is_leaf(child) or spoken_for(child, day))
        if not speaks and any(day - back in bins for back in LATELY):
            return False
    return True


def _is_leaf(node: Node) -> bool:
    return not node.children and not isinstance(node, CorridorNode)


def week_before(node: Node, day: int) -> Baseline | None:
    """The level of the week before a day: the lower of its mean and of the same weekday, in people a day.

    Its threshold lies as far above as the lowest day of the week lies below, so that only a rate below every day of the
    week opens a drop (see `levels`). The days of an alert count like others. None unless claims cover all seven days
    completely.
    """
    bins = node.series[PEOPLE].bins if PEOPLE in node.series else {}
    days = [bins.get(day - back) for back in range(1, WEEK + 1)]
    week = [figures.best for figures in days if figures is not None and figures.full]
    if len(week) < WEEK:
        return None
    level = round(min(fsum(week) / WEEK, week[-1]), EXACT_DIGITS)
    return Baseline("learned", level, 2 * level - min(level, *week), method=WEEK_BEFORE)


class Comparison(NamedTuple):
    """A rate and its level; a drop opens below `opens` and is over from `ends` on, all in people a day."""

    rate: float
    baseline: Baseline
    opens: float
    ends: float

    @property
    def opening(self) -> bool:
        """Whether the rate opens a drop."""
        return self.rate < self.opens * (1 - EXACT)

    @property
    def low(self) -> bool:
        """Whether the rate keeps a drop open."""
        return self.rate < self.ends * (1 - EXACT)

    @property
    def fall(self) -> float:
        """The ratio of the expected rate to the rate."""
        return times_expected(self.baseline.expected, self.rate)


def compare(node: Node, baseline: Baseline | None, day: int, rules: Detection) -> Comparison | None:
    """Compare the rate of a day with a level; None where either is unknown, or the level allows no drop."""
    rate = None if baseline is None else rate_of(node, baseline, day)
    limits = None if baseline is None else levels(baseline, rules)
    if baseline is None or rate is None or limits is None:
        return None
    return Comparison(rate, baseline, *limits)


def comparisons(node: Node, judged: JudgedDays, day: int, rules: Detection) -> list[Comparison]:
    """The comparisons of a day, any of which opens a drop or keeps it open: first that with the level of the day.

    Where this level is learned, or there is none, the week before counts too: a surge makes a learned level wide.
    """
    baseline = judged.of(day).baseline
    known = [baseline]
    if baseline is None or baseline.kind in ("learned", "absolute"):
        known.append(week_before(node, day))
    against = (compare(node, level, day, rules) for level in known)
    return [comparison for comparison in against if comparison is not None]


class LowDays(View):
    """The days of a flow on which a rate is below the level at which a drop is over."""

    def __init__(self, judged: JudgedDays) -> None:
        self.low: set[int] = set()
        self._judged = judged
        self._stale = judged.follow().judged

    def refresh(self, node: Node, detection: Detection) -> None:
        """Examine the days again that were judged again."""
        for day in self._stale:
            if any(comparison.low for comparison in comparisons(node, self._judged, day, detection)):
                self.low.add(day)
            else:
                self.low.discard(day)
        self._stale.clear()


class Falling:
    """A run of low days, each with the comparison by which it is low; `until`: the day of recovery, None until then."""

    def __init__(self, day: int, comparison: Comparison) -> None:
        self.days = {day: comparison}
        self.until: int | None = None

    @property
    def since(self) -> int:
        """The first day."""
        return min(self.days)

    @property
    def last(self) -> int:
        """The latest day."""
        return max(self.days)


class _Drops:
    """The drops of a flow, found day by day."""

    def __init__(self, node: Node, rules: Rules) -> None:
        self.node, self.detection = node, rules.detection
        self.judged = judged_days(node, rules)
        view = node.views.of(LowDays, lambda: LowDays(self.judged), self.judged)
        view.refresh(node, self.detection)
        self.low = view.low
        self.end = (node.last(PEOPLE) or 0) + 1

    def runs(self) -> list[Falling]:
        """The runs of low days, oldest first. A run keeps the level it opened with, see `kept_level`."""
        runs: list[Falling] = []
        for day in sorted({day + later for day in self.low for later in range(KEPT_DAYS)}):
            run = runs[-1] if runs else None
            if run is not None and run.until is None:
                run.until = self.recovered(run.last + 1, day, run)
            going_on = run if run is not None and run.until is None else None
            if not (finished(self.node, PEOPLE, day, self.detection.project_days) and spoken_for(self.node, day)):
                continue
            falls = [comparison for comparison in self.compared(day, going_on) if comparison.low]
            if going_on is not None and falls:
                going_on.days[day] = falls[0]
            elif going_on is None:
                runs += [Falling(day, comparison) for comparison in falls if comparison.opening][:1]
        if runs and runs[-1].until is None:
            runs[-1].until = self.recovered(runs[-1].last + 1, self.end, runs[-1])
        return runs

    def compared(self, day: int, run: Falling | None = None) -> list[Comparison]:
        """The comparisons of a day: with the level that a run has kept, if any, then with the levels of the day."""
        compared = comparisons(self.node, self.judged, day, self.detection)
        if run is not None:
            opened = run.since
            level = kept_level(self.node, self.detection, opened, run.days[opened].baseline, day)
            kept = compare(self.node, level, day, self.detection)
            compared[:0] = [] if kept is None else [kept]
        return compared

    def recovered(self, first: int, end: int, run: Falling | None = None) -> int | None:
        """The first day from `first` to `end` (exclusive) with a normal rate, also a day in progress; else None."""
        for day in range(first, end):
            baseline, rate, _ = self.judged.of(day)
            compared = self.compared(day, run)
            if (compared or (baseline is not None and rate is not None)) and not any(each.low for each in compared):
                return day
        return None


def drops(node: Node, rules: Rules) -> list[Episode]:
    """The runs of days below a share of the normal level, oldest first; none where the rule is off."""
    if rules.detection.drop is None:
        return []
    found = _Drops(node, rules)
    runs = found.runs()
    alerts = alerts_from(
        runs,
        rules.detection.debounce,
        lambda first, end: found.recovered(first, found.end if end is None else end),
        lambda place: max(rules.detection.rank(comparison.fall) for comparison in runs[place].days.values()),
    )
    return [
        _episode(
            node,
            rules.detection,
            {day: at for place in alert.members for day, at in runs[place].days.items()},
            alert.until,
        )
        for alert in alerts
    ]


def _episode(node: Node, rules: Detection, days: Mapping[int, Comparison], until: int | None) -> Episode:
    day = max(days)
    deepest = max(days, key=lambda day: (days[day].fall, -day))
    latest, lowest = days[day], days[deepest]
    key = Key(latest.baseline.population, "people")
    ends = (day, deepest)
    ranks = [rules.rank(days[end].fall) for end in ends]
    ranked = capped(rules, ranks, lambda place: is_corroborated(node, key, ends[place]))
    reports, count = evidence(node, key, set(ends))
    return Episode(
        since=min(days),
        until=until,
        day=day,
        rate=latest.rate,
        baseline=msgspec.structs.replace(latest.baseline, threshold=latest.opens),
        severity=ranked.severities[0],
        peak_day=deepest,
        peak_rate=lowest.rate,
        peak_severity=ranked.severities[1],
        reports=reports,
        report_count=count,
        rule=NAME,
        note=ranked.note,
    )


DROP = Rule(
    name=NAME,
    find=drops,
    describe=describe_rate,
    noun="drop",
    headline="People crossing a border far below the normal level",
    adds_up=True,
    setting=Setting("drop", lambda share: 0 < share < 1, "above 0, below 1", example="0.5"),
    opens="on a day below this share of the expected rate, or of the week before",
    ends="on the first day at expected - 0.8 x (expected - threshold) or more (`clear_share`)",
)
