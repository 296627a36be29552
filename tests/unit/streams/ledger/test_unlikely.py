from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from bordertally.streams.flows import Flow
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import PEOPLE, Key
from bordertally.streams.ledger.unlikely import judge, people_on, unlikely_on
from bordertally.streams.reports.claims import Claim
from unit.kit import claim, ordinal

FIRST = date(2021, 9, 1)
AFTER = FIRST + timedelta(days=30)
"""The day after thirty known days."""


def daily(people: Sequence[int], flow: str = "RU:KZ", source: str = "b", first: date = FIRST) -> list[Claim]:
    """A count a day from a first day on."""
    return [
        claim(
            figure, (first + timedelta(days=place)).isoformat(), flow, source, id=f"{flow}-{place}", qualifier="count"
        )
        for place, figure in enumerate(people)
    ]


def suspect(people: object, day: date = AFTER, flow: str = "RU:KZ", source: str = "b", **more: Any) -> Claim:
    return claim(
        people, more.pop("period", day.isoformat()), flow, source, **{"id": "suspect", "qualifier": "count", **more}
    )


def unlikely(*told: Iterable[Claim] | Claim, flow: str = "RU:KZ", key: Key = PEOPLE) -> list[str]:
    """The reports of unlikely claims on a flow."""
    ledger = Ledger()
    ledger.apply([each for some in told for each in ([some] if isinstance(some, Claim) else some)])
    return sorted(
        suspicion.report
        for suspicion in ledger.nodes[Flow(flow)].series[key].suspects.values()
        if not suspicion.confirmed
    )


@pytest.mark.parametrize(
    ("people", "found"),
    [(1_010, ["suspect"]), (1_000, []), (900, [])],  # the largest of thirty days is 100: above ten times is unlikely
)
def test_above_ten_times_the_largest_day_is_unlikely(people: int, found: list[str]) -> None:
    assert unlikely(daily([90] * 29 + [100]), suspect(people)) == found


def test_twenty_nine_known_days_are_too_few_and_a_million_is_the_limit() -> None:
    assert unlikely(daily([100] * 29), suspect(50_000)) == []
    assert unlikely(daily([100] * 29), suspect(1_000_000)) == []
    assert unlikely(daily([100] * 29), suspect(1_000_001)) == ["suspect"]


def test_a_day_of_zero_is_not_known() -> None:
    assert unlikely(daily([100] * 29 + [0]), suspect(50_000)) == []


def test_a_day_more_than_a_year_before_is_not_compared_with() -> None:
    year = [100] * 365
    assert unlikely(daily([9_000, *year]), suspect(9_500, FIRST + timedelta(days=366))) == ["suspect"]
    assert unlikely(daily([9_000, *year]), suspect(9_500, FIRST + timedelta(days=365))) == []


def test_the_rate_of_a_longer_claim_is_compared() -> None:
    week = f"{AFTER}/{AFTER + timedelta(days=7)}"
    assert unlikely(daily([100] * 30), suspect(7_000, period=week)) == []
    assert unlikely(daily([100] * 30), suspect(7_007, period=week)) == ["suspect"]


def test_an_upper_bound_says_of_nobody_that_they_came() -> None:
    assert unlikely(daily([100] * 30), suspect(50_000, qualifier="at_most")) == []
    assert unlikely(daily([100] * 30), suspect(50_000), suspect(60_000, source="c", qualifier="at_most")) == ["suspect"]


def test_half_as_many_on_a_second_day_confirm() -> None:
    after = AFTER + timedelta(days=3)
    history = daily([100] * 30)
    assert unlikely(history, suspect(2_000), suspect(999, after, id="later")) == ["suspect"]
    assert unlikely(history, suspect(2_000), suspect(1_000, after, id="later")) == []
    late = AFTER + timedelta(days=366)
    assert unlikely(history, suspect(2_000), suspect(1_000, late, id="late")) == ["suspect"]


def test_half_as_many_by_a_second_source_confirm() -> None:
    history = daily([100] * 30)
    assert unlikely(history, suspect(2_000), suspect(999, source="c", id="other")) == ["suspect"]
    assert unlikely(history, suspect(2_000), suspect(1_000, source="c", id="other")) == []


def test_another_source_of_the_same_origin_confirms_nothing() -> None:
    quoted = suspect(2_000, attributed_to="office")
    for office, found in (("office", ["other", "suspect"]), ("press", [])):
        other = suspect(1_500, source="c", id="other", attributed_to=office)
        assert unlikely(daily([100] * 30), quoted, other) == found


def test_a_claim_of_the_same_source_confirms_by_its_other_days_alone() -> None:
    longer = f"{AFTER}/{AFTER + timedelta(days=2)}"
    told = unlikely(daily([100] * 30), suspect(2_000), suspect(3_000, period=longer, id="longer"))
    assert told == [
        "longer"
    ]  # it gives the day after 1,500, which confirms the 2,000; nothing else confirms 1,500 a day


