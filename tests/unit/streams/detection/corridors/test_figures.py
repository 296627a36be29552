"""What the ledger of an origin tells of a corridor."""

from __future__ import annotations

from itertools import count

import msgspec
import pytest

from bordertally.streams.detection.corridors.figures import corridor_figures, figures_after, whole_figures
from bordertally.streams.flows import Flow
from bordertally.streams.ledger.citations import Cites
from bordertally.streams.ledger.corridors.records import CorridorDay, CorridorVersion
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.sources import WEIGHT
from bordertally.streams.rules.config import Detection, Rules
from unit.kit import claim, daily, ordinal

DAY = ordinal("2022-09-21")
VERSION = CorridorVersion(1, 0)
NUMBERS = count()


def at(checkpoint: str, people: int | None, day: str = "2022-09-21", **more: str) -> Claim:
    return claim(people, day, flow=f"RU:GE:{checkpoint}", **{"id": f"{checkpoint}-{next(NUMBERS)}", **more})


def told(ledger: Ledger, *days: int, rules: Rules | None = None) -> list[CorridorDay]:
    """What is told of people on the way from Russia to Georgia."""
    (series,) = corridor_figures(ledger.nodes[Flow("RU:GE")], rules or Rules(), days, (), VERSION).series
    assert series.key == PEOPLE
    return series.days


def ledger_of(*claims: Claim) -> Ledger:
    ledger = Ledger()
    ledger.apply(claims)
    return ledger


def test_the_flows_of_a_batch_that_are_corridors_are_told_with_the_days_it_may_have_changed() -> None:
    ledger = Ledger()
    batch = [at("lars", 70), claim(5, "2022-09-22", flow="RU:KZ"), claim(9, "2022-09-23", flow="KZ")]
    figures = figures_after(ledger, ledger.apply(batch), Rules(), 17)
    days = [(each.flow, each.version, [day.day for day in each.series[0].days]) for each in figures]
    assert days == [("RU:GE", (1, 17), [DAY]), ("RU:KZ", (1, 17), [DAY + 1])]
    (again,) = figures_after(ledger, ledger.apply([at("lars", 3, "2022-09-25")]), Rules(), 18)
    assert (again.flow, again.version, [day.day for day in again.series[0].days]) == ("RU:GE", (2, 18), [DAY + 4])
    assert again.published == claim(1).published


def test_a_day_has_its_figures_by_grade_and_its_reports() -> None:
    ledger = ledger_of(at("lars", 70, source="a", id="one"), at("roki", 30, source="c", id="two"))
    (day,) = told(ledger, DAY)
    assert day.people is not None
    assert (day.people.low, day.people.best, day.people.full, day.people.weight) == (95, 100, True, 0)  # as stated
    assert [(floor.weight, floor.best) for floor in day.floors] == [(WEIGHT["A"], 70), (WEIGHT["C"], 100)]
    assert day.cites == Cites(("a/one", "c/two"))
    assert (day.usual, day.complete, day.withdrew, day.unlikely) == (True, True, False, ())


def test_a_day_whose_claims_were_withdrawn_is_told_without_people() -> None:
    ledger = ledger_of(at("lars", 70, id="one"), at("lars", None, id="two", published="2022-10-21T00:00:00Z"))
    assert told(ledger, DAY) == [CorridorDay(DAY, None, withdrew=True)]


def test_people_are_projected_as_long_as_a_rate_is_assumed() -> None:
    ledger = ledger_of(at("lars", 70, "2022-09-22"), at("lars", 60), at("roki", 50))
    (series,) = corridor_figures(ledger.nodes[Flow("RU:GE")], Rules(), [DAY], (), VERSION).series
    assert series.projection.lasts == (DAY, DAY + 1)
    both = dict.fromkeys(range(DAY + 2, DAY + 8), 120.0)
    assert series.projection.gains == {DAY + 1: 50.0, **both, DAY + 8: 70.0}  # for seven days each


def test_later_days_are_told_again_for_they_may_no_longer_be_covered_as_usual() -> None:
    lars = daily([70, 70, 70], "2022-09-21", flow="RU:GE:lars", source="a")
    ledger = ledger_of(*lars, at("roki", 50))
    first, second, third = told(ledger, DAY)
    assert (first.day, first.usual, first.complete) == (DAY, True, True)
    assert (second.day, second.usual, second.complete) == (DAY + 1, False, False)
    assert (third.day, third.usual, third.complete) == (DAY + 2, False, False)


@pytest.mark.parametrize("corroborate", [True, False])
def test_witnesses_are_told_where_the_rules_ask_for_them(*, corroborate: bool) -> None:
    ledger = ledger_of(at("lars", 70, source="a"), at("roki", 50, source="c"))
    (day,) = told(ledger, DAY, rules=Rules(Detection(corroborate=corroborate)))
    expected = (70.0, {"a": WEIGHT["A"], "c": WEIGHT["C"]}) if corroborate else (0.0, {})
    assert (day.corroborated, day.witnesses) == expected


def test_an_unlikely_claim_is_told_with_what_the_others_give() -> None:
    month = daily([100] * 40, "2022-08-01", flow="RU:GE:lars", source="b")
    ledger = ledger_of(*month, claim(40_000, "2022-09-21", flow="RU:GE:lars", source="c", id="much"))
    (day,) = told(ledger, DAY)
    ((flow, constraint),) = day.unlikely
    assert (flow, constraint.trust.report, constraint.best) == ("RU:GE:lars", "much", 40_000)
    assert (day.people and day.people.best, day.likely) == (40_000, 0)


def test_a_day_of_historic_claims_alone_is_told_as_such() -> None:
    past = [claim(70, day, flow="RU:GE:lars", id="past", historic=True) for day in ("2022-09-20", "2022-09-21")]
    ledger = ledger_of(*past, at("roki", 50))
    assert [day.historic for day in told(ledger, DAY - 1, DAY)] == [True, False]


def test_all_days_of_a_corridor_are_told_and_none_of_one_that_is_gone() -> None:
    ledger = ledger_of(at("lars", 70), at("lars", 60, "2022-08-01"))
    figures = whole_figures(ledger, Flow("RU:GE"), Rules(), 5)
    assert (figures.whole, figures.version) == (True, (1, 5))
    assert [day.day for day in figures.series[0].days] == [ordinal("2022-08-01"), DAY]
    gone = whole_figures(ledger, Flow("RU:AM"), Rules(), 5)
    assert (gone.whole, gone.series) == (True, [])
    assert msgspec.msgpack.encode(gone)
