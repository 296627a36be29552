"""Corroboration: whether a figure rests on two independent sources, or on one of grade A.

With `corroborate` in the rules, a critical alert must be corroborated. Two checkpoints that add up to a country do not
corroborate each other: each needs corroboration of its own, and the corroborated figures alone must be critical.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import fsum
from typing import NamedTuple

from bordertally.streams.ledger.corridors.nodes import CorridorNode
from bordertally.streams.ledger.rows import Key
from bordertally.streams.ledger.series import Series
from bordertally.streams.ledger.tree import Node
from bordertally.streams.ledger.unlikely import people_on, unlikely_on
from bordertally.streams.reconciliation.constraints import Kind, day_span
from bordertally.streams.reports.sources import WEIGHT
from bordertally.streams.rules.baseline import WEEK, WEEKLY
from bordertally.streams.rules.config import SEVERITIES, Detection
from bordertally.streams.totals.records import Baseline

NOTE = "not corroborated by a second source or one graded A, so no more than a warning"
NOTE_UNLIKELY = "the likely figures alone are not critical, so no more than a warning"
CRITICAL = SEVERITIES.index("critical")

Witnesses = dict[str, float]
"""The largest weight of a grade of each origin, by its id."""


class Ranked(NamedTuple):
    """Severities, lowered where they are not corroborated, and the note that says so; empty if none was lowered."""

    severities: list[str]
    note: str


def corroborated(node: Node, rules: Detection, days: Sequence[tuple[int, float, Baseline]]) -> Ranked:
    """The severities of some days of an exceedance, each given as (day, people a day, baseline)."""
    ranks = [rules.rank_of(rate, level.expected) for _, rate, level in days]

    def enough(place: int) -> bool:
        day, _, level = days[place]
        people = corroborated_people(node, Key(level.population, "people"), day)
        return people > 0 and rules.rank_of(people, level.expected) >= CRITICAL

    def likely(place: int) -> bool:
        day, _, level = days[place]
        span = range(day - WEEK + 1, day + 1) if level.method == WEEKLY else range(day, day + 1)
        rate = likely_rate(node, Key(level.population, "people"), span)
        return rate is None or rules.rank_of(rate, level.expected) >= CRITICAL

    return capped(rules, ranks, enough, likely)


def capped(
    rules: Detection,
    ranks: Sequence[int],
    enough: Callable[[int], bool],
    likely: Callable[[int], bool] = lambda _: True,
) -> Ranked:
    """The severities of these ranks; critical only where `likely(place)`, and where the figure is corroborated.

    `enough(place)`: whether it is; asked only if the rules ask for corroboration.
    """
    lowered = [rank if rank < CRITICAL or likely(place) else CRITICAL - 1 for place, rank in enumerate(ranks)]
    notes = [NOTE_UNLIKELY] if lowered != list(ranks) else []
    if rules.corroborate:
        alone = [rank if rank < CRITICAL or enough(place) else CRITICAL - 1 for place, rank in enumerate(lowered)]
        notes += [NOTE] if alone != lowered else []
        lowered = alone
    return Ranked([SEVERITIES[rank] for rank in lowered], "; ".join(notes))


def likely_rate(node: Node, key: Key, days: Sequence[int]) -> float | None:
    """People a day over some days without the unlikely claims; None where no unlikely claim is about any of them."""
    if not any(unlikely_on(node, key, day) for day in days):
        return None
    series = node.series.get(key)
    bins = {} if series is None else series.bins
    return fsum([min(bins[day].best, people_on(node, key, day, likely=True)) for day in days if day in bins]) / len(
        days
    )


def corroborated_people(node: Node, key: Key, day: int) -> float:
    """The corroborated people of a flow on a day: what one source of grade A, or two independent ones, at least report.

    Where a single source reports on the flow, sources of the flows below corroborate it as far as their figures go.
    Where none does, the corroborated people of the child flows are added up.
    """
    if isinstance(node, CorridorNode):
        return node.corroborated_people(key, day)
    series = node.series.get(key)
    figures = None if series is None else series.bins.get(day)
    if figures is None:
        return 0.0
    own = witnesses(node, key, day)
    if _two_or_reliable(own):
        return figures.best
    children = _reporting(node, key, day)
    if not own:
        return fsum([corroborated_people(child, key, day) for child in children])
    others = [child.series[key].bins[day].best for child in children if below(child, key, day).keys() - own.keys()]
    corroborating = fsum([corroborated_people(child, key, day) for child in children])
    return min(figures.best, max(fsum(others), corroborating))


def is_corroborated(node: Node, key: Key, day: int) -> bool:
    """Whether the figure of a flow on a day is corroborated, however small it is."""
    if isinstance(node, CorridorNode):
        return node.corroborated_people(key, day) > 0
    own = witnesses(node, key, day)
    if _two_or_reliable(own):
        return True
    children = _reporting(node, key, day)
    if own:
        return any(below(child, key, day).keys() - own.keys() for child in children)
    return bool(children) and all(is_corroborated(child, key, day) for child in children)


def witnesses(node: Node, key: Key, day: int) -> Witnesses:
    """The origins of reports of people on this very flow on a day, at least or exactly, also of a part of the people.

    Sources that quote or relay one origin are one witness.
    """
    own = [node.series[key]] if key in node.series else []
    weights: Witnesses = {}
    for series in [*own, *node.parts(key)]:
        for origin, weight in _of(series, day):
            weights[origin] = max(weight, weights.get(origin, 0.0))
    return weights


def below(node: Node, key: Key, day: int) -> Witnesses:
    """The same, with the origins of reports on the flows below."""
    if isinstance(node, CorridorNode):
        return node.witnesses(key, day)
    reporting = witnesses(node, key, day)
    for child in _reporting(node, key, day):
        for origin, weight in below(child, key, day).items():
            reporting[origin] = max(weight, reporting.get(origin, 0.0))
    return reporting


def _of(series: Series, day: int) -> Iterable[tuple[str, float]]:
    start, end = day_span(day)
    for constraint in series.constraints(day):
        if constraint.start < end and constraint.end > start and constraint.kind is not Kind.AT_MOST:
            yield constraint.origin, constraint.weight


def _reporting(node: Node, key: Key, day: int) -> list[Node]:
    """The child flows with a figure on a day."""
    return [child for child in node.children.values() if key in child.series and day in child.series[key].bins]


def _two_or_reliable(sources: Witnesses) -> bool:
    return len(sources) > 1 or WEIGHT["A"] in sources.values()
