from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from bordertally.streams.flows import Flow
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.periods import iso_day
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.reports.claims import Claim
from bordertally.streams.totals.conflicts import conflicts
from bordertally.streams.totals.records import Total
from properties.worlds import START, WHOLE_DAYS, desk_of, read, worlds

World = list[list[Claim]]

TRUTHS = st.lists(st.one_of(st.just(0), st.integers(0, 5000)), min_size=3, max_size=WHOLE_DAYS)


def all_totals(desk: ReplayLedgers) -> list[Total]:
    return [one for state in desk.states.values() for one in [*state.totals, *state.parts]]


@given(worlds())
def test_low_is_never_above_best_nor_best_above_high(world: World) -> None:
    desk = desk_of(world)
    bounds = [(one.low, one.best, one.high) for one in all_totals(desk)]
    bounds += [(one.low, one.best, one.high) for one in desk.outcome([]).days]
    for low, best, high in bounds:
        assert 0 <= low <= best
        assert high is None or best <= high


@given(worlds())
def test_best_is_what_was_observed_and_what_is_projected(world: World) -> None:
    for one in all_totals(desk_of(world)):
        assert one.best == one.observed + one.projected
        assert one.projected >= 0
        assert one.covered_days <= one.window_days


@given(worlds())
def test_longer_windows_hold_no_less(world: World) -> None:
    for state in desk_of(world).states.values():
        held = [one.best for one in state.totals]
        assert held == sorted(held)


@given(worlds())
def test_a_day_is_below_its_children_or_parts_only_where_a_claim_of_a_better_grade_is_about_it(world: World) -> None:
    desk = desk_of(world)
    for node in desk.ledger.nodes.values():
        for key, series in node.series.items():
            for day, day_bin in series.bins.items():
                for floor in node.floors(key, day):
                    if floor.weight >= day_bin.weight:
                        assert day_bin.best >= floor.best * (1 - 1e-6)
                        assert day_bin.low >= floor.low * (1 - 1e-6)
                    elif day_bin.best < floor.least - 1:
                        event("below its children or parts")
                        assert any(
                            one.bound and one.first_day <= iso_day(day) <= one.last_day for one in conflicts(node)
                        )


@given(worlds())
def test_withdrawing_everything_leaves_no_totals(world: World) -> None:
    desk = desk_of(world)
    later = 1 + max((one.published for claims in world for one in claims), default=0)
    gone = [
        msgspec.structs.replace(one, best=None, low=0.0, high=None, published=later, normal=None, change_percent=None)
        for claims in world
        for one in claims
    ]
    list(desk.apply(gone))
    outcome = desk.outcome([])
    assert (outcome.totals, outcome.days, outcome.parts, outcome.noted, outcome.conflicts) == ([], [], [], [], [])
    assert all(known.record.state == "withdrawn" for each in desk.known.values() for known in each)


@given(TRUTHS, st.data())
def test_counts_of_a_true_series_come_out_exactly_for_the_periods_they_cover(
    truth: list[int], data: st.DataObject
) -> None:
    """Any overlapping counts that are true together all hold, beside single days that say the rest."""
    days = len(truth)
    spans = data.draw(st.lists(st.tuples(st.integers(0, days - 1), st.integers(1, 10)), max_size=6))
    alone = data.draw(st.sets(st.integers(0, days - 1)))
    periods = {(first, min(first + length, days)) for first, length in spans} | {(day, day + 1) for day in alone}
    claims = [_true(truth, first, last) for first, last in sorted(periods)]
    desk = desk_of(read(data.draw(st.permutations(claims))))
    if periods:
        series = desk.ledger.nodes[Flow("RU:KZ")].series[PEOPLE]
        start = START.toordinal()
        for first, last in periods:
            held = sum(series.bins[start + day].best for day in range(first, last))
            assert held == pytest.approx(sum(truth[first:last]), abs=0.5)
        assert desk.states[Flow("RU:KZ")].conflicts == []


@given(TRUTHS, st.data())
def test_days_that_counts_determine_come_out_exactly(truth: list[int], data: st.DataObject) -> None:
    """Runs of days from the first on say every day, by difference; the total of the window is the truth."""
    claims = [_true(truth, 0, last) for last in range(1, len(truth) + 1)]
    desk = desk_of(read(data.draw(st.permutations(claims))))
    assert [one.best for one in desk.states[Flow("RU:KZ")].days] == truth


def _true(truth: list[int], first: int, last: int) -> dict[str, object]:
    days = [(START + timedelta(days=day)).date().isoformat() for day in (first, last)]
    claim = {
        "flow": "RU:KZ",
        "period": "/".join(days),
        "people": sum(truth[first:last]),
        "qualifier": "count",
    }
    published = START + timedelta(days=WHOLE_DAYS + 1, hours=first)
    return {"id": f"{first}-{last}", "source": "b", "published": published.isoformat(), "claims": [claim]}
