"""A table of a language, compiled."""

from __future__ import annotations

import pytest

from bordertally.agents.runtime.languages import languages
from bordertally.streams.errors import ConfigError
from bordertally.streams.statements.lexicon.language import alternatives, captured, index, parse_language
from unit.streams.statements.kit import ENGLISH, RUSSIAN


def test_there_is_a_table_for_every_language_that_docs_name() -> None:
    assert languages() == ["en", "ru"]


def test_placeholders_are_captured_in_order() -> None:
    pattern = ENGLISH.language.compile("from {date} to {date}")
    match = pattern.search("from 21 September to 27 September 2022")
    assert match is not None
    assert captured(match) == [("date", "21 September"), ("date", "27 September 2022")]


def test_a_pattern_matches_whole_words_whatever_the_case() -> None:
    pattern = ENGLISH.language.compile("cross(?:ed|ing)")
    assert pattern.search("they CROSSED it")
    assert not pattern.search("uncrossed")


def test_numbers_days_and_entries_by_word() -> None:
    language = RUSSIAN.language
    assert language.number("двух") == 2
    assert language.number("12") == 12
    assert language.weekday("среду") == 2
    assert language.which(language.table.units, "неделю") == "week"
    assert language.which(language.table.units, "верблюд") is None
    with pytest.raises(ValueError, match="nosuchday"):
        index(language.table.weekdays, "nosuchday")


def test_no_phrases_match_nothing() -> None:
    assert ENGLISH.language.any_of([]).search("anything") is None
    assert alternatives(["a", "b"]) == "a|b"


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(ConfigError, match="no placeholder"):
        ENGLISH.language.compile("{nosuchthing}")
    with pytest.raises(ConfigError, match=r"en\.toml"):
        ENGLISH.language.compile("(")
    with pytest.raises(ConfigError, match=r"xx\.toml"):
        parse_language("code = 1", "xx.toml")
