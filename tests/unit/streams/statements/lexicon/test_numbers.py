"""Numbers in words and digits."""

from __future__ import annotations

import pytest

from bordertally.streams.qualifiers import Qualifier
from bordertally.streams.statements.lexicon.grammar import Tongue
from bordertally.streams.statements.lexicon.numbers import Numbers, Quantity
from unit.streams.statements.kit import ENGLISH, RUSSIAN, scan


@pytest.mark.parametrize(
    ("tongue", "text", "value"),
    [
        (ENGLISH, "98,000", 98_000),
        (ENGLISH, "98 000", 98_000),
        (ENGLISH, "1.3 million", 1_300_000),
        (ENGLISH, "20 thousand 300", 20_300),
        (ENGLISH, "twenty-five thousand", 25_000),
        (ENGLISH, "half a million", 500_000),
        (ENGLISH, "and", None),
        (ENGLISH, "88.000", 88_000),
        (ENGLISH, "1.204 million", 1_204_000),
        (ENGLISH, "2 million 415 thousand", 2_415_000),
        (RUSSIAN, "2 млн 415 тыс.", 2_415_000),
        (RUSSIAN, "3 102,4 тыс", 3_102_400),
        (RUSSIAN, "205.000", 205_000),
        (RUSSIAN, "16,4 тыс.", 16_400),
        (RUSSIAN, "двести тысяч", 200_000),
        (RUSSIAN, "полмиллиона", 500_000),
    ],
)
def test_a_figure_as_a_number(tongue: Tongue, text: str, value: float | None) -> None:
    assert Numbers(tongue.language).value(text) == value


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
