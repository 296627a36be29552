from __future__ import annotations

import pytest

from bordertally.streams.flows import Flow
from bordertally.streams.ledger.citations import CITED_COUNTS
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import PEOPLE, Key
from bordertally.streams.ledger.tree import evidence
from bordertally.streams.ledger.versions import Outcome
from bordertally.streams.reports.claims import Claim
from unit.kit import claim, daily, ordinal, told

DAY = ordinal("2022-09-21")


def key_of(one: Claim) -> bytes:
    """The key of the row a claim is stored in."""
    (row,) = Ledger().apply([one]).rows
    return row.key


def best(ledger: Ledger, flow: str, key: Key = PEOPLE) -> float:
    return ledger.nodes[Flow(flow)].series[key].bins[DAY].best


def ledger(*claims: Claim) -> Ledger:
    one = Ledger()
    one.apply(claims)
    return one


def test_children_added_up_are_what_their_parent_is_at_least() -> None:
    one = ledger(claim(70, flow="RU:KZ:aksai"), claim(50, flow="RU:KZ:mashtakovo"))
    assert best(one, "RU:KZ") == best(one, "RU") == 120


def test_counts_of_a_flow_are_raised_to_what_its_children_come_to() -> None:
    #       00             12             24
    # RU:KZ [----- 10 -----][----- 20 -----]
    # aksai [------------- 50 -------------]
    halves = [
        claim(10, "2022-09-21T00:00Z/PT12H", source="c", qualifier="count"),
        claim(20, "2022-09-21T12:00Z/PT12H", source="c", qualifier="count"),
    ]
    assert best(ledger(*halves), "RU:KZ") == 30
    assert best(ledger(*halves, claim(50, flow="RU:KZ:aksai")), "RU:KZ") == 50


def test_nothing_bounds_a_flow_of_which_only_its_children_speak() -> None:
    one = ledger(claim(70, flow="RU:KZ:aksai", qualifier="count"))
    assert one.nodes[Flow("RU:KZ:aksai")].series[PEOPLE].bins[DAY].high == 70
    assert one.nodes[Flow("RU:KZ")].series[PEOPLE].bins[DAY].high is None


def test_a_child_inside_its_parent_never_counts_twice() -> None:
    one = ledger(claim(100, flow="RU:KZ"), claim(70, flow="RU:KZ:aksai"))
    assert best(one, "RU:KZ") == 100


def test_a_country_in_a_bloc_never_counts_twice() -> None:
    one = ledger(claim(66, flow="RU:EU"), claim(30, flow="RU:FI"), claim(20, flow="RU:LV"))
    assert best(one, "RU") == 66


def test_a_part_is_a_lower_bound_and_is_never_added() -> None:
    citizens, men = claim(60, population="citizens:RU"), claim(40, population="men")
    assert best(ledger(citizens, men), "RU:KZ") == 60
    assert best(ledger(citizens, men, claim(90)), "RU:KZ") == 90
    assert best(ledger(citizens, claim(50, qualifier="count")), "RU:KZ") == 60


def test_vehicles_are_never_added_to_people() -> None:
    one = ledger(claim(60), claim(20, unit="vehicles"))
    assert (best(one, "RU"), best(one, "RU", Key("people", "vehicles"))) == (60, 20)


@pytest.mark.parametrize("measure", ["stock", "queue", "refused"])
def test_what_is_no_crossing_is_noted_and_not_totalled(measure: str) -> None:
    (noted,) = told(claim(60), claim(900, measure=measure)).state().noted
    assert (noted.why, noted.people) == (f"measure {measure}", 900)
    assert told(claim(60), claim(900, measure=measure)).best() == [60]


def test_of_two_versions_published_at_once_the_same_one_is_noted_in_any_order() -> None:
    one, two = claim(900, measure="queue"), claim(800, measure="queue")
    assert told(one, two).state().noted == told(two, one).state().noted


def test_outcomes_are_counted_by_source() -> None:
    one = ledger(claim(60))
    applied = one.apply([claim(60), claim(70, id="r2", published="2022-10-21T00:00:00Z"), claim(5, source="c")])
    assert applied.outcomes == {("b", Outcome.DUPLICATE): 1, ("b", Outcome.CORRECTION): 1, ("c", Outcome.NEW): 1}


def test_flows_spoken_of_come_lowest_first_also_when_nothing_changed() -> None:
    one = ledger(claim(60, flow="RU:FI:vaalimaa"))
    again = one.apply([claim(60, flow="RU:FI:vaalimaa")])
    assert again.flows == ["RU:EU:FI:vaalimaa", "RU:EU:FI", "RU:EU", "RU"]
    assert again.rows == []


def test_rows_are_blocks_of_statements_and_days_of_readings() -> None:
    hour = claim(1, "2022-09-21T10:00/PT1H")
    assert key_of(claim(1)) == f"c|RU:KZ|{DAY // 32}".encode()
    assert key_of(hour) == f"r|RU:KZ|{DAY}".encode()
    assert key_of(claim(1, "2022-09-21T10:00/PT1H", measure="queue")) == key_of(claim(1))


