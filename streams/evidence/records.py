"""The records of a trace: the claims and counts behind a figure, and the answer in sentences."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from bordertally.streams.evidence.roles import Role
from bordertally.streams.qualifiers import Qualifier


class Traced(Struct, frozen=True, kw_only=True):
    """A claim behind a figure, with its role.

    `period`: ISO 8601, the end exclusive, in the source's local time. `people`, `low`, `best`, `high`: over the whole
    period; `high` null where open, `people` null where the claim is withdrawn. `inside`: the report
    (`source/id`) that includes these people already. `unlikely`: why the claim is unlikely; null for
    any other claim.
    """

    report: str
    source: str
    source_name: str
    grade: str
    published: str
    dated: str | None
    flow: str
    period: str
    people: int | None
    qualifier: Qualifier
    population: str
    unit: str
    measure: str
    attributed_to: str | None
    origin: str
    low: int
    best: int | None
    high: int | None
    text: str | None
    url: str | None
    historic: bool
    role: Role
    gap: int | None
    percent: float | None
    inside: str | None
    why: str
    unlikely: str | None = None


class Tallied(Struct, frozen=True, kw_only=True):
    """The readings of one source on a flow on one day, added up. `unlikely`: why one of them is; null without one."""

    source: str
    source_name: str
    grade: str
    flow: str
    day: str
    people: int
    readings: int
    population: str
    unit: str
    unlikely: str | None = None


class Figure(Struct, frozen=True):
    """People on the flow from `from` to `to`: `high` is null where open, `projected` is part of `best`."""

    low: int
    best: int
    high: int | None
    projected: int = 0


class Evidence(Struct, frozen=True, kw_only=True):
    """All that is behind a figure. `from`, `to`: dates, `to` exclusive; null where nothing is known of the flow.

    `added_up`: the sum of all sources, as if no two counted the same people. `says`: the answer in sentences.
    `truncated`: some claims or counts are not shown, or are no longer kept.
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
