"""The record on `totals`: everything that is known of a flow."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType


class Reporting(Struct, frozen=True):
    """How many of the known children of a flow have spoken up to its `as_of`."""

    spoken: int
    known: int


class DayFigure(Struct, frozen=True, omit_defaults=True):
    """One day of a flow: people, each rounded alone; `high` null where open.

    `exact`: low, best and high before rounding; left out where they are whole. Sums over days are made of these.
    """

    flow: str
    day: str
    low: int
    best: int
    high: int | None
    exact: tuple[float, float, float | None] | None = None


class DayShare(Struct, frozen=True):
    """The people of a day as a part of the total of a period: the days of the period add up to `best` of the total."""

    day: str
    best: int


class PeriodTotal(Struct, frozen=True):
    """People on a flow in a period: a calendar week (`2022-W38`, ISO 8601), month (`2022-09`), year, or any days.

    `to`: a date, exclusive. The total holds what claims cover, with nothing projected; `covered_days` have a claim.
    `high` is null unless every day has one. `days`: the covered days where they were asked for.
    """

    flow: str
    period: str
    first: str = msgspec.field(name="from")
    to: str
    low: int
    best: int
    high: int | None
    covered_days: int
    days: list[DayShare] = []


class CalendarFigure(Struct, frozen=True, array_like=True):
    """A calendar week, month or year: its name, low, best and high (see PeriodTotal), and how many days are covered."""

    period: str
    low: int
    best: int
    high: int | None
    covered_days: int


class AfterRevisions(Struct, frozen=True):
    """Between which figures the `best` of a total will mostly lie once its sources have revised it."""

    low: int
    high: int


class Total(Struct, frozen=True):
    """People on a flow in a rolling window that ends at `as_of` (a date, exclusive).

    `best` = `observed` + `projected`; `low` counts only what claims cover; `high` is null where nothing bounds it.
    `covered_days` of the `window_days` have a claim; `reports` cites at most 100 of
    `report_count`, each as `source/id`.
    `after_revisions`: of seven days, where a source behind them has revised its earlier weeks often enough.
    """

    flow: str
    window_days: int
    as_of: str
    low: int
    best: int
    high: int | None
    observed: int
    projected: int
    covered_days: int
    reporting: Reporting
    report_count: int
    reports: list[str]
    population: str = "people"
    unit: str = "people"
    after_revisions: AfterRevisions | None = None


class Baseline(Struct, frozen=True):
    """The normal level of a day: people a day expected, the threshold, where it comes from, and in whose words.

    `method` names how a learned one was learned, and how long a record has stood. Of a `silence` (`cadence`) the
    figures are days; of a `conflict` (`claims`) they are what the more trusted claims leave.
    """

    kind: Literal["operator", "stated", "derived", "learned", "absolute", "record", "cadence", "claims"]
    expected: float
    threshold: float
    population: str = "people"
    source: str | None = None
    report: str | None = None
    low: float | None = None
    high: float | None = None
    method: str | None = None


class Quote(Struct, frozen=True):
    """The words of a statement, as its source put them: at most 240 characters."""

    report: str
    source: str
    text: str


class Episode(Struct, frozen=True):
    """A run of days on which a flow's daily rate exceeded its threshold: a function of the set of reports alone.

    Days are ordinals; `until` (exclusive) is None while nothing says it is over. `day`, `rate` and `baseline` are
    of the latest exceeding day, `peak_*` of the day with the highest ratio; of a `drop`, with the lowest. `about`: see
    Alert. `note`: what the sentence says besides. `quotes`: as of Alert; only the newest episode of each rule has any.
    `partial`: not all who usually carry the people of the flow report on its latest day, so its rate is a lower bound.
    `historic`: all its claims were sent for totals and levels; left out where they were not.
    """

    since: int
    until: int | None
    day: int
    rate: float
    baseline: Baseline
    severity: str
    peak_day: int
    peak_rate: float
    peak_severity: str
    reports: list[str]
    report_count: int
    rule: str = "daily-rate"
    about: str | None = None
    note: str = ""
    quotes: list[Quote] = []
    partial: bool = False
    historic: bool | UnsetType = UNSET


class FlowState(Struct, frozen=True):
    """The record on `totals`, keyed by flow: all that is known of a flow now; each replaces the one before.

    `days`: as many of the latest as the longest window has, and any before them that what was just reported bears on (0
    to open where nothing is known of one any more): who reads every state misses no change of any day.

    `published`: microseconds since 1970 UTC of the newest report on the flow or below it. `baseline`: of the latest
    day; None says there is none. `comparable`: whether all report who usually carry the people of the latest day; else
    its `rate` is a lower bound, and is not compared with `baseline` from below. `parts`: the same windows for
    populations and units that are no totals. `unlikely`: the newest 100 claims on the flow that are unlikely.
    `gone`: no claim is on the flow or below it any more, because the registry moved the claims to another flow; all
    lists are empty. `alias_of`: that flow, where this flow is an alias.
    `calendar`: the newest 6 calendar weeks, 13 months and 3 years that have a claim.
    """

    flow: str
    published: int
    totals: list[Total]
    days: list[DayFigure]
    episodes: list[Episode]
    conflicts: list[Conflict]
    baseline: Baseline | None
    parts: list[Total]
    noted: list[Noted]
    report_count: int
    rate: float | None
    rate_day: str | None
    comparable: bool = True
    unlikely: list[Unlikely] = []
    gone: bool = False
    alias_of: str | None = None
    calendar: list[CalendarFigure] = []


class Opponent(Struct, frozen=True):
    """A claim that another one contradicts (`report`: `source/id`), or a floor (`bound`): see Conflict.

    `gap`: the people by which the two miss each other. `percent`: the gap in per cent of the larger of the two figures.
    """

    report: str | None
    gap: int
    percent: float
    bound: Literal["children", "parts"] | None = None


class Conflict(Struct, frozen=True, kw_only=True):
    """A claim that cannot hold beside more trusted ones (`with`). `gap` and `percent`: the largest of those in `with`.

    A floor, the least people by what is known of the flows below (`children`) or of parts of the people (`parts`), may
    stand on either side: then `bound` says which, and `report` is null. Other reports are `source/id`. `first_day`,
    `last_day`: dates, both inclusive.
    """

    flow: str
    report: str | None
    with_: list[Opponent] = msgspec.field(name="with")
    gap: int
    percent: float
    population: str = "people"
    unit: str = "people"
    first_day: str
    last_day: str
    bound: Literal["children", "parts"] | None = None


class Noted(Struct, frozen=True):
    """A claim that is shown and not totalled, and why: `grade D`, or a measure such as `queue`.

    `counted`: the people are totalled all the same. They are the sum of different figures that one source reports for
    one period under several names of one place.
    """

    flow: str
    report: str
    source: str
    why: str
    people: int
    population: str
    first_day: str
    last_day: str
    counted: bool = False


class Unlikely(Struct, frozen=True):
    """A claim far above anything known of its flow, which no other day and no other source confirms, and why.

    `people`: over the period of the claim; of readings, of the largest reading.
    """

    flow: str
    report: str
    source: str
    people: int
    population: str
    first_day: str
    last_day: str
    why: str
