"""Claims as the intake writes them: checked, with their interval worked out."""

from __future__ import annotations

import math
from typing import NamedTuple

from msgspec import Struct

from bordertally.streams.periods import DAY, Period
from bordertally.streams.qualifiers import Interval, Qualifier, interval
from bordertally.streams.reports.readings import Reading, Readings


def citation(source: str, report: str) -> str:
    """A report as figures cite it: `source/id`. An id belongs to its source, so two sources may use the same one."""
    return f"{source}/{report}"


class Identity(NamedTuple):
    """What two versions of one claim have in common: the later published replaces the earlier.

    `start` and `end` are the period in seconds since 1970 UTC, so that two spellings of one period are one identity.
    `measure` is a part of it: 57 people refused in a week do not correct the 2,475 who crossed in that week. So is
    `attributed_to`: what a newspaper quotes of one ministry does not correct what it quotes of another.
    """

    source: str
    flow: str
    start: int
    end: int
    population: str
    unit: str
    measure: str
    attributed_to: str = ""


NO_NORMAL = (0.0, 0.0)
"""The `normal` of a claim that takes back the normal its source stated before."""


class Claim(Struct, array_like=True, frozen=True, gc=False):
    """A number of people on a flow in a period, checked, with its interval worked out.

    `published`: microseconds since 1970 UTC; of a report that states a later time than its arrival, the arrival, and
    `dated` is what it states. `start`, `end`, `local_start`, `local_end`: seconds (see periods.Period).
    `low`, `best`, `high`: people over the whole period; `high` is None where it is open, `best` where the claim is
    withdrawn. `origin`: whose knowledge the claim is, where that is not its source (see Registry.origin).
    `qualifier`: `at_least` for a count that was published before its period ended. `historic`: it was sent for totals
    and levels, and is no news.

    A field of ClaimFields that has the same name here is carried over, once checked; the default stands for a field
    that is left out. New fields come last: claims that were stored without them can still be read.
    """

    flow: str
    source: str
    report: str
    published: int
    grade: str
    start: int
    end: int
    local_start: int
    local_end: int
    qualifier: Qualifier
    low: float
    best: float | None
    high: float | None
    population: str = "people"
    unit: str = "people"
    measure: str = "crossings"
    normal: tuple[float, float] | None = None
    change_percent: float | None = None
    url: str | None = None
    text: str | None = None
    attributed_to: str | None = None
    origin: str | None = None
    dated: int | None = None
    historic: bool = False

    @property
    def citation(self) -> str:
        """The report of this claim, as figures cite it: `source/id`."""
        return citation(self.source, self.report)

    @property
    def identity(self) -> Identity:
        """What this claim has in common with its other versions."""
        about = self.population, self.unit, self.measure, self.attributed_to or ""
        return Identity(self.source, self.flow, self.start, self.end, *about)


class Claims(Struct, array_like=True, frozen=True):
    """A message on `claims`: the claims of one batch of the intake for one partition, with readings in groups."""

    claims: list[Claim]
    readings: list[Readings] = []

    @property
    def count(self) -> int:
        """The number of claims, readings included."""
        return len(self.claims) + sum([group.count for group in self.readings])


def period_of(claim: Claim) -> Period:
    """The period of a claim."""
    return Period(claim.start, claim.end, claim.local_start, claim.local_end)


def is_exact(claim: Claim) -> bool:
    """Whether a claim is exact: one number, counted or stated, that is known to a person or to a thousandth.

    A range such as "61,350 to 61,360" is not one number, however narrow.
    """
    low, best, high = claim.low, claim.best, claim.high
    rounded = claim.qualifier.meaning.is_rounding
    if not rounded or best is None or high is None or high - low > max(1.0, best / 1000):
        return False
    return low == high or _is_one_number(claim, best)


def _is_one_number(claim: Claim, best: float) -> bool:
    """Whether the interval is that of the figure, or of its daily rate over the days of the period."""
    if _is_as_wide(claim, interval(best, claim.qualifier)):
        return True
    days = period_of(claim).days
    return _is_as_wide(claim, interval(round(best / days, 6), claim.qualifier).times(days))


def _is_as_wide(claim: Claim, people: Interval) -> bool:
    return math.isclose((claim.high or 0.0) - claim.low, (people.high or 0.0) - people.low, rel_tol=1e-6)


Address = tuple[str, str, str, str]
"""What a group of readings has in common: flow, source, population, unit."""


def address_of(claim: Claim) -> Address:
    """The address of a claim that is a reading."""
    return claim.flow, claim.source, claim.population, claim.unit


def is_reading(claim: Claim) -> bool:
    """Whether a claim is a reading: shorter than a day, and of crossings."""
    return period_of(claim).part_of_day and claim.measure == "crossings"


def reading_of(claim: Claim) -> Reading:
    """The reading that a claim is; see is_reading."""
    return Reading(
        claim.start,
        claim.end,
        claim.local_start,
        claim.local_end,
        claim.published,
        claim.report,
        claim.grade,
        claim.low,
        claim.best,
        claim.high,
        claim.origin,
    )


def claim_of_reading(group: Readings, reading: Reading) -> Claim:
    """A reading of a group as the claim that it is, without what readings do not keep."""
    times = reading.start, reading.end, reading.local_start, reading.local_end
    figures = Qualifier.COUNT, reading.low, reading.best, reading.high
    head = group.flow, group.source, reading.report, reading.published, reading.grade
    return Claim(*head, *times, *figures, group.population, group.unit, origin=reading.origin)


def shown_twice(claim: Claim | Reading) -> bool:
    """Whether a reading is of an hour that the clock shows twice, and so at least so many: see periods."""
    length = claim.local_end - claim.local_start
    return claim.high is None and length < DAY and length < claim.end - claim.start
