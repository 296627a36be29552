"""Unlikely claims: figures far above anything known of their flow, which nothing else confirms.

A claim is unlikely if its daily rate is above ten times the largest day of its flow in the 365 days before its period,
or, where fewer than 30 of these days are known and above zero, above a million. A second day, or a second source for
the same days, with at least half as many people confirms it. The days of a flow are measured by the claims in force
alone, not by what reconciling makes of them, so the judgement depends on the set of claims only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import groupby
from math import fsum
from operator import attrgetter

from bordertally.streams.flows import Flow
from bordertally.streams.ledger.corridors.nodes import CorridorNode
from bordertally.streams.ledger.rows import Key
from bordertally.streams.ledger.series import Series, Suspicion
from bordertally.streams.ledger.tree import Node
from bordertally.streams.periods import days_of, ordinal_of
from bordertally.streams.reconciliation.constraints import Constraint, Kind

TIMES = 10.0
"""A claim is unlikely above this multiple of the largest day before it."""

BACK_DAYS = 365
"""The days before a claim that it is compared with, and the days around it in which a second day confirms it."""

KNOWN_DAYS = 30
"""So many of these days must be known and above zero."""

MOST_PEOPLE = 1_000_000
"""Where too few days are known, a claim is unlikely above this number of people a day."""

CONFIRMS = 0.5
"""A second day or a second source confirms a claim from this share of its people on."""

ROUNDING = 1e-9
"""Figures that differ by at most this share are equal."""


def judge(node: Node, key: Key, days: Collection[int]) -> set[int]:
    """Judge the claims of a series again after the claims on some days (ordinals) changed, here or below.

    Returns the days of the claims that have become unlikely, or are unlikely no longer.
    """
    series = node.series[key]
    first, last = min(days), max(days) + BACK_DAYS
    before = series.suspects
    if not before and _is_usual(series, first):
        return set()
    now = {claim: suspicion for claim, suspicion in before.items() if ordinal_of(claim.start) > last}
    earlier = [claim for claim in before if ordinal_of(claim.start) < first]
    for _, claims in groupby([*earlier, *_beginning(series, first, last)], attrgetter("start")):
        highest_first = sorted(claims, key=attrgetter("daily_rate"), reverse=True)
        for claim in highest_first:
            suspicion = _suspicion(node, key, claim)
            if suspicion is not None:
                now[claim] = suspicion
            elif claim.reports and claim.kind is not Kind.AT_MOST:
                break  # those of the same first day have the same past and no more people a day
    if not (before or now):
        return set()
    node.mark("suspected")
    unlikely_before = {claim for claim in before if series.is_unlikely(claim)}
    series.suspects = now
    unlikely_now = {claim for claim in now if series.is_unlikely(claim)}
    return {day for claim in unlikely_before ^ unlikely_now for day in days_of(claim.start, claim.end)}


def _is_usual(series: Series, first: int) -> bool:
    """Whether one look shows that no claim which begins on a day or later is unlikely, as nearly always in a live feed.

    So it is where no claim begins on them, or only claims about the newest day, of no more people than ten times those
    of the day before. False: the claims must be judged one by one.
    """
    newest = series.own_last()
    if newest is None:
        return True
    if first != newest:
        return False
    return _claimed(series, first) <= min(MOST_PEOPLE, TIMES * _claimed(series, first - 1))


def _beginning(series: Series, first: int, last: int) -> Iterator[Constraint]:
    """The claims that begin on these days; of readings, those of a source and day are one."""
    yield from series.groups.beginning(first, last)
    newest = series.counts.last
    for day in range(first, 0 if newest is None else min(last, newest) + 1):
        if series.counts.has(day):
            yield from series.counts.folded(day)


def people_on(node: Node, key: Key, day: int, *, likely: bool = False) -> float:
    """The most people that a claim gives a flow on a day: its own claims, a part of it, or the flows below added up.

    Claims count at their daily rate. `likely`: without those that are unlikely.
    """
    if isinstance(node, CorridorNode):
        return node.people_on(key, day, likely=likely)
    people = 0.0
    series = node.series.get(key)
    if series is not None:
        people = _claimed(series, day, likely=likely)
        if key.population == "people" and len(node.series) > 1:
            parts = [part for part in node.series if part.population != "people" and part.unit == key.unit]
            people = max([people, *[people_on(node, part, day, likely=likely) for part in parts]])
    return max(people, _below(node, key, day, likely=likely)) if node.children else people


def _below(node: Node, key: Key, day: int, *, likely: bool = False) -> float:
    return fsum([people_on(child, key, day, likely=likely) for child in node.children.values()])


def _claimed(series: Series, day: int, *, likely: bool = False) -> float:
    if likely and series.suspects:
        claims = [claim for claim in _touching(series, day) if not series.is_unlikely(claim)]
        return max([claim.daily_rate for claim in claims if claim.kind is not Kind.AT_MOST], default=0.0)
    folds = series.counts.folded(day) if series.counts.has(day) else ()
    return max([series.groups.rate(day), *[fold.best for fold in folds]])


def _touching(series: Series, day: int) -> list[Constraint]:
    return [claim for claim in series.constraints(day) if day in days_of(claim.start, claim.end)]


def unlikely_on(node: Node, key: Key, day: int) -> list[tuple[Flow, Constraint]]:
    """The unlikely claims about a day of a flow, its parts and the flows below, each with its flow."""
    if not node.suspected:
        return []
    if isinstance(node, CorridorNode):
        return list(node.unlikely_on(key, day))
    about = [
        (node.flow, claim)
        for each, series in node.series.items()
        if series.suspects and (each == key or (key.population == "people" and each.unit == key.unit))
        for claim in _touching(series, day)
        if series.is_unlikely(claim)
    ]
    return about + [pair for child in node.children.values() for pair in unlikely_on(child, key, day)]


def _suspicion(node: Node, key: Key, claim: Constraint) -> Suspicion | None:
    """Why a claim is unlikely, or would be if nothing confirmed it; None for any other claim."""
    rate, begin = claim.daily_rate, ordinal_of(claim.start)
    oldest = max(begin - BACK_DAYS, node.begins)
    if claim.kind is Kind.AT_MOST or (rate <= MOST_PEOPLE and begin - oldest < KNOWN_DAYS):
        return None
    largest, known = 0.0, 0
    for day in range(begin - 1, oldest - 1, -1):
        people = people_on(node, key, day)
        if people > 0:
            known += 1
            largest = max(largest, people)
            if rate <= TIMES * largest and (known >= KNOWN_DAYS or rate <= MOST_PEOPLE):
                return None
    limit = (TIMES * largest if known >= KNOWN_DAYS else MOST_PEOPLE) * (1 + ROUNDING)
    rate, report = _single(node.series[key], claim)
    if rate <= limit:
        return None
    confirmed = _confirmed(node, key, claim, CONFIRMS * rate * (1 - ROUNDING))
    return Suspicion(rate, largest if known >= KNOWN_DAYS else None, report, confirmed)


def _single(series: Series, claim: Constraint) -> tuple[float, str]:
    """The people a day of a single claim, and its report; of readings that are one constraint, of the largest."""
    if claim.reports:
        return claim.daily_rate, claim.trust.report
    readings = series.counts.on(ordinal_of(claim.start))[claim.trust.source]
    return max([(best or 0.0, report) for best, report in zip(readings.bests, readings.reports, strict=True)])


def _confirmed(node: Node, key: Key, claim: Constraint, least: float) -> bool:
    """Whether a second origin for the same days, or a second day, has at least so many people."""
    days, origin, series = days_of(claim.start, claim.end), claim.origin, node.series[key]
    for day in days:
        if any(
            other.daily_rate >= least and other.kind is not Kind.AT_MOST and other.origin != origin
            for other in _touching(series, day)
        ):
            return True
        if _below(node, key, day) >= least:
            return True
    around = range(max(days.start - BACK_DAYS, node.begins), min(days.stop + BACK_DAYS, node.ends + 1))
    return any(day not in days and people_on(node, key, day) >= least for day in around)
