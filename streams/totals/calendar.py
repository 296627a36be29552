"""Totals of any period: calendar weeks, months and years, and any run of days, from the daily figures of a flow.

A period holds what claims cover, with nothing projected: only the windows of a flow project.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from math import floor, fsum
from typing import Literal, NamedTuple

from bordertally.streams.errors import ConfigError, shown
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.ledger.tree import Node
from bordertally.streams.ledger.views import View
from bordertally.streams.periods import iso_day, ordinal_day
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.sources import counts
from bordertally.streams.totals.days import exact_day, people
from bordertally.streams.totals.records import CalendarFigure, DayFigure, DayShare, PeriodTotal

Each = Literal["week", "month", "year"]
"""A kind of calendar period; weeks are those of ISO 8601, which begin on Monday."""

KEPT: Mapping[Each, int] = {"week": 6, "month": 13, "year": 3}
"""How many of the newest periods of each kind a flow state has."""


class NamedPeriod(NamedTuple):
    """A period by its name, such as `2022-W38`, `2022-09`, `2022`: ordinal days from `first` to `end`, exclusive."""

    name: str
    first: int
    end: int

    @property
    def days(self) -> range:
        """The ordinal days."""
        return range(self.first, self.end)


def _week_of(day: date) -> NamedPeriod:
    year, week, weekday = day.isocalendar()
    monday = day.toordinal() - weekday + 1
    return NamedPeriod(f"{year}-W{week:02}", monday, monday + 7)


def _month_of(day: date) -> NamedPeriod:
    first = day.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return NamedPeriod(f"{day.year}-{day.month:02}", first.toordinal(), following.toordinal())


def _year_of(day: date) -> NamedPeriod:
    return NamedPeriod(f"{day.year}", date(day.year, 1, 1).toordinal(), date(day.year, 12, 31).toordinal() + 1)


_PERIOD_OF: Mapping[Each, Callable[[date], NamedPeriod]] = {"week": _week_of, "month": _month_of, "year": _year_of}


@lru_cache(maxsize=4096)
def calendar_period(each: Each, day: int) -> NamedPeriod:
    """The calendar period of an ordinal day."""
    return _PERIOD_OF[each](date.fromordinal(day))


def calendar_periods(each: Each, first: int, last: int) -> Iterator[NamedPeriod]:
    """The calendar periods that hold the ordinal days `first` to `last`, inclusive, the earliest first."""
    day = first
    while day <= last:
        period = calendar_period(each, day)
        yield period
        day = period.end


_NAME = re.compile(r"(\d{4})(?:-W(\d\d)|-(\d\d))?", re.ASCII)


def period_named(name: str) -> NamedPeriod:
    """The period with this name: `2022-W38`, `2022-09`, `2022` or `2022-09-21/2022-09-28` (end exclusive).

    Raises ConfigError.
    """
    left, slash, right = name.partition("/")
    try:
        if slash:
            first, end = date.fromisoformat(left).toordinal(), date.fromisoformat(right).toordinal()
            if first < end:
                return NamedPeriod(name, first, end)
        elif match := _NAME.fullmatch(name):
            year, week, month = match.groups()
            if week:
                return _week_of(date.fromisocalendar(int(year), int(week), 1))
            return _month_of(date(int(year), int(month), 1)) if month else _year_of(date(int(year), 1, 1))
    except ValueError:
        pass
    raise ConfigError(
        f"period: {shown(name)} is not a period; write a week (2022-W38), a month (2022-09), a year (2022) "
        "or two dates, the end exclusive (2022-09-21/2022-09-28)"
    )


def kind_of(name: str) -> Each | None:
    """The kind of the calendar period with this name; None for a period of other days."""
    match = _NAME.fullmatch(name)
    return None if match is None else "week" if match[2] else "month" if match[3] else "year"


def period_total(flow: str, period: NamedPeriod, figures: Iterable[DayFigure], *, days: bool = False) -> PeriodTotal:
    """The total of a period from the daily figures of a flow; figures of other days are ignored.

    `high` is None unless every day of the period has one. `days`: with the days, apportioned (see `apportioned`).
    """
    inside = [figure for figure in figures if ordinal_day(figure.day) in period.days]
    covered = [(figure.day, exact) for figure in inside if (exact := _exact(figure)) != UNKNOWN_DAY]
    sums = DaySums.of_days([exact for _, exact in covered])
    low, best, high = _rounded(sums, period)
    shares = apportioned([best for _, (_, best, _) in covered], best) if days else ()
    return PeriodTotal(
        flow=flow,
        period=period.name,
        first=iso_day(period.first),
        to=iso_day(period.end),
        low=low,
        best=best,
        high=high,
        covered_days=sums.days,
        days=[DayShare(day, share) for (day, _), share in zip(covered, shares, strict=False)],
    )


UNKNOWN_DAY = (0, 0, None)
"""The figures of a day of which nothing is known, as where every claim was withdrawn."""


def _exact(figure: DayFigure) -> tuple[float, float, float | None]:
    return figure.exact or (figure.low, figure.best, figure.high)


def apportioned(figures: Sequence[float], total: int) -> list[int]:
    """Whole numbers that add up to `total`, each next to its figure (largest remainder; of equal ones the earlier).

    `total`: the sum of the figures, rounded.
    """
    whole = [floor(figure) for figure in figures]
    order = sorted(range(len(figures)), key=lambda place: (-round(figures[place] - whole[place], 9), place))
    for place in order[: max(0, total - sum(whole))]:
        whole[place] += 1
    return whole


class DaySums(NamedTuple):
    """The sums of days: low, best and high (None where a day is open above), and the number of days."""

    low: float
    best: float
    high: float | None
    days: int

    @classmethod
    def of_days(cls, days: Collection[tuple[float, float, float | None]]) -> DaySums:
        """The sums of days, each given as low, best and high."""
        highs = [high for _, _, high in days if high is not None]
        high = fsum(highs) if len(highs) == len(days) else None
        return cls(fsum([low for low, _, _ in days]), fsum([best for _, best, _ in days]), high, len(days))

    @classmethod
    def of(cls, parts: Collection[DaySums]) -> DaySums:
        """The sums of several runs of days."""
        highs = [part.high for part in parts if part.high is not None]
        return cls(
            fsum([part.low for part in parts]),
            fsum([part.best for part in parts]),
            fsum(highs) if len(highs) == len(parts) else None,
            sum([part.days for part in parts]),
        )

    def plus(self, other: DaySums) -> DaySums:
        """The sums of these days and others."""
        high = None if self.high is None or other.high is None else self.high + other.high
        return DaySums(self.low + other.low, self.best + other.best, high, self.days + other.days)


class CalendarView(View):
    """The calendar weeks, months and years of a flow's people, kept until one of their days changes.

    A year is the sum of its months, so that a day of a long year costs no more than its month. Mostly only the latest
    day of the flow changes: all but its own sums are kept.
    """

    def __init__(self) -> None:
        self.sums: dict[str, DaySums] = {}
        """The sums of weeks and months without the latest day, and of years without the month of that day."""
        self.earlier: dict[Each, list[CalendarFigure]] | None = None
        """The figures of all periods but the newest of each kind, as far as they have a claim."""
        self.periods: dict[Each, list[NamedPeriod]] = {}
        """The newest periods of each kind, the earliest first, of the days `span`."""
        self.span: tuple[int, int] | None = None

    @property
    def latest(self) -> int | None:
        """The latest day."""
        return None if self.span is None else self.span[1]

    def figures_changed(self, days: Collection[int]) -> None:
        """Drop the periods of these days, but for the latest day, whose figures no period keeps."""
        for day in days:
            if day != self.latest:
                self._drop(day)

    def unverified_changed(self, before: Claim | None, now: Claim | None) -> None:
        """Drop every period: an unverified claim may widen any of its days."""
        if any(claim is not None and not counts(claim.grade) for claim in (before, now)):
            self.sums.clear()
            self.earlier = None

    def refresh(self, first: int, last: int) -> None:
        """Find the newest periods of a flow whose claims are about the days `first` to `last`, the latest day."""
        if (first, last) != self.span:
            for day in {last if self.latest is None else self.latest, last}:
                self._drop(day)
            self.span = first, last
            self.periods = {each: list(_newest(each, first, last, number)) for each, number in KEPT.items()}

    def _drop(self, day: int) -> None:
        self.earlier = None
        for each in KEPT:
            self.sums.pop(calendar_period(each, day).name, None)


def _newest(each: Each, first: int, last: int, number: int) -> list[NamedPeriod]:
    periods: list[NamedPeriod] = []
    while len(periods) < number and last >= first:
        periods.append(calendar_period(each, last))
        last = periods[-1].first - 1
    return periods[::-1]


def calendar_figures(node: Node) -> list[CalendarFigure]:
    """The newest calendar weeks, months and years of a flow, of each kind the earliest first."""
    last = node.last(PEOPLE)
    if last is None:
        return []
    view = node.views.of(CalendarView, CalendarView)
    view.refresh(node.begins, last)
    if view.earlier is None:
        every = {
            each: [_figure(period, _others(node, view, each, period)) for period in periods[:-1]]
            for each, periods in view.periods.items()
        }
        view.earlier = {each: [figure for figure in figures if figure.covered_days] for each, figures in every.items()}
    day = _sums_of_day(node, last)
    newest = {each: periods[-1] for each, periods in view.periods.items()}
    month = _others(node, view, "month", newest["month"]).plus(day)
    sums: Mapping[Each, DaySums] = {
        "week": _others(node, view, "week", newest["week"]).plus(day),
        "month": month,
        "year": _others(node, view, "year", newest["year"]).plus(month),
    }
    figures: list[CalendarFigure] = []
    for each, earlier in view.earlier.items():
        figure = _figure(newest[each], sums[each])
        figures += [*earlier, figure] if figure.covered_days else earlier
    return figures


def _figure(period: NamedPeriod, sums: DaySums) -> CalendarFigure:
    return CalendarFigure(period.name, *_rounded(sums, period), sums.days)


def _others(node: Node, view: CalendarView, each: Each, period: NamedPeriod) -> DaySums:
    """The sums of a period as the view keeps them."""
    known = view.sums.get(period.name)
    if known is None:
        latest = view.latest
        if each == "year":
            months = calendar_periods("month", max(period.first, node.begins), min(period.end, node.ends + 1) - 1)
            known = DaySums.of([_others(node, view, "month", month) for month in months if latest not in month.days])
        else:
            known = _sums_of(node, [day for day in period.days if day != latest])
        view.sums[period.name] = known
    return known


def _sums_of(node: Node, days: Iterable[int]) -> DaySums:
    bins, doubts = node.series[PEOPLE].bins, node.doubts(PEOPLE)
    every = [exact_day(bins[day], day, doubts) for day in days if day in bins]
    return DaySums.of_days([figures for figures in every if figures != UNKNOWN_DAY])


def _sums_of_day(node: Node, day: int) -> DaySums:
    bin_ = node.series[PEOPLE].bins.get(day)
    figures = UNKNOWN_DAY if bin_ is None else exact_day(bin_, day, node.doubts(PEOPLE))
    low, best, high = figures
    return DaySums(0.0, 0.0, 0.0, 0) if figures == UNKNOWN_DAY else DaySums(low, best, high, 1)


def _rounded(sums: DaySums, period: NamedPeriod) -> tuple[int, int, int | None]:
    best = people(sums.best)
    bounded = sums.high is not None and sums.days == period.end - period.first
    return min(people(sums.low), best), best, max(people(sums.high or 0.0), best) if bounded else None


def total_of(flow: str, figure: CalendarFigure) -> PeriodTotal:
    """A calendar figure of a flow as a total."""
    period = period_named(figure.period)
    first, end = iso_day(period.first), iso_day(period.end)
    return PeriodTotal(flow, figure.period, first, end, figure.low, figure.best, figure.high, figure.covered_days)
