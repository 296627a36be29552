"""A claim as the intake passes it on."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from bordertally.streams.periods import Period
from bordertally.streams.qualifiers import Qualifier
from bordertally.streams.reports.readings import Reading, Readings


class Identity(NamedTuple):
    """What makes two claims the same one: a later report with the same identity replaces the earlier.

    `start` and `end` are the period in seconds UTC, so two spellings of one period are one identity. `measure`
    is part of it: 57 people refused in a week do not correct the 2,475 who crossed in that week.
    """

    source: str
    flow: str
    start: int
    end: int
    population: str
    unit: str
    measure: str


class Claim(Struct, array_like=True, frozen=True, gc=False):
    """So many people on a flow in a period, checked, with its interval worked out.

    `published` in microseconds since 1970 UTC; `start`, `end`, `local_start`, `local_end` in seconds
    (see periods.Period); `low`, `best`, `high` in people over the whole period, `high` None where open;
    `best` None withdraws the claim. `qualifier` is the one in force: a count published too early is `at_least`.
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

    @property
    def identity(self) -> Identity:
        """See Identity."""
        return Identity(self.source, self.flow, self.start, self.end, self.population, self.unit, self.measure)


class Claims(Struct, array_like=True, frozen=True):
    """One message on `claims`: the claims of one partition out of one intake batch, readings by what they count."""

    claims: list[Claim]
    readings: list[Readings] = []

    @property
    def count(self) -> int:
        """How many claims there are, readings among them."""
        return len(self.claims) + sum([one.count for one in self.readings])


def period_of(claim: Claim) -> Period:
    """The period of a claim."""
    return Period(claim.start, claim.end, claim.local_start, claim.local_end)


Address = tuple[str, str, str, str]
"""What readings are of: flow, source, population, unit."""


def address_of(claim: Claim) -> Address:
    """What a reading is of."""
    return claim.flow, claim.source, claim.population, claim.unit


def is_reading(claim: Claim) -> bool:
    """Whether a claim is kept as a reading: shorter than a day, and of people or vehicles who crossed."""
    return period_of(claim).part_of_day and claim.measure == "crossings"


def reading_of(claim: Claim) -> Reading:
    """A claim shorter than a day as a reading."""
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
    )
