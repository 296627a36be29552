"""Drops: days on which the rate falls below a share of the normal level, as when a border closes.

A source that stops reporting must not look like a drop. So only a finished day opens a drop, without projection, and on
which everyone reports who reported in the four weeks before.
"""

from __future__ import annotations

import msgspec

from bordertally.streams.detection.rule import Rule
from bordertally.streams.detection.wording import describe_rate
from bordertally.streams.ledger.rows import PEOPLE, Key
from bordertally.streams.ledger.tree import Node, evidence
from bordertally.streams.ledger.views import View
from bordertally.streams.rules.baseline import NOT_JUDGED, JudgedDays, Judgement, judged_days
from bordertally.streams.rules.config import EXACT, Detection, Rules, Setting, times_expected
from bordertally.streams.rules.corroboration import capped, is_corroborated
from bordertally.streams.rules.debounce import Run, alerts_from
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
    if node.own_covers(PEOPLE, day):
        return True
    children = [(child, child.series[PEOPLE].bins) for child in node.children.values() if PEOPLE in child.series]
    active = [(child, bins) for child, bins in children if any(day - back in bins for back in LATELY)]
    return all(day in bins and spoken_for(child, day) for child, bins in active)


def is_low(judged: Judgement, rules: Detection) -> bool:
    """Whether the rate of a day is below the level at which a drop is over."""
    if judged.baseline is None or judged.rate is None:
        return False
    limits = levels(judged.baseline, rules)
    return limits is not None and judged.rate < limits[1] * (1 - EXACT)


class LowDays(View):
    """The days of a flow below the level at which a drop is over."""

    def __init__(self, judged: JudgedDays) -> None:
        self.low: set[int] = set()
        self._judged = judged
        self._stale = judged.follow()

    def refresh(self, detection: Detection) -> None:
        """Examine the days again that were judged again."""
        for day in self._stale:
            if is_low(self._judged.days.get(day, NOT_JUDGED), detection):
                self.low.add(day)
            else:
                self.low.discard(day)
        self._stale.clear()


def drops(node: Node, rules: Rules) -> list[Episode]:
    """The runs of days below a share of the normal level, oldest first; none where the rule is off."""
    if rules.detection.drop is None:
        return []
    judged, limit = judged_days(node, rules), rules.detection.project_days
    view = node.views.of(LowDays, lambda: LowDays(judged), judged)
    view.refresh(rules.detection)
    runs: list[list[int]] = []
    ends: list[int | None] = []
    last = (node.last(PEOPLE) or 0) + 1
    for day in sorted(view.low):
        if runs and ends[-1] is None:
            ends[-1] = _recovered(judged, rules, runs[-1][-1] + 1, day)
        if not (finished(node, PEOPLE, day, limit) and spoken_for(node, day)):
            continue
        if runs and ends[-1] is None:
            runs[-1].append(day)
        elif _opens(judged.days[day], rules.detection):
            runs.append([day])
            ends.append(None)
    if runs and ends[-1] is None:
        ends[-1] = _recovered(judged, rules, runs[-1][-1] + 1, last)
    alerts = alerts_from(
        [Run(days[0], days[-1], end) for days, end in zip(runs, ends, strict=True)],
        rules.detection.debounce,
        lambda first, end: _recovered(judged, rules, first, last if end is None else end),
        lambda place: max(_rank(judged.days[day], rules.detection) for day in runs[place]),
    )
    return [
        _episode(node, judged, rules.detection, [day for place in alert.members for day in runs[place]], alert.until)
        for alert in alerts
    ]


def _opens(judged: Judgement, rules: Detection) -> bool:
    assert judged.baseline is not None
    assert judged.rate is not None
    limits = levels(judged.baseline, rules)
    return limits is not None and judged.rate < limits[0] * (1 - EXACT)


def _recovered(judged: JudgedDays, rules: Rules, first: int, end: int) -> int | None:
    """The first day from `first` to `end` (exclusive) with a normal rate again, also a day in progress; else None."""
    for day in range(first, end):
        judgement = judged.days.get(day)
        if judgement is not None and judgement.baseline is not None and judgement.rate is not None:
            limits = levels(judgement.baseline, rules.detection)
            if limits is None or judgement.rate >= limits[1] * (1 - EXACT):
                return day
    return None


def _fall(judged: Judgement) -> float:
    """The ratio of the expected rate to the rate."""
    assert judged.baseline is not None
    return times_expected(judged.baseline.expected, judged.rate or 0.0)


def _rank(judged: Judgement, rules: Detection) -> int:
    """The severity as a place in SEVERITIES: a fall to half is as severe as a doubling."""
    return rules.rank(_fall(judged))


def _episode(node: Node, judged_days: JudgedDays, rules: Detection, days: list[int], until: int | None) -> Episode:
    judged = judged_days.days
    day = days[-1]
    deepest = max(days, key=lambda day: (_fall(judged[day]), -day))
    baseline, rate, depth = judged[day].baseline, judged[day].rate, judged[deepest].rate
    assert baseline is not None
    assert rate is not None
    assert depth is not None
    key = Key(baseline.population, "people")
    ends = (day, deepest)
    ranks = [_rank(judged[end], rules) for end in ends]
    ranked = capped(rules, ranks, lambda place: is_corroborated(node, key, ends[place]))
    limits = levels(baseline, rules)
    level = baseline if limits is None else msgspec.structs.replace(baseline, threshold=limits[0])
    reports, count = evidence(node, key, set(ends))
    return Episode(
        since=days[0],
        until=until,
        day=day,
        rate=rate,
        baseline=level,
        severity=ranked.severities[0],
        peak_day=deepest,
        peak_rate=depth,
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
    ending="back above it on",
    noun="drop",
    headline="People crossing a border far below the normal level",
    setting=Setting("drop", lambda share: 0 < share < 1, "above 0, below 1"),
)
