"""Numbers in words and digits."""

from __future__ import annotations

import pytest

from bordertally.streams.qualifiers import Qualifier
from bordertally.streams.statements.lexicon.numbers import Quantity
from unit.streams.statements.kit import scan


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("between 5,000 and 6,000 people", Quantity(5000, 6000)),
        ("9 to 12 thousand people", Quantity(9000, 12_000)),
        ("nearly 66,000 people", Quantity(66_000, None, Qualifier.NEARLY)),
        ("66,000 people or more", Quantity(66_000, None, None)),
        ("66,000 or more people", Quantity(66_000, None, Qualifier.AT_LEAST)),
        ("hundreds of people", Quantity(100, None, Qualifier.AT_LEAST)),
        ("dozens of people", Quantity(12, None, Qualifier.AT_LEAST)),
    ],
)
def test_how_a_figure_is_put(text: str, quantity: Quantity) -> None:
    (mark,) = scan(text).of("number")
    assert mark.value == quantity


def test_a_part_of_a_person_is_no_figure() -> None:
    sheet = scan("a 4.5-acre site, 1.5 of it fenced")
    assert not sheet.of("number")


@pytest.mark.parametrize("thing", ["45m wide", "150m away", "€1.9m so far", "12 miles", "at 340 km", "$180 million"])
def test_a_measure_and_money_are_no_figure(thing: str) -> None:
    assert not scan(f"the road is {thing} today").of("number")


def test_two_levels_are_no_range() -> None:
    assert [mark.value.low for mark in scan("It rose from 5,000 to 10,000.").of("number")] == [5000, 10_000]


def test_a_quantity_as_a_claim_writes_it() -> None:
    assert Quantity(5.0).people == 5
    assert Quantity(5.0, 6.5).people == [5, 6.5]
