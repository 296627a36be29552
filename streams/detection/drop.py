"""Drops: when a daily rate falls to a share of what is normal, as when a border closes. The mirror of alerts.episodes.

A source that has fallen silent must not look like a quiet border: only a day that is over, onto which nothing is
projected, and of which everybody has spoken who did lately, can open a drop.
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
"""Who spoke of any of so many days before a day is missed when silent on it."""


def levels(baseline: Baseline, rules: Detection) -> tuple[float, float] | None:
    """(level below which a drop opens, level from which it is over), people a day; None where there can be none.

    It opens below `drop` times what is expected, and against a learned level only as far below it as its threshold
    lies above: a flow that is zero on many days does not alarm on one more. It is over from
    expected - clear_share x (expected - open level) on. A flow that expects fewer than `minimum_people` has none.
    """
    if rules.drop is None or baseline.kind == "absolute" or baseline.expected < rules.minimum_people:
        return None
    low = rules.drop * baseline.expected
    if baseline.kind == "learned":
        low = min(low, 2 * baseline.expected - baseline.threshold)
    return None if low <= 0 else (low, baseline.expected - rules.clear_share * (baseline.expected - low))


def spoken_for(node: Node, day: int) -> bool:
    """Whether a day is told of by all who told of any day of the four weeks before: the flow itself, or all below."""
    if node.own_covers(PEOPLE, day):
        return True
    held = [(child, child.series[PEOPLE].bins) for child in node.children.values() if PEOPLE in child.series]
    active = [(child, bins) for child, bins in held if any(day - back in bins for back in LATELY)]
    return all(day in bins and spoken_for(child, day) for child, bins in active)


def is_low(judged: Judgement, rules: Detection) -> bool:
    """Whether a day's rate is under the level at which a drop is over."""
    if judged.baseline is None or judged.rate is None:
        return False
    found = levels(judged.baseline, rules)
    return found is not None and judged.rate < found[1] * (1 - EXACT)


class LowDays(View):
    """The days of a flow under the level at which a drop is over."""

    def __init__(self, judged: JudgedDays) -> None:
        self.low: set[int] = set()
        self._judged = judged
        self._stale = judged.follow()

    def refresh(self, detection: Detection) -> None:
        """Look anew at the days that were judged anew."""
        for day in self._stale:
            if is_low(self._judged.days.get(day, NOT_JUDGED), detection):
                self.low.add(day)
            else:
                self.low.discard(day)
        self._stale.clear()


def drops(node: Node, rules: Rules) -> list[Episode]:
    """The runs of days on which a flow was under a share of what is normal, oldest first; none where the rule is off.

    What comes out depends on the set of reports alone.
    """
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
    joined = alerts_from(
        [Run(days[0], days[-1], end) for days, end in zip(runs, ends, strict=True)],
        rules.detection.debounce,
        lambda first, end: _recovered(judged, rules, first, last if end is None else end),
        lambda place: max(_rank(judged.days[day], rules.detection) for day in runs[place]),
    )
    return [
        _episode(node, judged, rules.detection, [day for place in one.members for day in runs[place]], one.until)
        for one in joined
    ]


def _opens(judged: Judgement, rules: Detection) -> bool:
    assert judged.baseline is not None
    assert judged.rate is not None
    found = levels(judged.baseline, rules)
    return found is not None and judged.rate < found[0] * (1 - EXACT)


def _recovered(judged: JudgedDays, rules: Rules, first: int, end: int) -> int | None:
    """The first day from one up to another (exclusive) with a normal rate again, one in progress too: it only grows."""
    for day in range(first, end):
        held = judged.days.get(day)
        if held is not None and held.baseline is not None and held.rate is not None:
            found = levels(held.baseline, rules.detection)
            if found is None or held.rate >= found[1] * (1 - EXACT):
                return day
    return None


def _fall(judged: Judgement) -> float:
    """How many times more was expected."""
    assert judged.baseline is not None
    return times_expected(judged.baseline.expected, judged.rate or 0.0)


def _rank(judged: Judgement, rules: Detection) -> int:
    """0 notice, 1 warning, 2 critical: a fall to half is as severe as a doubling."""
    return rules.rank(_fall(judged))


def _episode(node: Node, judged_days: JudgedDays, rules: Detection, days: list[int], until: int | None) -> Episode:
    judged = judged_days.days
    day = days[-1]
    deepest = max(days, key=lambda one: (_fall(judged[one]), -one))
    baseline, rate, depth = judged[day].baseline, judged[day].rate, judged[deepest].rate
    assert baseline is not None
    assert rate is not None
    assert depth is not None
    key = Key(baseline.population, "people")
    both = (day, deepest)
    ranked = capped(
        rules, [_rank(judged[one], rules) for one in both], lambda place: is_corroborated(node, key, both[place])
    )
    severity, peak_severity = ranked.severities
    found = levels(baseline, rules)
    level = baseline if found is None else msgspec.structs.replace(baseline, threshold=found[0])
    reports, count = evidence(node, key, {day, deepest})
    told = (severity, deepest, depth, peak_severity, reports, count, NAME)
    return Episode(days[0], until, day, rate, level, *told, note=ranked.note)


DROP = Rule(
    name=NAME,
    find=drops,
    describe=describe_rate,
    ending="back above it on",
    noun="drop",
    headline="People crossing a border far below the normal level",
    setting=Setting("drop", lambda share: 0 < share < 1, "above 0, below 1"),
)