def test_the_flows_below_are_history_and_confirm() -> None:
    below = daily([60] * 30, "RU:KZ:aksai", "c") + daily([40] * 30, "RU:KZ:mashtakovo", "c")
    assert unlikely(below, suspect(1_000)) == []
    assert unlikely(below, suspect(1_001)) == ["suspect"]
    assert unlikely(below, suspect(1_001), suspect(501, flow="RU:KZ:aksai", source="c", id="below")) == []


def test_parts_of_the_people_are_history() -> None:
    men = [
        claim(100, (FIRST + timedelta(days=place)).isoformat(), id=f"men-{place}", population="men")
        for place in range(30)
    ]
    assert unlikely(men, suspect(1_000)) == []
    assert unlikely(men, suspect(1_001)) == ["suspect"]


def test_a_reading_is_unlikely_by_itself_and_never_a_sum_of_readings() -> None:
    sums = [
        claim(people, f"{AFTER}T{hour:02}:00Z/PT1H", "RU:KZ:aksai", "c", qualifier="count", id=f"hour-{hour}")
        for hour, people in enumerate([600_000, 700_000])
    ]
    assert unlikely(sums, flow="RU:KZ:aksai") == []
    one = claim(1_100_000, f"{AFTER}T05:00Z/PT1H", "RU:KZ:aksai", "c", qualifier="count", id="hour-5")
    assert unlikely(sums, one, flow="RU:KZ:aksai") == ["hour-5"]


def test_a_sum_of_the_flows_below_is_never_unlikely() -> None:
    below = [suspect(900_000, flow=f"RU:KZ:{name}", source="c", id=name) for name in ("aksai", "mashtakovo")]
    ledger = Ledger()
    ledger.apply(below)
    assert ledger.nodes[Flow("RU:KZ")].series[PEOPLE].bins[AFTER.toordinal()].best == 1_800_000
    assert [node.series[PEOPLE].suspects for node in ledger.nodes.values()] == [{}] * len(ledger.nodes)


def test_it_is_judged_again_when_its_history_comes_late() -> None:
    ledger = Ledger()
    ledger.apply([*daily([100] * 29), suspect(50_000)])
    series = ledger.nodes[Flow("RU:KZ")].series[PEOPLE]
    assert not series.suspects
    applied = ledger.apply([claim(100, (FIRST - timedelta(days=1)).isoformat(), id="thirtieth")])
    assert [suspicion.largest for suspicion in series.suspects.values()] == [100]
    assert AFTER.toordinal() in applied.spoken[Flow("RU:KZ")]  # readers of states hear of its day
    ledger.apply([claim(6_000, (FIRST - timedelta(days=2)).isoformat(), id="large")])
    assert not series.suspects


def test_it_gives_way_to_a_likely_claim_of_its_grade_and_not_to_a_lower_one() -> None:
    day = AFTER.toordinal()
    likely = {"published": "2021-10-02T00:00:00Z", "id": "likely"}

    def best(*told: Claim) -> float:
        ledger = Ledger()
        ledger.apply([*daily([100] * 30), *told])
        return ledger.nodes[Flow("RU:KZ")].series[PEOPLE].bins[day].best

    def named(source: str, people: int, **more: Any) -> Claim:
        return suspect(people, source=source, **more)

    assert best(named("almaty", 120, **likely), named("b", 5_000)) == 120  # both grade B
    assert best(named("c", 120, **likely), named("b", 5_000)) == 5_000
    assert best(named("a", 120, **likely), named("b", 5_000)) == 120
    assert best(named("almaty", 120, **likely), named("b", 900)) == 900  # likely, and published later


def test_people_on_a_day_are_the_most_that_claims_give_it() -> None:
    ledger = Ledger()
    ledger.apply([*daily([100] * 30), suspect(5_000), *daily([30, 40], "RU:KZ:aksai", "c", AFTER - timedelta(days=1))])
    node = ledger.nodes[Flow("RU:KZ")]
    before, day = AFTER.toordinal() - 1, AFTER.toordinal()
    assert [people_on(node, PEOPLE, each) for each in (before, day, day + 1)] == [100, 5_000, 0]
    assert [people_on(node, PEOPLE, each, likely=True) for each in (before, day)] == [100, 40]
    assert [flow for flow, _ in unlikely_on(ledger.nodes[Flow("RU")], PEOPLE, day)] == ["RU:KZ"]
    assert unlikely_on(node, PEOPLE, before) == []


def test_judging_again_changes_nothing() -> None:
    ledger = Ledger()
    ledger.apply([*daily([100] * 30), suspect(5_000)])
    node = ledger.nodes[Flow("RU:KZ")]
    before = dict(node.series[PEOPLE].suspects)
    for day in (ordinal("2021-09-01"), AFTER.toordinal(), AFTER.toordinal() + 500):
        assert judge(node, PEOPLE, {day}) == set()
        assert node.series[PEOPLE].suspects == before
