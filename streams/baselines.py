"""Baselines: the daily rate to expect of a flow, the first that exists of operator, stated, derived, learned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from streams.counts import PEOPLE, Key
from streams.learning.methods import METHODS
from streams.ledger import Node
from streams.memo import Judgement
from streams.records import Baseline, Claim
from streams.rules import Detection, OperatorBaseline, Rules
from streams.series import Series, period_of
from streams.sources import WEIGHT

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
    if node.memo.levels is None:
        node.memo.levels = _spoken(node)
    return node.memo.levels


def _spoken(node: Node) -> list[Level]:
    found = []
    for key, series in node.series.items():
        if key.unit == "people":
            for claim in series.claims.values():
                if claim.grade in WEIGHT and claim.best is not None:
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
    series = node.series.get(PEOPLE)

    rules = rules.of(node.flow)
    memo = node.memo

    def learned() -> Baseline | None:
        if series is None:
            return None
        if memo.rules is not rules or day > memo.newest:  # nothing would say when it no longer holds
            return learned_from(series, day, rules.detection)
        if day not in memo.learned:
            memo.learned[day] = learned_from(series, day, rules.detection)
        return memo.learned[day]

    return choose(day, rules.for_flow(node.flow), spoken, learned, rules.detection)


def judge(node: Node, rules: Rules, day: int, known: Judgement | None = None) -> Judgement:
    """The baseline of a day of a flow, and the rate to compare with it. `known`: where its baseline still holds."""
    baseline = baseline_of(node, rules, levels(node), day) if known is None else known.baseline
    return Judgement(baseline, None if baseline is None else rate_of(node, baseline, day))


def rate_of(node: Node, baseline: Baseline, day: int) -> float | None:
    """The daily rate a baseline is about: of its own population, so like is compared with like.

    None where claims only say how many at most: that anybody crossed is not known.
    """
    series = node.series.get(Key(baseline.population, "people"))
    held = series.bins.get(day) if series is not None else None
    return None if held is None or held.low <= 0 < held.best else round(held.best, EXACT_DIGITS)
