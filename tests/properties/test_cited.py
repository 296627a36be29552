"""A withdrawn alert cites what took its exceedance away: every correction, however they came, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.ledger.citations import CITED
from bordertally.streams.periods import iso_day
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.reports.claims import Claim
from bordertally.streams.rules.config import Rules
from unit.kit import REGISTRY, claim, ordinal

FIRST = ordinal("2022-09-01")
CHECKPOINTS = ("RU:KZ:aksai", "RU:KZ:mashtakovo", "RU:KZ:syrym")
READINGS = 6
"""Readings of a checkpoint and day: each of four hours."""


def reading(flow: str, day: int, number: int, people: int | None, **more: Any) -> Claim:
    hours = f"{iso_day(FIRST + day)}T{4 * number:02}:00Z/PT4H"
    return claim(people, hours, flow=flow, source="c", qualifier="count", **more)


def level(days: int) -> Claim:
    """A ministry states what is normal; each checkpoint is as busy as it is on the quiet days."""
    return claim(
        300 * days, f"{iso_day(FIRST)}/P{days}D", source="b", qualifier="at_least", normal={"daily": 400}, id="level"
    )


Place = tuple[int, str, int]


@st.composite
def surges(draw: st.DrawFn) -> tuple[int, list[list[Place]], list[bool]]:
    """Days, the readings that make some days in a row a surge, in the batches they are corrected in, and how."""
    length = draw(st.integers(1, 5))
    high = [(day, flow, number) for day in range(1, length + 1) for flow in CHECKPOINTS for number in range(READINGS)]
    chosen = draw(st.lists(st.sampled_from(high), unique=True, min_size=1, max_size=16))
    for day in range(1, length + 1):  # each of the days must be one
        if not any(one[0] == day for one in chosen):
            chosen.append((day, draw(st.sampled_from(CHECKPOINTS)), draw(st.integers(0, READINGS - 1))))
    order = draw(st.permutations(chosen))
    cuts = sorted(draw(st.sets(st.integers(1, len(order)), max_size=4)))
    batches = [order[left:right] for left, right in zip([0, *cuts], [*cuts, len(order)], strict=True) if left < right]
    return length, batches, draw(st.lists(st.booleans(), min_size=len(order), max_size=len(order)))


def worked(desk: ReplayLedgers, batch: list[Claim]) -> list[Alert]:
    return [one for one in desk.apply(batch) if one.flow == "RU:KZ"]


def made(length: int, batches: list[list[Place]]) -> Iterator[Claim]:
    """Quiet readings, and those of the surge, each of its own report."""
    high = {place for batch in batches for place in batch}
    for day in range(length + 2):
        for flow in CHECKPOINTS:
            for number in range(READINGS):
                people = 1_000 if (day, flow, number) in high else 17
                yield reading(flow, day, number, people, id=f"{flow}-{day}-{number}")


@given(surges(), st.booleans(), st.booleans())
def test_all_corrections_are_cited_and_nothing_else(
    surge: tuple[int, list[list[Place]], list[bool]], same_names: bool, twice: bool
) -> None:
    length, batches, withdrawn = surge
    desk = ReplayLedgers(REGISTRY, Rules())
    worked(desk, [level(length + 2)])
    before = worked(desk, list(made(length, batches)))
    assert before[0].state is AlertState.FIRING
    cause: list[str] = []
    said: list[Alert] = []
    how = iter(withdrawn)
    for number, batch in enumerate(batches):
        names = {place: f"{place[1]}-{place[0]}-{place[2]}" if same_names else f"c{place}" for place in batch}
        cause += names.values()
        corrections = [
            reading(flow, day, at, None if next(how) else 17, id=names[day, flow, at], published="2022-11-01T00:00:00Z")
            for day, flow, at in batch
        ]
        other = reading(CHECKPOINTS[0], 40 + number, 0, 17, id="elsewhere")
        said += worked(desk, [*corrections, other])
        if twice:
            said += worked(desk, [*corrections, other])
    gone = [one for one in said if one.state is AlertState.WITHDRAWN]
    assert gone
    cited = {report for one in gone for report in one.reports}
    assert cited == {f"c/{name}" for name in cause}
    assert gone[-1].report_count == len(gone[-1].reports) <= CITED
