"""Plausibility: what all claims of an import show together that no cell shows: totals of others, and doubts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import fsum, log

from bordertally.streams.imports.calendar_periods import DaySpan
from bordertally.streams.imports.figures import People
from bordertally.streams.imports.mapping import ImportMap, PeriodUnit, listed
from bordertally.streams.imports.series import ImportedSeries, SeriesKey, middle
from bordertally.streams.imports.titles import directions_in, says_vehicles
from bordertally.streams.reports.records import Unit

Series = Mapping[SeriesKey, ImportedSeries]

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
"""The days of a week by the ordinal of a day, modulo 7."""

STEPS = (1000, 100, 10, 5)
"""The steps to which figures are rounded, the largest first."""

BY_CHANCE = 1e-6
"""The chance below which figures are not multiples of a step by accident."""

MOST_KINDS = 12
"""The most different words in a column that distinguishes kinds of rows."""

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
    found = [total.key for siblings in beside.values() if len(siblings) > 2 for total in _totals_among(siblings)]
    nested = [total.key for siblings in beside.values() if len(siblings) > 2 for total in _nested_totals(siblings)]
    return list(dict.fromkeys([*found, *nested]))


def _totals_among(siblings: Sequence[ImportedSeries]) -> Iterator[ImportedSeries]:
    sums: dict[DaySpan, float] = defaultdict(int)
    for series in siblings:
        for span, claim in series.claims.items():
            sums[span] += middle(claim.people)
    refused = {span for series in siblings for span in series.refused}
    for series in siblings:
        spans = [span for span in series.claims if span not in refused] if refused else series.claims
        equal = []
        for span in spans:
            people = middle(series.claims[span].people)
            if 2 * people < sums[span]:
                break  # mostly at the first period
            if 2 * people == sums[span]:
                equal.append(span)
        else:
            if 2 * len(equal) >= len(spans) and _is_telling(series, equal, siblings):
                yield series


def _is_telling(series: ImportedSeries, equal: Iterable[DaySpan], siblings: Sequence[ImportedSeries]) -> bool:
    """Whether a series is the sum of two others at least by more than chance, in periods in which it equals a sum."""
    telling = [
        people
        for span in equal
        if (people := middle(series.claims[span].people)) > 0
        and sum(middle(other.claims[span].people) > 0 for other in siblings if span in other.claims) > 2
    ]
    return len(telling) >= 3 or any(people >= 1000 for people in telling)


def _nested_totals(siblings: Sequence[ImportedSeries]) -> Iterator[ImportedSeries]:
    """Series that are the sums of those that follow, or come before, in the order of the file: totals within totals.

    A sum that was found stands for its members, so a region is the sum of its gates, and a country of its regions.
    """
    sums = {series.key: fsum(middle(claim.people) for claim in series.claims.values()) for series in siblings}
    for ordered in (list(reversed(siblings)), list(siblings)):
        tops: list[ImportedSeries] = []  # nearest last
        for series in ordered:
            members = _members_of(series, tops, sums)
            if members:
                yield series
                del tops[-members:]
            tops.append(series)


def _members_of(series: ImportedSeries, others: Sequence[ImportedSeries], sums: Mapping[SeriesKey, float]) -> int:
    """How many of the last of some series add up to a series in every period; 0 where none do. `sums`: of each."""
    wanted, people = sums[series.key], 0.0
    for number, other in enumerate(reversed(others), 1):
        people += sums[other.key]
        if people > wanted:
            return 0
        if people == wanted and number > 1:
            return number if _add_up(series, others[-number:]) else 0
    return 0


def _add_up(series: ImportedSeries, members: Sequence[ImportedSeries]) -> bool:
    """Whether some series add up to another one in each of its periods, and not by chance."""
    left = {span: middle(claim.people) for span, claim in series.claims.items()}
    by_chance = fsum(log(max(people, 1)) for people in left.values()) < -log(BY_CHANCE)
    for member in members:
        for span, claim in member.claims.items():
            left[span] = left.get(span, 0.0) - middle(claim.people)
    return not by_chance and not any(left.values()) and not any(one.refused for one in (series, *members))


class AddedKinds:
    """What rows that are added up differ in: by column that the mapping does not name, the people of each word."""

    def __init__(self) -> None:
        self._people: dict[int, dict[str, float] | None] = {}

    def add(self, row: Sequence[object], columns: Iterable[int], people: People) -> None:
        """Note a row that counts. A column of many different words, or of numbers, distinguishes no kinds of rows."""
        for index in columns:
            kinds = self._people.setdefault(index, {})
            cell = row[index]
            if kinds is None or not cell:
                continue
            if type(cell) is not str or cell.strip().isdecimal() or (cell not in kinds and len(kinds) >= MOST_KINDS):
                self._people[index] = None
            else:
                kinds[cell] = kinds.get(cell, 0.0) + middle(people)

    def vehicles(self) -> Iterator[tuple[int, str]]:
        """Columns, and the words in them that say vehicles."""
        for index, kinds in self._people.items():
            yield from ((index, word) for word in kinds or () if says_vehicles(word))

    def directions(self) -> Iterator[tuple[int, tuple[str, str]]]:
        """Columns, and a word for entries and one for exits in each."""
        for index, kinds in self._people.items():
            if pair := directions_in(kinds or ()):
                yield index, pair

    def totals(self) -> Iterator[tuple[int, str]]:
        """Columns, and the word in each of which the rows are the sum of the others."""
        for index, kinds in self._people.items():
            every = fsum(kinds.values()) if kinds and len(kinds) > 2 else 0.0
            if kinds and every >= 2 * LEAST_TELLING:
                yield from ((index, word) for word, people in kinds.items() if 2 * people == every)


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
    for name, figure in mapping.claims.items():
        chosen = [word for words in (*figure.only.values(), *mapping.rows.only.values()) for word in listed(words)]
        vehicles = next((word for word in chosen if says_vehicles(word)), None)
        if figure.unit is Unit.PEOPLE and vehicles is not None:
            cells = sum(claim.cells for one in by_figure[name] for claim in one.claims.values())
            yield f'figures of claims.{name} are of {vehicles}: are they people? Else set unit = "vehicles"', cells
    fallen = list(falls(series)) if mapping.period.unit is PeriodUnit.SINCE else []
    if fallen:
        (key, span), number = fallen[0], len(fallen)
        yield f'cumulative figures fall, first {key.flow} {span.text()}; is it a stock (measure = "stock")?', number
    if mapping.period.unit is PeriodUnit.DAY and (apart := days_apart(series)) > 6:
        unit = "month" if apart > 27 else "week-starting or week-ending"
        yield f"days at the least between two figures of a place: is the unit {unit}?", apart
    if mapping.period.unit is PeriodUnit.WEEK and (weeks := weeks_from_other_days(series)):
        day = WEEKDAYS[min(weeks).first % 7]
        why = f"weeks begin with a {day} or another day but Monday, if the days that are named are the first ones"
        yield f'{why}; set unit = "week-starting" if they are, "week-ending" if they are the last', len(weeks)
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


def days_apart(series: Series) -> int:
    """The fewest days between two figures of a series of crossings; 0 without a series of four figures."""
    of_days = [sorted(one.claims) for key, one in series.items() if key.measure == "crossings" and len(one.claims) > 3]
    return min((span.first - before.first for spans in of_days for before, span in pairwise(spans)), default=0)


def weeks_from_other_days(series: Series) -> set[DaySpan]:
    """The weeks that do not begin with a Monday."""
    return {span for one in series.values() for span in one.claims if WEEKDAYS[span.first % 7] != "Monday"}


def falls(series: Series) -> Iterator[tuple[SeriesKey, DaySpan]]:
    """The periods of cumulative series whose figure is less than one of a shorter period from the same day."""
    for key, one in series.items():
        most = 0.0
        for span in sorted(one.claims):
            people = middle(one.claims[span].people)
            if people < most:
                yield key, span
            most = max(most, people)
