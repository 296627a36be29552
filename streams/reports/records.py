"""A report as a producer sends it."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from bordertally.streams.qualifiers import Qualifier

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


FIGURES = ("claims", "flow", "period", "people", "normal", "change_percent")
"""The fields that make a report one in figures, even where it has a `text`."""


ReportId = Annotated[str, Meta(min_length=1, max_length=200)]
Moment = Annotated[datetime, Meta(tz=True)]


class Report(ClaimFields, kw_only=True):
    """A report as a producer sends it: one JSON object a message; unknown fields are kept, not refused.

    `title` is the headline of a report in words; a report in figures may carry any title.
    """

    id: ReportId
    source: str
    published: Moment
    claims: Annotated[list[ClaimFields], Meta(min_length=1, max_length=1000)] | UnsetType = UNSET
    title: Raw | UnsetType = UNSET  # decoded only with the words, so that no title makes a report in figures bad

    @property
    def in_words(self) -> bool:
        """Whether this report is a statement: it has a `text`, and none of the fields that state a figure."""
        return isinstance(self.text, str) and all(getattr(self, name) is UNSET for name in FIGURES)
