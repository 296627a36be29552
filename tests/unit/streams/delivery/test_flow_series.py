"""Which flows get metrics of their own: at most so many, the upper ones first, and nobody counted twice in `other`."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.delivery.flow_series import FlowFigures
from bordertally.streams.delivery.metrics import OTHER
from bordertally.streams.totals.records import Baseline, Conflict, FlowState, Reporting, Total


def state(flow: str, best: int = 70, low: int = 60, high: int | None = 90, conflicts: int = 0) -> FlowState:
    total = Total(flow, 7, "2022-09-28", low, best, high, best, 0, 7, Reporting(0, 0), 1, ["r"])
    return FlowState(
        flow,
        1,
        [total],
        [],
        [],
        [
            Conflict(
                flow=flow,
                report=f"b/r{number}",
                with_=[],
                gap=1,
                percent=1.0,
                first_day="2022-09-27",
                last_day="2022-09-27",
            )
            for number in range(conflicts)
        ],
        Baseline("stated", 5.0, 6.25),
        [],
        [],
        1,
        best / 7,
        "2022-09-27",
    )


def shown(figures: FlowFigures) -> dict[str, object]:
    return dict(figures.shown())


def test_figures_of_a_flow() -> None:
    figures = FlowFigures(10)
    figures.update(state("RU:KZ"))
    ((flow, figures_shown),) = figures.shown()
    assert (flow, figures_shown.rate, figures_shown.expected, figures_shown.threshold) == ("RU:KZ", 10.0, 5.0, 6.25)
    assert (figures_shown.low, figures_shown.best, figures_shown.high) == (60, 70, 90)
    assert figures_shown.width == pytest.approx(30 / 70)


@pytest.mark.parametrize(("best", "level"), [(70, (5.0, 6.25)), (42, (None, None))])
def test_a_lower_bound_that_is_not_above_the_threshold_shows_no_level(
    best: int, level: tuple[float | None, float | None]
) -> None:
    figures = FlowFigures(1)
    figures.update(msgspec.structs.replace(state("RU", best=best), comparable=False))  # 10 and 6 a day
    ((_, figures_shown),) = figures.shown()
    assert (figures_shown.rate, figures_shown.expected, figures_shown.threshold) == (best / 7, *level)


@pytest.mark.parametrize(("best", "high"), [(0, 0), (70, None)])
def test_no_width_of_nothing_and_of_what_is_open(best: int, high: int | None) -> None:
    figures = FlowFigures(1)
    figures.update(state("RU", best=best, low=0, high=high))
    ((_, figures_shown),) = figures.shown()
    assert figures_shown.width is None


def test_a_country_pushes_out_a_checkpoint_and_other_counts_each_tree_by_its_top() -> None:
    figures = FlowFigures(2)
    for flow in ("RU:KZ:a", "RU:KZ:b", "RU:KZ", "RU", "UA:PL:c"):
        figures.update(state(flow, best=7))
    flows = dict(figures.shown())
    assert list(flows) == ["RU", "RU:KZ", OTHER]
    assert (flows[OTHER].best, flows[OTHER].rate, flows[OTHER].high) == (21, 3.0, 270)
    assert (flows[OTHER].expected, flows[OTHER].threshold) == (None, None)
    figures.update(state("UA:PL", best=7))  # RU:KZ comes before it in the alphabet, and it is above UA:PL:c
    assert dict(figures.shown())[OTHER].best == 21
    figures.update(state("UA:PL:c", best=7, high=None))
    assert dict(figures.shown())[OTHER].high == 270
    figures.update(state("UA:PL", best=7, high=None))
    assert dict(figures.shown())[OTHER].high is None


def test_conflicts_are_those_of_the_newest_states() -> None:
    figures = FlowFigures(0)
    figures.update(state("RU", conflicts=2))
    figures.update(state("UA", conflicts=1))
    figures.update(state("RU"))
    assert figures.conflicts == 1
    figures.clear()
    assert (figures.conflicts, list(figures.shown())) == (0, [])


FLOWS = st.sampled_from(
    ["RU", "RU:KZ", "RU:KZ:a", "RU:EU", "RU:EU:FI", "RU:EU:FI:v", "UA", "UA:PL", "UA:PL:m", "SY:TR:x"]
)


@given(st.permutations(["RU", "RU:KZ", "RU:KZ:a", "RU:EU", "RU:EU:FI", "UA:PL:m"]), st.integers(0, 7))
def test_the_choice_does_not_depend_on_who_spoke_first(order: list[str], limit: int) -> None:
    first, second = FlowFigures(limit), FlowFigures(limit)
    for flow in order:
        first.update(state(flow))
        list(first.shown())
    for flow in sorted(order):
        second.update(state(flow))
    assert list(first.shown()) == list(second.shown())


@given(st.lists(FLOWS), st.integers(0, 4))
def test_never_more_than_the_limit_and_other(flows: list[str], limit: int) -> None:
    figures = FlowFigures(limit)
    for flow in flows:
        figures.update(state(flow))
    names = [flow for flow, _ in figures.shown()]
    assert len(names) == len(set(names)) <= limit + 1
    assert (OTHER in names) == (len(set(flows)) > limit)
