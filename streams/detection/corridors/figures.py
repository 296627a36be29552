"""Computing the figures of a corridor, which the ledger of its origin sends to the ledger of its destination."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import msgspec

from bordertally.streams.detection.drop import LATELY, spoken_for
from bordertally.streams.detection.history import is_historic
from bordertally.streams.flows import Flow, destination_of
from bordertally.streams.ledger.causes import Cause
from bordertally.streams.ledger.corridors.records import (
    CorridorDay,
    CorridorFigures,
    CorridorProjection,
    CorridorSeries,
    CorridorVersion,
    Leeway,
    destination_of_corridor,
)
from bordertally.streams.ledger.ledger import Applied, Ledger
from bordertally.streams.ledger.rows import PEOPLE, Key
from bordertally.streams.ledger.tree import Node
from bordertally.streams.ledger.unlikely import people_on, unlikely_on
from bordertally.streams.rules.config import Detection, Rules
from bordertally.streams.rules.corroboration import below, corroborated_people
from bordertally.streams.totals.coverage import COVERAGE_DAYS, covered_as_usual
from bordertally.streams.totals.projection import projected, silent_days
from bordertally.streams.totals.revisions import WEEK, leeway
from bordertally.streams.totals.windows import longest_window

BEARS_ON = max(COVERAGE_DAYS, LATELY.stop - 1)
"""Whether everyone reports who usually does is seen on so many days before a day."""


def figures_after(ledger: Ledger, applied: Applied, rules: Rules, offset: int = 0) -> list[CorridorFigures]:
    """The figures of all corridors that a batch of claims may have changed.

    `offset`: of the newest message with claims. The caller stores the versions with the rows of the batch.
    """
    corridors = [flow for flow in applied.flows if destination_of(flow) is not None]
    days = ledger.days_told(applied) if corridors else {}
    return [
        corridor_figures(
            ledger.nodes[flow], rules, days[flow], applied.causes.get(flow, ()), ledger.next_version(flow, offset)
        )
        for flow in corridors
    ]


def corridor_figures(
    node: Node, rules: Rules, days: Collection[int], causes: Sequence[Cause], version: CorridorVersion
) -> CorridorFigures:
    """The figures of a corridor on some days (ordinals)."""
    detection = rules.of(destination_of_corridor(node.flow)).detection
    series = [
        CorridorSeries(
            key,
            [_day(node, key, day, detection) for day in sorted(_bearing(node, key, days))],
            _projection(node, key, detection.project_days),
        )
        for key in node.series
    ]
    return CorridorFigures(node.flow, version, node.published, series, list(causes))


def whole_figures(ledger: Ledger, flow: Flow, rules: Rules, offset: int) -> CorridorFigures:
    """The figures of a corridor on all its days: none where its claims have all moved to other flows."""
    version, node = ledger.next_version(flow, offset), ledger.nodes.get(flow)
    if node is None:
        return CorridorFigures(flow, version, 0, [], whole=True)
    days = {day for series in node.series.values() for day in series.bins}
    return msgspec.structs.replace(corridor_figures(node, rules, days, (), version), whole=True)


def _bearing(node: Node, key: Key, days: Collection[int]) -> set[int]:
    """Return these days, and the later days whose coverage is judged by them."""
    if key != PEOPLE or not node.children:
        return set(days)
    bins = node.series[key].bins
    last = node.last(key) or 0
    later = {each for day in days for each in range(day + 1, min(day + BEARS_ON, last) + 1) if each in bins}
    return {*days, *later}


def _day(node: Node, key: Key, day: int, rules: Detection) -> CorridorDay:
    series = node.series[key]
    people = series.bins.get(day)
    if people is None:
        return CorridorDay(day, None, withdrew=node.withdrew(key, day))
    figures = CorridorDay(
        day,
        people,
        tuple([floor for floor in series.floors.get(day, ()) if floor.weight > people.weight]),
        node.cites(key, day),
    )
    if key == PEOPLE and node.children:
        figures = msgspec.structs.replace(figures, usual=covered_as_usual(node, day), complete=spoken_for(node, day))
    if key == PEOPLE and node.historic:
        figures = msgspec.structs.replace(figures, historic=is_historic(node, day, day))
    if node.suspected and (unlikely := unlikely_on(node, key, day)):
        likely = min(people.best, people_on(node, key, day, likely=True))
        figures = msgspec.structs.replace(figures, unlikely=tuple(unlikely), likely=likely)
    if rules.corroborate:
        figures = msgspec.structs.replace(
            figures,
            corroborated=corroborated_people(node, key, day),
            witnesses=dict(sorted(below(node, key, day).items())),
        )
    return figures


def _projection(node: Node, key: Key, limit: int) -> CorridorProjection:
    """The projection of the days of the longest window, and of the days after it for which a rate is assumed."""
    last = node.last(key)
    if last is None:
        return CorridorProjection()
    oldest = last - longest_window()
    lasts = sorted([day for day in node.lasts(key) if day > oldest - limit])
    silent = sorted([day for day in silent_days(node, key, last, limit) if day > oldest])
    gains = {day: gain for day in silent if (gain := projected(node, key, day, limit))}
    gains |= dict(_ahead(node, key, last, limit, lasts))
    return CorridorProjection(tuple(lasts), gains, _leeways(node, key, last))


def _leeways(node: Node, key: Key, last: int) -> dict[int, Leeway]:
    """How far revisions may move the people of the days of the week to the last one; no total needs others."""
    if not node.revised:
        return {}
    week = range(last - WEEK + 1, last + 1)
    return {day: shift for day in week if (shift := leeway(node, key, day)) is not None}


def _ahead(node: Node, key: Key, last: int, limit: int, lasts: Sequence[int]) -> Iterator[tuple[int, float]]:
    """The people assumed for the days after the last: as on the day before, unless somebody is assumed no longer."""
    gain = 0.0
    for day in range(last + 1, last + limit + 1):
        if day == last + 1 or day - 1 - limit in lasts:
            gain = projected(node, key, day, limit)
        if gain:
            yield day, gain
