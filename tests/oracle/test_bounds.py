"""Bounds over several days below flows that speak of single days: the ledger beside the slow ledger, and the laws."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.ledger.rows import PEOPLE as WHOLE
from bordertally.streams.reconciliation.room import MOST_DAYS
from oracle.slow_ledger import MOVABLE_DAYS, WEIGHTS
from oracle.test_slow_ledger import Reports, SeriesCase, cases
from properties.traits import shares, too_rare
from properties.worlds import START, batched, desk_of, figures, lived_and_restored, read

DAYS = 5
MANY, FEW = (st.integers(0, most).map(lambda hundreds: hundreds * 100) for most in (20, 4))
BELOW: tuple[dict[str, Any], ...] = (
    {"flow": "RU:KZ"},
    {"flow": "RU:KZ"},
    {"flow": "RU:GE"},
    {"flow": "RU:KZ:aksai"},
    {"flow": "RU", "population": "men"},
    {"flow": "RU", "population": "citizens:RU"},
)


@st.composite
def bounded(draw: st.DrawFn) -> Reports:
    """Lower bounds over several days of flows below and of parts, and figures of single days of all flows."""
    claims = [_claim(draw, st.sampled_from(BELOW), "at_least", MANY) for _ in range(draw(st.integers(1, 4)))]
    claims += [
        _claim(draw, st.just({"flow": flow}), draw(st.sampled_from(("count", "stated", "count", "at_most"))), FEW)
        for flow in draw(st.lists(st.sampled_from(("RU", "RU", "RU", "RU", "RU:KZ", "RU:GE")), min_size=2, max_size=7))
    ]
    return [
        {
            "id": f"r{place}",
            "source": draw(st.sampled_from("abbcx")),
            "published": f"{_day(30 + place)}T12:00:00+00:00",
            "claims": [claim],
        }
        for place, claim in enumerate(claims)
    ]


def _claim(
    draw: st.DrawFn, about: st.SearchStrategy[dict[str, Any]], qualifier: str, people: st.SearchStrategy[int]
) -> dict[str, Any]:
    first = draw(st.integers(0, DAYS - 1))
    end = first + (1 if people is FEW else draw(st.integers(2, 5)))
    return {**draw(about), "period": f"{_day(first)}/{_day(end)}", "people": draw(people), "qualifier": qualifier}


def _day(offset: int) -> str:
    return (START + timedelta(days=offset)).date().isoformat()


def moves(case: SeriesCase) -> Iterator[int]:
    """The days of which people move elsewhere in the flow above or in the whole."""
    for over in case.every.values():
        if over.node is case.node.above or (over.node is case.node and case.key.population != "people"):
            elsewhere = over.moved(case, [case], "best")
            yield from (day for day, people in elsewhere.items() if people < case.bins[day].best - 1)


@given(bounded())
def test_floors_are_those_of_the_slow_ledger(reports: Reports) -> None:
    for case in cases(reports):
        for end in ("low", "best"):
            expected = case.floor(end)
            floors = {day: case.node.floors(case.key, day) for day in case.bins}
            known = {day: getattr(of_day[-1], end) for day, of_day in floors.items() if of_day}
            assert known == pytest.approx(expected, rel=1e-6, abs=1e-6)


@given(bounded())
def test_the_days_of_a_bound_hold_it_in_every_flow_above(reports: Reports) -> None:
    """As long as no claim of a better grade is about a day of it."""
    every = cases(reports)
    for case in every:
        for bound in [claim for claim in case.claims if claim.bound and case.key == WHOLE]:
            for over in [one for one in every if one.node is case.node.above and one.key == WHOLE]:
                if all(max(over.weight(day), case.weight(day)) <= WEIGHTS[bound.grade] for day in bound.days):
                    assert sum(over.bins[day].best for day in bound.days) >= bound.low * (1 - 1e-6) - 0.5


@given(bounded(), st.data())
def test_any_order_comes_to_the_same(reports: Reports, data: st.DataObject) -> None:
    world = read(reports)
    assert figures(desk_of(data.draw(batched(world)))) == figures(desk_of(world))


@given(bounded())
def test_a_restored_ledger_comes_to_the_same(reports: Reports) -> None:
    lived, restored = lived_and_restored(read(reports))
    for flow, node in lived.nodes.items():
        for key, series in node.series.items():
            assert restored.nodes[flow].series[key].bins == series.bins


def test_in_many_of_these_worlds_people_move() -> None:
    assert MOST_DAYS == MOVABLE_DAYS

    def traits(reports: Reports) -> Iterator[str]:
        if any(any(moves(case)) for case in cases(reports)):
            yield "moves"

    assert too_rare(shares(bounded(), traits, 60), {"moves": 0.3}) == {}
