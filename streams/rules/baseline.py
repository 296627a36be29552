"""Baselines: the daily rate to expect of a flow, the first that exists of operator, stated, derived, learned."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Literal, NamedTuple

from bordertally.streams.learning.methods import METHODS
from bordertally.streams.ledger.rows import PEOPLE, Key
from bordertally.streams.ledger.series import Series
from bordertally.streams.ledger.tree import Node
from bordertally.streams.ledger.views import View
from bordertally.streams.reports.claims import Claim, period_of
from bordertally.streams.reports.sources import WEIGHT, counts
from bordertally.streams.rules.config import Detection, OperatorBaseline, Rules
from bordertally.streams.totals.records import Baseline


class Judgement(NamedTuple):
    """The baseline of a day and the rate it is compared with; None where there is none."""

    baseline: Baseline | None
    rate: float | None


NOT_JUDGED = Judgement(None, None)

EXACT_DIGITS = 6
"""Rates are compared as rounded to millionths of a person, so that days equal but for raking are equal."""


class Level(NamedTuple):
    """A level that a source stated, or that follows from a change it stated: people a day, low..high."""

    kind: Literal["stated", "derived"]
    population: str
    first_day: int
    last_day: int
    low: float
    high: float
    trust: tuple[float, int, str]
    source: str
    report: str


def levels(node: Node) -> list[Level]:
    """All stated and derived levels on a flow, from its counting claims in force."""
    found = []
    for key, series in node.series.items():
        if key.unit == "people":
            for claim in series.claims.values():
                if counts(claim.grade) and claim.best is not None:
                    found += _levels(claim)
    return found


def _levels(claim: Claim) -> list[Level]:
    assert claim.best is not None
    period = period_of(claim)
    trust = (WEIGHT[claim.grade], claim.published, claim.report)

    def level(kind: Literal["stated", "derived"], low: float, high: float) -> Level:
        days = (period.first_day, period.last_day)
        return Level(kind, claim.population, *days, low, high, trust, claim.source, claim.report)

    found = []
    if claim.normal is not None:
        found.append(level("stated", *claim.normal))
    if claim.change_percent is not None and claim.best > 0:
        before = claim.best / period.days / (1 + claim.change_percent / 100)
        found.append(level("derived", before, before))
    return found


def choose(
    day: int,
    operator: Sequence[OperatorBaseline],
    spoken: Sequence[Level],
    learned: Callable[[], Baseline | None],
    rules: Detection,
) -> Baseline | None:
    """The baseline of a day: operator > stated > derived > learned; None when there is none.

    Of several stated levels the latest that begins on or before the day wins, else the first after it; of levels
    that begin on one day the more trusted, then the later published. `learned` is asked last; where it has nothing to
    say either, the absolute threshold of the rules stands in, if there is one.
    """
    chosen = None
    for one in operator:
        if (one.since is None or one.since.toordinal() <= day) and (one.until is None or day < one.until.toordinal()):
            chosen = one
    if chosen is not None:
        low, high = chosen.level
        expected = (low + high) / 2
        return Baseline(
            "operator",
            expected,
            expected * (chosen.ratio or rules.ratio),
            chosen.population,
            low=low,
            high=high,
        )
    for kind in ("stated", "derived"):
        before = rules.stated_before_days if kind == "stated" else 0
        valid = [
            one
            for one in spoken
            if one.kind == kind and one.first_day - before <= day <= one.last_day + rules.stated_after_days
        ]
        if valid:
            level = max(valid, key=lambda one: _nearness(one, day))
            expected = (level.low + level.high) / 2
            return Baseline(
                level.kind,
                expected,
                expected * rules.ratio,
                level.population,
                level.source,
                level.report,
                level.low,
                level.high,
            )
    found = learned()
    if found is None and rules.absolute is not None:
        found = Baseline("absolute", rules.absolute, rules.absolute)
    return found


def _nearness(level: Level, day: int) -> tuple[object, ...]:
    begun = level.first_day <= day
    return (begun, level.first_day if begun else -level.first_day, level.population == "people", level.trust, level)


def learned_from(series: Series, day: int, rules: Detection) -> Baseline | None:
    """What the days of a series teach of a day: by the first method of the rules that has enough of them, else None.

    A day that claims do not cover whole is unknown. The day itself teaches nothing of what to expect on it.
    """
    bins = series.bins
    for name in rules.methods:
        method = METHODS[name]
        history = [one.best if (one := bins.get(day - back)) is not None and one.full else None for back in method.back]
        found = method.learn(history, rules.tuning)
        if found is not None:
            return Baseline("learned", found.expected, found.threshold, method=name)
    return None


def says(baseline: Baseline) -> str:
    """Where the expected rate of a learned baseline was seen, and by which method it was learned, in words."""
    method = METHODS.get(baseline.method or "")
    return "(learned)" if method is None else f"{method.says} (learned by {method.name})"


def baseline_of(node: Node, rules: Rules, spoken: Sequence[Level], day: int) -> Baseline | None:
    """The baseline of one day of a flow."""
    rules = rules.of(node.flow)
    return choose(day, rules.for_flow(node.flow), spoken, lambda: _learned(node, rules, day), rules.detection)


def _learned(node: Node, rules: Rules, day: int) -> Baseline | None:
    series = node.series.get(PEOPLE)
    return None if series is None else learned_from(series, day, rules.detection)


def judge(node: Node, rules: Rules, day: int) -> Judgement:
    """The baseline of a day of a flow, and the rate to compare with it."""
    return _judgement(node, baseline_of(node, rules, levels(node), day), day)


def _judgement(node: Node, baseline: Baseline | None, day: int) -> Judgement:
    return Judgement(baseline, None if baseline is None else rate_of(node, baseline, day))


def rate_of(node: Node, baseline: Baseline, day: int) -> float | None:
    """The daily rate a baseline is about: of its own population, so like is compared with like.

    None where claims only say how many at most: that anybody crossed is not known.
    """
    series = node.series.get(Key(baseline.population, "people"))
    held = series.bins.get(day) if series is not None else None
    return None if held is None or held.low <= 0 < held.best else round(held.best, EXACT_DIGITS)


class JudgedDays(View):
    """The days of a flow as judged under some rules; see `judged_days`.

    What is learned for a day changes with the days that lie before it, and not with the day itself, so a day that
    moved is compared anew with the baseline it had. Rules follow the days judged anew: see `follow`.
    """

    def __init__(self, node: Node, rules: Rules) -> None:
        self.days: dict[int, Judgement] = {}
        self._rules = rules
        self._later = rules.detection.looks_back
        self._levels: list[Level] | None = None
        self._learned: dict[int, Baseline | None] = {}
        self._due = {day for series in node.series.values() for day in series.bins}
        self._relearn = set(self._due)
        self._newest = max(self._due, default=0)  # of all days that ever held anything: none after it is judged
        self._followers: list[set[int]] = []

    def days_changed(self, days: Collection[int]) -> None:
        """Judge these days anew, and those that learn from them."""
        self._newest = max(self._newest, max(days, default=0))
        for day in days:
            self._due.add(day)
            for later in range(day + self._later.start, min(day + self._later.stop, self._newest + 1)):
                self._learned.pop(later, None)
                self._due.add(later)
                self._relearn.add(later)

    def levels_changed(self) -> None:
        """Look for the stated levels again, and judge every day anew."""
        self._levels = None
        self._due.update(self.days)
        self._relearn.update(self.days)

    def follow(self) -> set[int]:
        """A set that gathers the days judged anew from now on; it begins with all there are."""
        fresh = set(self.days)
        self._followers.append(fresh)
        return fresh

    def refresh(self, node: Node) -> None:
        """Judge the days that are due."""
        if not self._due:
            return
        series = node.series.get(PEOPLE)
        for day in self._due:
            known = self.days.pop(day, None)
            if series is not None and day in series.bins:
                if known is None or day in self._relearn:
                    self.days[day] = _judgement(node, self._baseline(node, day), day)
                else:
                    self.days[day] = _judgement(node, known.baseline, day)
        for follower in self._followers:
            follower.update(self._due)
        self._due.clear()
        self._relearn.clear()

    def _baseline(self, node: Node, day: int) -> Baseline | None:
        if self._levels is None:
            self._levels = levels(node)
        operator = self._rules.for_flow(node.flow)
        return choose(day, operator, self._levels, lambda: self._learned_for(node, day), self._rules.detection)

    def _learned_for(self, node: Node, day: int) -> Baseline | None:
        if day not in self._learned:
            self._learned[day] = _learned(node, self._rules, day)
        return self._learned[day]


def judged_days(node: Node, rules: Rules) -> JudgedDays:
    """Every day of a flow that holds something, judged; `rules` are those of the flow."""
    judged = node.views.of(JudgedDays, lambda: JudgedDays(node, rules), rules)
    judged.refresh(node)
    return judged
