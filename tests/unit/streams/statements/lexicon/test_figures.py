"""The grammar of figures, by numbers that a person reads at once."""

from __future__ import annotations

import pytest

from bordertally.streams.qualifiers import Qualifier
from bordertally.streams.statements.lexicon.figures import FigureGrammar
from bordertally.streams.statements.lexicon.grammar import Tongue
from bordertally.streams.statements.lexicon.numbers import Quantity
from bordertally.streams.statements.records import Doubt
from unit.streams.statements.kit import ENGLISH, RUSSIAN, read, scan


@pytest.mark.parametrize(
    ("tongue", "text", "value"),
    [
        (ENGLISH, "two and a half thousand", 2_500),
        (ENGLISH, "a million and a half", 1_500_000),
        (ENGLISH, "two hundred and fifty", 250),
        (ENGLISH, "one hundred and five thousand", 105_000),
        (ENGLISH, "two thousand three hundred and forty-one", 2_341),
        (ENGLISH, "5 million 300 thousand 200", 5_300_200),
        (ENGLISH, "1½ thousand", 1_500),
        (ENGLISH, "half a dozen", 6),
        (ENGLISH, "three quarters of a million", 750_000),
        (ENGLISH, "1,20,000", 120_000),
        (ENGLISH, "1.25 lakh", 125_000),
        (RUSSIAN, "тысячу триста сорок один", 1_341),
        (RUSSIAN, "миллион двести тысяч", 1_200_000),
        (RUSSIAN, "две с половиной тысячи", 2_500),
        (RUSSIAN, "пол-миллиона", 500_000),
        (RUSSIAN, "полутора тысяч", 1_500),
        (RUSSIAN, "12-ти тысяч", 12_000),
        (RUSSIAN, "тысяч двадцать", 20_000),
        (RUSSIAN, "двух десятков", 20),
        (ENGLISH, "one", None),
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
def test_a_figure_is_the_number_that_a_person_reads(tongue: Tongue, text: str, value: float | None) -> None:
    assert FigureGrammar(tongue.language.table.numbers).value(text) == value


@pytest.mark.parametrize(
    ("tongue", "text", "quantity"),
    [
        (RUSSIAN, "тысяч двадцать человек", Quantity(20_000, None, Qualifier.ABOUT)),
        (RUSSIAN, "пять с лишним тысяч человек", Quantity(5_000, None, Qualifier.MORE_THAN)),
        (ENGLISH, "≈300 people", Quantity(300, None, Qualifier.ABOUT)),
        (ENGLISH, "rows with >300 people", Quantity(300, None, Qualifier.MORE_THAN)),
        (ENGLISH, "a couple of hundred people", Quantity(200, None, Qualifier.AT_LEAST)),
        (ENGLISH, "a thousand or two people", Quantity(1_000, None, Qualifier.AT_LEAST)),
    ],
)
def test_the_form_and_signs_of_a_figure_give_its_qualifier(tongue: Tongue, text: str, quantity: Quantity) -> None:
    assert [mark.value for mark in scan(text, tongue).of("number")] == [quantity]


@pytest.mark.parametrize(
    "figure",
    [
        "300/400",
        "1-300",
        "1.200,5",
        "20 0000",
        "twice as many as 300",
        "three times 300",
        "half of the 300",
        "300-fold",
        "200 of the 5,000",
    ],
)
def test_a_figure_that_is_not_understood_whole_is_no_certain_claim(figure: str) -> None:
    claims = read(f"On Monday, {figure} people crossed from Brazil into Uruguay.", "UY").found
    assert [claim.doubts for claim in claims] == [(Doubt.ODD_FIGURE,)]


@pytest.mark.parametrize("figure", ["12,00", "1,20,00", "3,4,5", "1,234,56", "No. 300", "#300", "№ 300"])
def test_what_is_no_figure_makes_no_claim(figure: str) -> None:
    assert read(f"On Monday, {figure} people crossed from Brazil into Uruguay.", "UY").found == []


def test_two_figures_below_two_headings_are_read() -> None:
    claims = read("Сарпи, 25 сентября (въезд/выезд): 9 120/8 730 человек.", "GE").found
    assert [claim.claim.people for claim in claims] == [9_120, 8_730]
