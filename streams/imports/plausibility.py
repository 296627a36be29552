"""Plausibility: what all claims of an import show together that no cell shows: totals of others, and doubts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise
from math import log

from bordertally.streams.imports.calendar_periods import DaySpan
from bordertally.streams.imports.mapping import ImportMap, PeriodUnit
from bordertally.streams.imports.series import ImportedSeries, SeriesKey, middle

Series = Mapping[SeriesKey, ImportedSeries]

STEPS = (1000, 100, 10, 5)
"""The steps to which figures are rounded, the largest first."""

BY_CHANCE = 1e-6
"""The chance below which figures are not multiples of a step by accident."""

LEAST_REPEATED = 3
"""Figures that two periods must share before one seems to be a copy of the other."""

LEAST_TELLING = 100
"""Smaller figures are equal by chance."""


def hidden_totals(series: Series) -> list[SeriesKey]:
    """Series that are the sum of others beside them, two at least, in half of their periods, and never less.

    Where such a series is more than the others, one of them has no figure. Periods in which a figure was refused
    tell nothing.
    """
    beside: dict[tuple[str, ...], list[ImportedSeries]] = {}
    for key, one in series.items():
        beside.setdefault((key.flow.rpartition(":")[0], *key[1:]), []).append(one)
    return [total.key for siblings in beside.values() if len(siblings) > 2 for total in _totals_among(siblings)]


def _totals_among(siblings: Iterable[ImportedSeries]) -> Iterator[ImportedSeries]:
    sums: dict[DaySpan, float] = {}
    others: dict[DaySpan, int] = {}
    for series in siblings:
        for span, claim in series.claims.items():
            best = middle(claim.people)
            sums[span] = sums.get(span, 0) + best
            others[span] = others.get(span, 0) + (best > 0)
    refused = {span for series in siblings for span in series.refused}
    for series in siblings:
        claims = [(span, middle(claim.people)) for span, claim in series.claims.items() if span not in refused]
        equal = [(span, people) for span, people in claims if 2 * people == sums[span]]
        if 2 * len(equal) < len(claims) or any(2 * people < sums[span] for span, people in claims):
            continue
        telling = [people for span, people in equal if people > 0 and others[span] > 2]
        if len(telling) >= 3 or any(people >= 1000 for people in telling):
            yield series


def doubts(
    mapping: ImportMap, by_figure: Mapping[str, Collection[ImportedSeries]], series: Series
) -> Iterator[tuple[str, int]]:
    """What claims show together that may be wrong: a sentence, and of how many claims or periods.

    `by_figure`: the series of each figure of the mapping, by its name.
    """
    for name, figure in mapping.claims.items():
        if figure.qualifier is None and figure.factor == 1:
            people = [claim.people for one in by_figure[name] for claim in one.claims.values()]
            step = rounding_of(number for number in people if not isinstance(number, tuple))
            if step > 1:
                advice = f'set claims.{name}.qualifier = "stated" if they are rounded, else "count"'
                yield f"figures of claims.{name} are all multiples of {step:,}; {advice}", len(people)
    fallen = list(falls(series)) if mapping.period.unit is PeriodUnit.SINCE else []
    if fallen:
        (key, span), number = fallen[0], len(fallen)
        yield f'cumulative figures fall, first {key.flow} {span.text()}; is it a stock (measure = "stock")?', number
    copied = list(repeated_periods(series))
    if copied:
        span, before = copied[0]
        why = f"first {span.text()} those of {before.text()}; were they copied?"
        yield f"periods repeat all figures of the period before, {why}", len(copied)


def rounding_of(figures: Iterable[float]) -> int:
    """The step to which figures are rounded: the largest that divides them all and not by chance; else 1."""
    counted = [figure for figure in figures if figure]
    for step in STEPS:
        if len(counted) * log(step) > -log(BY_CHANCE) and all(figure % step == 0 for figure in counted):
            return step
    return 1


def repeated_periods(series: Series) -> Iterator[tuple[DaySpan, DaySpan]]:
    """Periods with all figures of the period just before them, three large ones at least, and that period.

    Periods are those of the series that has the most of them.
    """
    longest = max((one.claims for one in series.values()), key=len, default={})
    for before, span in pairwise(sorted(longest)):
        if before.end != span.first or longest[before].people != longest[span].people:
            continue
        pairs = [(one.claims.get(before), one.claims.get(span)) for one in series.values()]
        if all(old and new and old.people == new.people for old, new in pairs if old or new):
            telling = sum(middle(new.people) >= LEAST_TELLING for _, new in pairs if new)
            if telling >= LEAST_REPEATED:
                yield span, before


def falls(series: Series) -> Iterator[tuple[SeriesKey, DaySpan]]:
    """The periods of cumulative series whose figure is less than one of a shorter period from the same day."""
    for key, one in series.items():
        most = 0.0
        for span in sorted(one.claims):
            people = middle(one.claims[span].people)
            if people < most:
                yield key, span
            most = max(most, people)
