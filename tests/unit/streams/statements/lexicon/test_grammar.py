"""Which language a text is in, and what it is read with."""

from __future__ import annotations

import pytest

from bordertally.streams.statements.lexicon.grammar import Tongue
from unit.streams.statements.kit import ENGLISH, RUSSIAN


@pytest.mark.parametrize(
    ("text", "tongue"),
    [("people crossed into the country", ENGLISH), ("через границу прошло 5 тысяч человек", RUSSIAN)],
)
def test_a_text_fits_its_language(text: str, tongue: Tongue) -> None:
    other = RUSSIAN if tongue is ENGLISH else ENGLISH
    assert tongue.fit(text) > 1
    assert other.fit(text) == 0


def test_a_text_without_letters_fits_none() -> None:
    assert ENGLISH.fit("1,200") == 0
    assert ENGLISH.fit("") == 0


def test_the_day_of_a_happening_that_is_counted_from() -> None:
    assert ENGLISH.begun("since the invasion") == "2022-02-24"
    assert ENGLISH.begun("since Monday") is None


def test_what_goes_on_at_the_moment() -> None:
    assert ENGLISH.present.search("people are now arriving")
    assert not ENGLISH.present.search("people arrived")
