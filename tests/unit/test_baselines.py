from __future__ import annotations

from datetime import date
from statistics import NormalDist

import pytest

from streams.baselines import baseline_of, ears_c2, levels
from streams.records import Baseline
from streams.rules import Detection, OperatorBaseline, Rules
from unit.kit import Told, claim, daily, ordinal, told

SERIES = [5400, 5600, 5200, 5900, 5800, 5100, 5500, 5300, 5700, 6000, 9800, 10100, 10400, 9900]


def of(one: Told, day: str, rules: Rules | None = None) -> Baseline | None:
    node = one.node()
    return baseline_of(node, rules or Rules(), levels(node), ordinal(day))


@pytest.mark.parametrize(
    ("floor", "bounds"),
    [
        (0, [6409.73976, 6420.11271, 6460.79227, 6630.28736, 11204.22169]),
        (500, [7045.11615, 7030.83044, 7045.11615, 7159.40187, 11204.22169]),
    ],
)
def test_ears_c2_agrees_with_an_independent_implementation_to_five_decimals(floor: float, bounds: list[float]) -> None:
    # upper bounds of C2 (alpha 0.001, so z = 3.090232) at t = 10..14, counted from 1
    rules = Detection(sigmas=NormalDist().inv_cdf(0.999), sigma_floor=floor, sigma_floor_share=0)
    found = [ears_c2(SERIES[t - 10 : t - 3], rules)[1] for t in range(10, 15)]
    assert found == pytest.approx(bounds, abs=1e-5)


def test_a_learned_level_needs_all_seven_days_from_t_9_to_t_3() -> None:
    # 1 2 3 4 5 6 7 8 9 10
    # [-- history -]    t
    learned = of(told(daily([*SERIES[:9], 0])), "2022-09-10")
    assert learned is not None
    assert (learned.kind, round(learned.expected)) == ("learned", 5500)
    assert of(told(daily([*SERIES[:3], None, *SERIES[4:9], 0])), "2022-09-10") is None


def test_a_quiet_series_does_not_alarm_at_a_ripple() -> None:
    mean, threshold = ears_c2([100.0] * 7, Detection())
    assert (mean, threshold) == (100, 130)
    assert ears_c2([1000.0] * 7, Detection())[1] == pytest.approx(1250)


def test_a_stated_level_is_its_middle_and_a_quarter_over_is_the_threshold() -> None:
    level = of(told(claim(10_000, normal={"daily": [5000, 6000]})), "2022-09-21")
    assert level is not None
    assert (level.kind, level.expected, level.threshold, level.low, level.high) == ("stated", 5500, 6875, 5000, 6000)
    assert (level.source, level.report) == ("b", "r1")


def test_a_stated_change_tells_the_level_of_the_period_before() -> None:
    level = of(told(claim(66_000, "2022-09-19/P7D", change_percent=30)), "2022-09-20")
    assert level is not None
    assert level.kind == "derived"
    assert level.expected == pytest.approx(7252.75, abs=0.01)


def test_operator_goes_before_stated_before_derived_before_learned() -> None:
    learned = daily(SERIES)
    derived = claim(5000, "2022-09-14", id="d", change_percent=10, published="2022-10-21T00:00:00Z")
    stated = claim(5000, "2022-09-13", id="s", normal={"daily": 4000}, published="2022-10-21T00:00:00Z")
    operator = Rules(baselines=(OperatorBaseline(flow="RU:KZ", daily=3000.0),))
    kinds = [
        found.kind
        for batch, rules in (
            ([learned, derived, stated], operator),
            ([learned, derived, stated], None),
            ([learned, derived], None),
            ([learned], None),
        )
        if (found := of(told(*batch), "2022-09-14", rules))
    ]
    assert kinds == ["operator", "stated", "derived", "learned"]


def test_an_operators_level_holds_from_its_date_until_before_the_other() -> None:
    one = OperatorBaseline(flow="RU:KZ", daily=100.0, since=date(2022, 9, 21), until=date(2022, 9, 23), ratio=2)
    found = [of(told(claim(1)), f"2022-09-{day}", Rules(baselines=(one,))) for day in (20, 21, 22, 23)]
    assert [None if each is None else each.threshold for each in found] == [None, 200, 200, None]


def test_of_stated_levels_the_latest_begun_wins() -> None:
    one = told(claim(1, "2022-09-01", normal={"daily": 10}), claim(1, "2022-09-11", id="r2", normal={"daily": 20}))
    found = [of(one, f"2022-09-{day:02}") for day in (1, 10, 11, 30)]
    assert [each.expected for each in found if each] == [10, 10, 20, 20]


def test_a_withdrawn_or_unverified_claim_states_no_level() -> None:
    gone = claim(None, id="r2", published="2022-10-21T00:00:00Z")
    assert of(told(claim(1, normal={"daily": 10}), gone), "2022-09-21") is None
    assert levels(told(claim(1, flow="RU", source="d", normal={"daily": 10})).node("RU")) == []
