"""The words that an alert shows: of the statements it cites, the newest, a few, at most so long."""

from __future__ import annotations

from typing import Any

from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.detection.quotes import MOST_QUOTES, QUOTED, with_quotes
from bordertally.streams.totals.records import Episode, Quote
from unit.kit import Told, claim, told

NORMAL: dict[str, Any] = {"normal": {"daily": 50}}


def episode_of(one: Told, flow: str = "RU:KZ") -> Episode:
    (found,) = one.state(flow).episodes
    return found


def last(one: Told) -> Alert:
    return one.desk.log[-1]


def test_an_alert_has_the_words_of_what_it_cites() -> None:
    said = told(
        claim(100, id="one", text="A hundred came.", **NORMAL),
        claim(90, id="two", source="a", text="Ninety.", published="2022-10-21T00:00:00Z"),
    )
    wanted = [Quote("two", "a", "Ninety."), Quote("one", "b", "A hundred came.")]
    assert episode_of(said).quotes == wanted
    assert last(said).quotes == wanted


def test_what_came_without_words_or_was_taken_back_is_not_quoted() -> None:
    figures = claim(100, id="one", **NORMAL)
    assert episode_of(told(figures)).quotes == []
    words = claim(95, id="two", source="a", text="Ninety-five.")
    back = claim(None, id="three", source="a", published="2022-10-25T00:00:00Z")
    assert [one.report for one in episode_of(told(figures, words)).quotes] == ["two"]
    assert episode_of(told(figures, words, back)).quotes == []


def test_a_correction_brings_its_own_words() -> None:
    first = claim(100, id="one", text="A hundred.", **NORMAL)
    corrected = claim(110, id="one-b", text="A hundred and ten.", published="2022-10-21T00:00:00Z", **NORMAL)
    for order in ((first, corrected), (corrected, first)):
        assert episode_of(told(*order)).quotes == [Quote("one-b", "b", "A hundred and ten.")]


def test_the_flows_above_quote_those_below() -> None:
    said = told(
        claim(100, flow="RU:KZ:aksai", id="below", text="At Aksai."),
        claim(40, flow="RU:KZ", source="a", id="level", qualifier="at_least", **NORMAL),
    )
    assert Quote("below", "b", "At Aksai.") in episode_of(said).quotes


def test_no_more_than_a_few_and_none_too_long() -> None:
    many = [
        claim(100 + n, id=f"r{n}", source=source, text=f"{n}" + "x" * QUOTED, **NORMAL)
        for n, source in enumerate(("a", "b"))
    ]
    parts = [
        claim(10, flow=f"RU:KZ:x{n}", id=f"x{n}", text="so", published=f"2022-10-2{n}T00:00:00Z") for n in range(1, 5)
    ]
    quotes = episode_of(told(*many, *parts)).quotes
    assert [one.report for one in quotes] == ["x4", "x3", "x2"]
    assert len(quotes) == MOST_QUOTES
    longest = episode_of(told(many[0])).quotes[0].text
    assert (len(longest), longest[-1]) == (QUOTED, "…")


def test_only_the_newest_alert_of_a_rule_is_carried_with_its_words() -> None:
    days = {"2022-09-21": 100, "2022-09-22": 10, "2022-09-23": 120}
    said = told(*[claim(people, day, id=day, text=f"{people} came.", **NORMAL) for day, people in days.items()])
    first, second = said.state("RU:KZ").episodes
    assert (first.quotes, [one.text for one in second.quotes]) == ([], ["120 came."])


def test_words_about_long_ago_are_not_read() -> None:
    long = claim(50, "2022-06-01/2022-09-22", id="long", source="a", qualifier="at_least", text="Since June.")
    said = told(long, claim(100, id="new", text="A hundred.", **NORMAL))
    assert "a/long" in episode_of(said).reports
    assert [one.report for one in episode_of(said).quotes] == ["new"]


def test_a_withdrawn_alert_quotes_nothing() -> None:
    gone = told(
        claim(100, id="one", text="A hundred.", **NORMAL),
        claim(20, id="two", text="Twenty.", published="2022-10-21T00:00:00Z", **NORMAL),
    )
    assert (last(gone).state, last(gone).quotes) == (AlertState.WITHDRAWN, [])


def test_a_flow_without_words_is_passed_over() -> None:
    one = told(claim(100, **NORMAL))
    assert not one.node("RU").worded
    assert with_quotes(one.node("RU:KZ"), one.state("RU:KZ").episodes) == one.state("RU:KZ").episodes
    worded = told(claim(100, text="so", **NORMAL))
    assert worded.node("RU").worded
