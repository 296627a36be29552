"""A report as a producer sends it: its types, its JSON Schema, and the table of its fields in docs/report.md."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from bordertally.streams.qualifiers import Qualifier

MOST_PEOPLE = 1_000_000_000

_FIGURES = Meta(ge=0, le=MOST_PEOPLE)
_RANGE = Annotated[list[float], Meta(min_length=2, max_length=2, description="a range: [low, high]")]

FloatFigure = Annotated[float, _FIGURES]
Figure = Annotated[int, _FIGURES] | FloatFigure
People = Figure | _RANGE | None
ReportId = Annotated[str, Meta(min_length=1, max_length=200, description="The source's name for this report.")]
Moment = Annotated[
    datetime, Meta(tz=True, description="When the source published it. The latest decides which claim is in force.")
]


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
    """The usual level as the source itself states it: people a day, a figure or a range [low, high]; null: none."""

    daily: float | _RANGE | None


class ClaimFields(Struct, kw_only=True):
    """One claim as a producer writes it. In a report with `claims`, fields beside it are defaults for each."""

    flow: Annotated[str | UnsetType, Meta(description="The path, from the origin down.", examples=["RU:KZ"])] = UNSET
    period: Annotated[
        str | UnsetType, Meta(description="An ISO 8601 interval, end exclusive.", examples=["2022-09-21/2022-09-28"])
    ] = UNSET
    people: Annotated[
        People | UnsetType,
        Meta(description="The figure for the whole period, or for a day with `per`. Null withdraws the claim."),
    ] = UNSET
    qualifier: Annotated[Qualifier | UnsetType, Meta(description="How the source puts the figure.")] = UNSET
    population: Annotated[
        str | UnsetType, Meta(description="Which part of the people is meant.", examples=["men", "citizens:RU"])
    ] = UNSET
    unit: Annotated[
        Unit | UnsetType, Meta(description="What is counted. Different units are never added together.")
    ] = UNSET
    measure: Annotated[
        Measure | UnsetType, Meta(description="Only crossings are totalled; the others are kept and shown.")
    ] = UNSET
    per: Annotated[
        Literal["day"] | UnsetType | None,
        Meta(description="The figure is a daily rate: it is multiplied by the days of the period."),
    ] = UNSET
    normal: Annotated[
        Normal | UnsetType | None,
        Meta(
            description="The usual people a day, as the source states it: a baseline. A `daily` of null takes it back.",
            examples=[{"daily": [5000, 6000]}],
        ),
    ] = UNSET
    change_percent: Annotated[
        float | UnsetType | None,
        Meta(description="Above -100: change against the equally long period immediately before, a baseline."),
    ] = UNSET
    attributed_to: Annotated[
        str | UnsetType | None,
        Meta(
            description="Whom the source quotes: a source of the registry, or any slug. Part of what corrects what.",
            examples=["kz-mia"],
        ),
    ] = UNSET
    historic: Annotated[
        bool | UnsetType,
        Meta(description="Of past days, sent for totals and levels: an alert of such figures alone notifies nobody."),
    ] = UNSET
    url: Annotated[str | UnsetType | None, Meta(description="Where it was published.")] = UNSET
    text: Annotated[
        str | UnsetType | None, Meta(description="The source's own words. Without a figure, it is read as a statement.")
    ] = UNSET


REQUIRED = ("flow", "period", "people")
"""The fields that every claim needs, its own or those of its report."""

FIGURES = ("claims", "flow", "period", "people", "normal", "change_percent")
"""The fields that make a report one in figures, even where it has a `text`."""


class Report(ClaimFields, kw_only=True):
    """A report as a producer sends it: one JSON object a message. Unknown fields are accepted and kept."""

    id: ReportId
    source: Annotated[str, Meta(description="An entry of the source registry.")]
    published: Moment
    claims: Annotated[
        Annotated[list[ClaimFields], Meta(min_length=1, max_length=1000)] | UnsetType,
        Meta(description="Several claims: the fields from `flow` on, for which those of the report are defaults."),
    ] = UNSET
    arrived: Annotated[
        Annotated[datetime, Meta(tz=True)] | UnsetType,
        Meta(description="When it arrived at the broker, in a file for `replay`; elsewhere the broker knows."),
    ] = UNSET
    title: Annotated[
        Raw | UnsetType, Meta(description="The headline of a statement. In a report in figures it is not read.")
    ] = UNSET  # decoded only with the words, so that no title makes a report in figures bad

    @property
    def in_words(self) -> bool:
        """Whether this report is a statement: it has a `text`, and none of the fields that state a figure."""
        return isinstance(self.text, str) and all(getattr(self, name) is UNSET for name in FIGURES)
