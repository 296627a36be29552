"""What a trace is made of: the claims and counts behind a figure, and the answer they come to."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from bordertally.streams.evidence.roles import Role
from bordertally.streams.qualifiers import Qualifier


class Traced(Struct, frozen=True, kw_only=True):
    """A claim behind a figure.

    `period`: ISO 8601, the end exclusive, on the wall clock of the source. `people`, `low`, `best`, `high`: over the
    whole period; `high` null where open; `people` null where withdrawn. `inside`: the report its people are part of.
    """

    report: str
    source: str
    source_name: str
    grade: str
    published: str
    flow: str
    period: str
    people: int | None
    qualifier: Qualifier
    population: str
    unit: str
    measure: str
    low: int
    best: int | None
    high: int | None
    text: str | None
    url: str | None
    role: Role
    gap: int | None
    inside: str | None
    why: str


class Tallied(Struct, frozen=True, kw_only=True):
    """What one source counted on a flow on a day, its readings added up."""

    source: str
    source_name: str
    grade: str
    flow: str
    day: str
    people: int
    readings: int
    population: str
    unit: str


class Figure(Struct, frozen=True):
    """People on the flow from `from` to `to`; `high` null where open. `projected` is part of `best`."""

    low: int
    best: int
    high: int | None
    projected: int = 0


class Evidence(Struct, frozen=True, kw_only=True):
    """Everything behind a figure. `from`, `to`: dates, `to` exclusive; null where nothing is known of the flow.

    `added_up`: what the sources come to when each is believed and all are added. `says`: the answer in sentences.
    `truncated`: there is more than is shown, or than is kept.
    """

    flow: str
    from_: str | None = msgspec.field(name="from")
    to: str | None
    figure: Figure | None
    added_up: int
    says: list[str]
    claims: list[Traced]
    counts: list[Tallied]
    truncated: bool
