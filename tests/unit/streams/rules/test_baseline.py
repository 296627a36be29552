from __future__ import annotations

from datetime import date

import pytest

from bordertally.streams.learning.methods import METHODS
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.ledger.tree import Node
from bordertally.streams.rules.baseline import JudgedDays, baseline_of
from bordertally.streams.rules.config import Detection, FlowRules, OperatorBaseline, Rules
from bordertally.streams.rules.levels import levels
from bordertally.streams.totals.records import Baseline
from unit.kit import Told, claim, daily, ordinal, told

SERIES = [5400, 5600, 5200, 5900, 5800, 5100, 5500, 5300, 5700, 6000, 9800, 10100, 10400, 9900]


def of(one: Told, day: str, rules: Rules | None = None) -> Baseline | None:
    node = one.node()
    return baseline_of(node, rules or Rules(), levels(node), ordinal(day))


def test_a_learned_level_comes_from_the_first_method_with_enough_days() -> None:
    # 1 2 3 4 5 6 7 8 9 10 ... 24: C2 from the tenth day on, by weekday once three weeks from t-30 to t-3 are known
    one = told(daily([*SERIES, *SERIES, *SERIES]))
    found = [of(one, f"2022-09-{day:02}") for day in (9, 10, 23, 24)]
    assert [each and each.method for each in found] == [None, "c2", "c2", "weekday"]
    assert found[1] is not None
    assert (found[1].kind, round(found[1].expected)) == ("learned", 5500)


def test_c2_needs_all_seven_days_from_t_9_to_t_3() -> None:
    # 1 2 3 4 5 6 7 8 9 10
    # [-- history -]    t
    assert of(told(daily([*SERIES[:9], 0])), "2022-09-10") is not None
    assert of(told(daily([*SERIES[:3], None, *SERIES[4:9], 0])), "2022-09-10") is None


@pytest.mark.parametrize("name", METHODS)
def test_every_method_can_be_chosen_by_name(name: str) -> None:
    found = of(told(daily([*SERIES, *SERIES, *SERIES])), "2022-10-12", Rules(Detection(learned=name)))
    assert found is not None
    assert (found.kind, found.method) == ("learned", name)


def test_a_flow_can_learn_by_a_method_of_its_own() -> None:
    rules = Rules(flows=(FlowRules(flow="RU:KZ", learned="c1"), FlowRules(flow="RU:GE", learned="mean")))
    found = of(told(daily(SERIES)), "2022-09-08", rules)
    assert found is not None
    assert found.method == "c1"


def test_an_absolute_threshold_stands_in_where_nothing_is_known() -> None:
    rules = Rules(Detection(absolute=5000))
    found = [of(told(daily(SERIES)), f"2022-09-{day:02}", rules) for day in (9, 10)]
    assert [each and each.kind for each in found] == ["absolute", "learned"]
    assert found[0] == Baseline("absolute", 5000, 5000)


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


def test_what_is_learned_for_a_day_is_learned_once_while_only_the_day_itself_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = told(daily([400] * 10))
    learned: list[int] = []
    real = JudgedDays._learned_for

    def counted(judged: JudgedDays, node: Node, day: int) -> Baseline | None:
        if node.flow == "RU:KZ" and day not in judged._learned:  # of RU, above it, other days may teach too
            learned.append(day)
        return real(judged, node, day)

    monkeypatch.setattr(JudgedDays, "_learned_for", counted)
    later = "2022-10-21T00:00:00Z"
    one.take(claim(410, "2022-09-10", id="again", published=later))
    assert learned == []
    one.take(claim(900, "2022-09-05", id="better", published=later))
    assert sorted(set(learned)) == [ordinal(f"2022-09-{day:02}") for day in (8, 9, 10)]
    level = one.state().baseline
    assert level is not None
    assert level.expected == pytest.approx((6 * 400 + 900) / 7)


@pytest.mark.parametrize(("people", "ordinary"), [(640, True), (641, False)])
def test_a_day_up_to_the_clear_level_of_the_lowest_weekday_is_ordinary(people: int, *, ordinary: bool) -> None:
    """Expected at least 400, threshold 1.75 times as much: 700; so an alert stays open above 400 + 0.8 x 300."""
    node = told(daily([400] * 35 + [people])).node("RU:KZ")
    view = JudgedDays(node, Rules())
    view.refresh(node)
    last = node.last(PEOPLE)
    assert last is not None
    assert view.is_ordinary(last) is ordinary
    assert view.of(last).rate == people
    assert not view.is_ordinary(last)  # now its level is known


def test_a_day_of_a_high_week_is_not_ordinary() -> None:
    """600 each day: below 640, but the mean of the week is above 400 + 0.8 x 200."""
    node = told(daily([400] * 35 + [600] * 7)).node("RU:KZ")
    view = JudgedDays(node, Rules())
    view.refresh(node)
    last = node.last(PEOPLE)
    assert last is not None
    assert [view.is_ordinary(last - back) for back in (0, 6)] == [False, True]


def test_where_days_are_missing_or_a_level_is_stated_no_day_is_ordinary_at_one_look() -> None:
    for one in (told(daily([400] * 20)), told([*daily([400] * 36), claim(1, "2022-09-20", normal={"daily": 400})])):
        node = one.node("RU:KZ")
        view = JudgedDays(node, Rules())
        view.refresh(node)
        last = node.last(PEOPLE)
        assert last is not None
        assert not view.is_ordinary(last)


def test_followers_hear_of_a_day_once() -> None:
    node = told(daily(SERIES)).node()
    judged = JudgedDays(node, Rules())
    judged.refresh(node)
    again = judged.follow()
    again.judged.clear()
    judged.days_changed({ordinal("2022-09-03")})
    judged.refresh(node)
    assert (again.judged, again.cited) == (set(), {ordinal("2022-09-03")})
    again.cited.clear()
    judged.days_changed({ordinal("2022-09-05")})
    judged.refresh(node)
    assert again.cited == {ordinal("2022-09-05")}
