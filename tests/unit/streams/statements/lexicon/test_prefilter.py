"""Needles: no pattern is passed over that would have matched."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bordertally.streams.statements.lexicon.marks import Patterns
from bordertally.streams.statements.lexicon.prefilter import Sieve, fold, may_match, needles_of
from statements.corpus import READER, entries

PHRASES = [
    "(?:cross|pass)(?:ed|ing)",
    "(?-i:Rus(?:sia|land))",
    r"\d+ people",
    "a|bc",
    "x*",
    "(?:ab)+c",
    "straße",
    "(?<!n)o[pq]r",
]
TEXT = st.text(alphabet="abcopqrxsßSE RusialndhteP5", max_size=12)


@pytest.mark.parametrize(
    ("pattern", "needles"),
    [
        ("(?:cross|pass)(?:ed|ing)", ("cross", "pass")),
        (r"(?<!\w)(?:Border)(?!\w)", ("border",)),
        (r"so far (?:this|that) year", ("so far th",)),
        (r"\d+", ()),
        ("a|b*", ()),
        ("(?:Kasachstan){1,2}", ("kasachstan",)),
        ("(?:Kasachstan)?", ()),
    ],
)
def test_needles_are_words_that_every_match_holds(pattern: str, needles: tuple[str, ...]) -> None:
    assert needles_of(re.compile(pattern, re.IGNORECASE)) == needles


@given(st.sampled_from(PHRASES), st.data())
def test_no_match_is_passed_over(pattern: str, data: st.DataObject) -> None:
    regex = re.compile(pattern, re.IGNORECASE)
    text = data.draw(TEXT) + data.draw(st.from_regex(regex)) + data.draw(TEXT)
    assume(regex.search(text))
    assert may_match(needles_of(regex), fold(text))


@given(st.lists(st.sampled_from(PHRASES)), TEXT)
def test_a_sieve_picks_what_may_match_in_order(phrases: list[str], text: str) -> None:
    needles = [needles_of(re.compile(phrase, re.IGNORECASE)) for phrase in phrases]
    wanted = [place for place, each in enumerate(needles) if may_match(each, fold(text))]
    assert Sieve(needles).may_match(fold(text)) == wanted


def test_of_the_languages_own_patterns_none_is_passed_over() -> None:
    tongues = list(READER.tongues)
    lists = [value for tongue in tongues for value in vars(tongue.scanner).values() if isinstance(value, Patterns)]
    patterns = [pattern for each in lists for pattern in each.patterns]
    assert len(patterns) > 1_000
    assert sum(bool(pattern.needles) for pattern in patterns) > 0.8 * len(patterns)
    for entry in entries("fresh.txt"):
        folded = fold(entry.text)
        for regex in patterns:
            if regex.regex.search(entry.text):
                assert may_match(regex.needles, folded), (regex, entry.text)
