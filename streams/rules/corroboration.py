"""Corroboration: whether a figure rests on more than one witness, so that critical is not said on a single word.

Where the rules say so, critical needs two independent sources or one graded A. Two checkpoints that add up to a country
do not vouch for each other: each is vouched for by itself, and what is vouched for must be critical by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import fsum
from typing import NamedTuple

from bordertally.streams.ledger.rows import Key
from bordertally.streams.ledger.series import Series
from bordertally.streams.ledger.tree import Node
from bordertally.streams.reconciliation.constraints import Kind, day_span
from bordertally.streams.reports.sources import WEIGHT
from bordertally.streams.rules.config import SEVERITIES, Detection
from bordertally.streams.totals.records import Baseline

NOTE = "not corroborated by a second source or one graded A, so no more than a warning"
CRITICAL = SEVERITIES.index("critical")

Witnesses = dict[str, float]
"""Sources by id, and the weight of their grade."""


class Ranked(NamedTuple):
    """Severities as far as they are corroborated, and what is to be said of it."""

    severities: list[str]
    note: str


def corroborated(node: Node, rules: Detection, days: Sequence[tuple[int, float, Baseline]]) -> Ranked:
    """The severities of some days of an exceedance: (day, people a day, what was expected)."""
    ranks = [rules.rank_of(rate, level.expected) for _, rate, level in days]

    def enough(place: int) -> bool:
        day, _, level = days[place]
        people = vouched(node, Key(level.population, "people"), day)
        return people > 0 and rules.rank_of(people, level.expected) >= CRITICAL

    return capped(rules, ranks, enough)


def capped(rules: Detection, ranks: Sequence[int], enough: Callable[[int], bool]) -> Ranked:
    """Severities by their ranks; critical only where `enough(place)` vouch for it, if the rules ask for that."""
    held = list(ranks)
    if rules.corroborate:
        held = [rank if rank < CRITICAL or enough(place) else CRITICAL - 1 for place, rank in enumerate(ranks)]
    return Ranked([SEVERITIES[rank] for rank in held], NOTE if held != list(ranks) else "")


def vouched(node: Node, key: Key, day: int) -> float:
    """So many people a day of a flow that one source graded A or two independent ones say at least.

    Where one source alone speaks of the flow, those that speak of the flows below corroborate it as far as they go.
    Where none does, what is vouched for below adds up.
    """
    series = node.series.get(key)
    held = None if series is None else series.bins.get(day)
    if held is None:
        return 0.0
    own = witnesses(node, key, day)
    if _two_or_reliable(own):
        return held.best
    children = _spoken(node, key, day)
    if not own:
        return fsum([vouched(child, key, day) for child in children])
    others = [child.series[key].bins[day].best for child in children if below(child, key, day).keys() - own.keys()]
    vouching = fsum([vouched(child, key, day) for child in children])
    return min(held.best, max(fsum(others), vouching))


def agreed(node: Node, key: Key, day: int) -> bool:
    """Whether all that is said of a day of a flow is vouched for, however few they are."""
    own = witnesses(node, key, day)
    if _two_or_reliable(own):
        return True
    children = _spoken(node, key, day)
    if own:
        return any(below(child, key, day).keys() - own.keys() for child in children)
    return bool(children) and all(agreed(child, key, day) for child in children)


def witnesses(node: Node, key: Key, day: int) -> Witnesses:
    """Who says how many, or how many at least, of a day of this very flow; those who speak of a part too."""
    own = [node.series[key]] if key in node.series else []
    return dict(found for series in [*own, *node.parts(key)] for found in _of(series, day))


def below(node: Node, key: Key, day: int) -> Witnesses:
    """The same with those who speak of the flows below."""
    found = witnesses(node, key, day)
    for child in _spoken(node, key, day):
        found |= below(child, key, day)
    return found


def _of(series: Series, day: int) -> Iterable[tuple[str, float]]:
    start, end = day_span(day)
    for one in series.constraints(day):
        if one.start < end and one.end > start and one.kind is not Kind.AT_MOST:
            yield str(one.trust[3]), one.weight


def _spoken(node: Node, key: Key, day: int) -> list[Node]:
    return [child for child in node.children.values() if key in child.series and day in child.series[key].bins]


def _two_or_reliable(found: Witnesses) -> bool:
    return len(found) > 1 or WEIGHT["A"] in found.values()
