from __future__ import annotations

import msgspec
import pytest

from bordertally.streams.ledger.rows import PEOPLE, Key
from bordertally.streams.totals.days import day_figures, people, written_days
from unit.kit import claim, daily, ordinal, told


def test_halves_are_rounded_up_at_the_edge() -> None:
    assert [people(value) for value in (0.49, 0.5, 1.5, 2.5)] == [0, 1, 2, 3]


def test_each_day_that_is_covered_has_its_figure_oldest_first() -> None:
    one = told(daily([100, None, 300], qualifier="count"), claim(400, "2022-09-04", id="more", qualifier="more_than"))
    assert [(day.day, day.low, day.best, day.high) for day in day_figures(one.node())] == [
        ("2022-09-01", 100, 100, 100),
        ("2022-09-03", 300, 300, 300),
        ("2022-09-04", 400, 400, 440),  # a round figure of three digits: at most 10 % more
    ]
    assert day_figures(one.node(), Key("men", "people")) == []


def test_the_last_days_are_counted_back_from_the_latest_also_over_gaps() -> None:
    node = told(daily([100, None, 300])).node()
    assert [day.day for day in day_figures(node, PEOPLE, 2)] == ["2022-09-03"]
    assert [day.day for day in day_figures(node, PEOPLE, 3)] == ["2022-09-01", "2022-09-03"]


def test_besides_the_last_days_those_named_are_shown_a_withdrawn_one_as_unknown() -> None:
    one = told(daily([100, 200, 300, 400]), claim(None, "2022-09-01", id="day-0", published="2022-10-21T00:00:00Z"))
    besides = [ordinal(day) for day in ("2022-08-31", "2022-09-01", "2022-09-02")]
    assert [(day.day, day.low, day.best, day.high) for day in day_figures(one.node(), PEOPLE, 2, besides)] == [
        ("2022-09-01", 0, 0, None),
        ("2022-09-02", 190, 200, 210),
        ("2022-09-03", 285, 300, 315),
        ("2022-09-04", 380, 400, 420),
    ]


def test_an_unverified_claim_widens_the_high_of_each_of_its_days_by_its_share() -> None:
    """600 on two days are 300 a day: above 250, below 350."""
    one = told(
        daily([250, 350], flow="RU", qualifier="count"),
        claim(600, "2022-09-01/2022-09-03", flow="RU", source="d", id="d", qualifier="count"),
    )
    assert [day.high for day in day_figures(one.node("RU"))] == [300, 350]


@pytest.mark.parametrize("besides", [(), ("2022-09-30",), ("2022-08-25",), ("2022-08-25", "2022-09-30")])
def test_written_days_are_the_same_in_json(besides: tuple[str, ...]) -> None:
    node = told(daily([100, None, 300] * 10)).node()
    spoken = [ordinal(day) for day in besides]
    wanted = msgspec.json.encode(day_figures(node, PEOPLE, 30, spoken))
    for _ in range(2):  # worked out, then as it was kept
        assert msgspec.json.encode(written_days(node, 30, spoken)) == wanted


def test_written_days_follow_a_correction_of_an_older_day() -> None:
    one = told(daily([100, 200, 300]))
    before = msgspec.json.encode(written_days(one.node(), 30, ()))
    one.take(claim(150, "2022-09-01", id="later", published="2022-10-21T00:00:00Z"))
    after = msgspec.json.decode(msgspec.json.encode(written_days(one.node(), 30, ())))
    assert before != msgspec.json.encode(after)
    assert [day["best"] for day in after] == [150, 200, 300]