def test_a_ledger_comes_back_out_of_its_rows() -> None:
    one = Ledger()
    claims = [
        claim(60),
        claim(30, flow="RU:KZ:aksai"),
        claim(1, "2022-09-22T10:00/PT1H"),
        claim(None, "2022-09-23"),
        claim(9, measure="queue"),
    ]
    applied = one.apply(claims)
    two = Ledger.restored((row.key, one.row(row)) for row in applied.rows)
    for flow, node in one.nodes.items():
        assert [each.bins for each in two.nodes[flow].series.values()] == [each.bins for each in node.series.values()]
        assert two.nodes[flow].published == node.published
    assert set(two.apply(claims).outcomes) == {("b", Outcome.DUPLICATE)}


def test_names_below_a_flow_stand_in_their_own_order_not_that_of_arrival() -> None:
    one = ledger(*(claim(1, flow=f"RU:KZ:{slug}") for slug in "cab"))
    assert list(one.nodes[Flow("RU:KZ")].children) == ["RU:KZ:a", "RU:KZ:b", "RU:KZ:c"]


def test_at_most_so_many_reports_are_cited_and_all_are_counted() -> None:
    claims = [claim(1, f"2022-09-21T{n // 60:02}:{n % 60:02}/PT1M", id=f"r{n}") for n in range(CITED_COUNTS + 20)]
    cited, count = evidence(ledger(*claims).nodes[Flow("RU")], PEOPLE, [DAY])
    assert (len(cited), count) == (CITED_COUNTS, CITED_COUNTS + 20)


def test_a_report_that_speaks_for_many_days_is_one_report() -> None:
    hours = [claim(1, f"2022-09-{day}T10:00/PT1H") for day in (21, 22, 23)]
    assert evidence(ledger(*hours).nodes[Flow("RU")], PEOPLE, range(DAY, DAY + 3)) == (["b/r1"], 1)


def test_days_of_daily_counts_stay_as_they_were_said() -> None:
    assert told(daily([5, 0, 7])).best() == [5, 0, 7]


def floor_of(*claims: Claim) -> tuple[float, float, float | None, bool]:
    """What RU:KZ holds on the day beside a week of its own that says little of it, so that what lies below decides."""
    week = claim(7_000, "2022-09-15/2022-09-22", qualifier="about", id="week", source="a")
    return tuple(ledger(week, *claims).nodes[Flow("RU:KZ")].series[PEOPLE].bins[DAY])  # type: ignore[return-value] # a bin


def test_of_children_and_parts_the_larger_bounds_at_each_end() -> None:
    #            low    best   high
    # children  1,900  2,000  2,100    1,000 about from each
    # men       2,010  2,010  2,010    a count
    children = [claim(1_000, flow=f"RU:KZ:{name}", qualifier="about", id=name) for name in ("aksai", "mashtakovo")]
    men = claim(2_010, population="men", qualifier="count", id="men")
    assert floor_of(*children)[:3] == pytest.approx((1_800, 2_000, 2_200))
    assert floor_of(men)[:3] == pytest.approx((2_010, 2_010, 2_010))
    assert floor_of(*children, men)[:3] == pytest.approx((2_010, 2_010, 2_200))


def test_a_child_that_is_open_above_bounds_by_what_it_holds_at_best() -> None:
    assert floor_of(claim(2_000, flow="RU:KZ:aksai", qualifier="at_least"))[:3] == pytest.approx((2_000, 2_000, 2_000))


@pytest.mark.parametrize(
    ("aksai", "mashtakovo", "men", "full"),
    [
        ("count", "count", None, True),
        ("count", "at_least", None, False),  # one of the children may have more to say
        ("at_least", "at_least", "count", True),  # the part says how many
        ("count", "count", "at_least", True),
        ("count", "at_least", "at_least", False),
    ],
)
def test_a_day_is_covered_in_full_by_all_its_children_or_by_a_part(
    aksai: str, mashtakovo: str, men: str | None, full: bool
) -> None:
    claims = [claim(10, flow="RU:KZ:aksai", qualifier=aksai), claim(20, flow="RU:KZ:mashtakovo", qualifier=mashtakovo)]
    claims += [claim(5, population="men", qualifier=men)] if men else []
    assert ledger(*claims).nodes[Flow("RU:KZ")].series[PEOPLE].bins[DAY].full is full


def test_citizenships_are_added_up_and_bound_the_whole_together() -> None:
    #   citizens of Russia 700, of Belarus 200, of others 150: 1,050; men are 900 of them, refugees 300
    citizens = [
        claim(people, population=f"citizens:{country}", qualifier="count", id=country)
        for country, people in (("RU", 700), ("BY", 200), ("ZZ", 150))
    ]
    men = claim(900, population="men", qualifier="count", id="men")
    refugees = claim(300, population="refugees", qualifier="count", id="refugees")
    assert floor_of(*citizens)[:2] == pytest.approx((1_050, 1_050))
    assert floor_of(*citizens, men, refugees)[:2] == pytest.approx((1_050, 1_050))
    more_men = claim(1_100, population="men", qualifier="count", id="men")
    assert floor_of(*citizens, more_men)[:2] == pytest.approx((1_100, 1_100))


def test_citizenships_are_added_up_day_by_day_in_one_unit() -> None:
    one = told(
        claim(10, "2022-09-01", population="citizens:RU", id="1"),
        claim(20, "2022-09-02", population="citizens:RU", id="2"),
        claim(5, "2022-09-02", population="citizens:KZ", id="3"),
        claim(400, "2022-09-02", population="citizens:BY", unit="vehicles", id="4"),
        claim(7, "2022-09-02", population="citizens", id="5"),  # of no country: a part of its own
    )
    assert one.best() == [10, 25]
