"""The records on the topics: what producers send, what hops pass on, what subscribers get."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from streams.columns import Readings
from streams.qualifiers import Qualifier

# --- what a producer sends -------------------------------------------------------------------------------------

_FIGURES = Meta(ge=0, le=1_000_000_000)
FloatFigure = Annotated[float, _FIGURES]
Figure = Annotated[int, _FIGURES] | FloatFigure
People = Figure | Annotated[list[float], Meta(min_length=2, max_length=2, description="a range: [low, high]")] | None


class Unit(enum.StrEnum):
    """What is counted. Different units are never added together."""

    PEOPLE = "people"
    VEHICLES = "vehicles"


class Measure(enum.StrEnum):
    """What a figure measures. Only crossings are totalled; the others are kept and shown."""

    CROSSINGS = "crossings"
    STOCK = "stock"
    QUEUE = "queue"
    REFUSED = "refused"


class Normal(Struct, frozen=True):
    """The usual level as the source itself states it: people a day, a figure or a range [low, high]."""

    daily: float | Annotated[list[float], Meta(min_length=2, max_length=2)]


class ClaimFields(Struct, kw_only=True):
    """One claim as a producer writes it. In a report with `claims`, fields beside it are defaults for each."""

    flow: str | UnsetType = UNSET
    period: str | UnsetType = UNSET
    people: People | UnsetType = UNSET
    qualifier: Qualifier | UnsetType = UNSET
    population: str | UnsetType = UNSET
    unit: Unit | UnsetType = UNSET
    measure: Measure | UnsetType = UNSET
    per: Literal["day"] | UnsetType | None = UNSET
    normal: Normal | UnsetType | None = UNSET
    change_percent: float | UnsetType | None = UNSET
    url: str | UnsetType | None = UNSET
    text: str | UnsetType | None = UNSET


class Report(ClaimFields, kw_only=True):
    """A report as a producer sends it: one JSON object a message; unknown fields are kept, not refused."""

    id: Annotated[str, Meta(min_length=1, max_length=200)]
    source: str
    published: Annotated[datetime, Meta(tz=True)]
    claims: Annotated[list[ClaimFields], Meta(min_length=1, max_length=1000)] | UnsetType = UNSET


# --- what the intake passes on ---------------------------------------------------------------------------------


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
    qualifier: str
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


# --- what subscribers get --------------------------------------------------------------------------------------


class Reporting(Struct, frozen=True):
    """How many of the known children of a flow have spoken up to its `as_of`."""

    spoken: int
    known: int


class DayFigure(Struct, frozen=True):
    """One day of a flow: people, `high` null where open."""

    flow: str
    day: str
    low: int
    best: int
    high: int | None


class Total(Struct, frozen=True):
    """People on a flow in a rolling window that ends at `as_of` (a date, exclusive).

    `best` = `observed` + `projected`; `low` counts only what claims cover; `high` is null where nothing bounds it.
    `covered_days` of the `window_days` have a claim; `reports` cites at most 100 of `report_count`.
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


class FlowState(Struct, frozen=True):
    """The record on `totals`, keyed by flow: all that is known of a flow now; each replaces the one before.

    `days`: the latest 30, and any before them that what was just reported bears on (0 to open where nothing is known of
    one any more): who reads every state misses no change of any day.

    `published`: microseconds since 1970 UTC of the newest report on the flow or below it. `baseline`: of the
    latest day; None says there is none. `parts`: the same windows for populations and units that are no totals.
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


class AlertState(enum.StrEnum):
    """The life cycle of an alert."""

    FIRING = "firing"
    UPDATED = "updated"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


class Alert(Struct, frozen=True, kw_only=True):
    """The record on `alerts`, keyed by flow. (`id`, `seq`) is unique and never changes its meaning.

    `since`, `day`, `until`, `peak_day` are dates (`until` exclusive, null while open); `rate`, `expected`, `threshold`,
    `peak_rate` people a day; `published` the time of the newest report it rests on. `previous`: the id of the
    alert of the same flow and rule before this one, as known when the record was made; null for the first.
    `about`: of a `silence` the source, of a `conflict` the report that cannot hold, of a `checkpoint-share` the flow
    below that surges. `quotes`: the words of the newest statements among `reports` that came with any, at most three,
    newest first.
    """

    id: str
    seq: int
    flow: str
    rule: str
    state: AlertState
    severity: str
    since: str
    day: str
    until: str | None
    rate: int
    expected: int
    threshold: int
    ratio: float
    baseline: str
    population: str
    peak_day: str
    peak_rate: int
    peak_severity: str
    reports: list[str]
    report_count: int
    published: str
    explanation: str
    merged_into: str | None = None
    previous: str | None = None
    about: str | None = None
    quotes: list[Quote] = []


class Conflict(Struct, frozen=True):
    """A claim that cannot hold beside more trusted ones (`with`): it misses by `gap` people."""

    flow: str
    report: str
    with_: list[str] = msgspec.field(name="with")
    gap: int = 0


class Noted(Struct, frozen=True):
    """A claim that is shown and not totalled, and why: `grade D`, or a measure such as `queue`."""

    flow: str
    report: str
    source: str
    why: str
    people: int
    population: str
    first_day: str
    last_day: str


class Rejected(Struct, frozen=True):
    """What the headers of a record on `reports.rejected` say; its value is the original message, untouched."""

    reason: str
    field: str
    value: str
    report: str | None
    why: str
    topic: str
    partition: int
    offset: int


def to_builtins(record: Any) -> Any:
    """A record as plain dicts, lists and scalars, for JSON."""
    return msgspec.to_builtins(record)
