"""What a sentence takes from those before it."""

from __future__ import annotations

import pytest

from bordertally.streams.statements.discourse import Thread, further, only_time
from bordertally.streams.statements.records import Doubt, Span
from unit.streams.statements.kit import ENGLISH, only, scan


def test_the_only_exact_time_of_a_sentence() -> None:
    period = only_time(scan("On Monday many came, and on Monday they left."))
    assert period is not None
    assert period.text == "2022-09-26"
    assert only_time(scan("On Monday many came, on Sunday few.")) is None
    assert only_time(scan("Many came.")) is None


def test_what_comes_on_top() -> None:
    sheet = scan("Another 6,400 people came across.")
    (segment,) = ENGLISH.cutter.segments(sheet, _whole(sheet.text))
    assert further(sheet, segment)
    sheet = scan("Some 6,400 people came across.")
    (segment,) = ENGLISH.cutter.segments(sheet, _whole(sheet.text))
    assert not further(sheet, segment)


def test_a_sentence_without_figures_leaves_the_claims_before_it_as_they_are() -> None:
    thread = Thread(ENGLISH.cutter)
    thread.add(scan("The weather was fine."), [], "KZ")
    assert (thread.drafts, thread.latest, thread.topic, thread.stage) == ([], [], None, None)


def test_a_sentence_may_be_about_a_checkpoint_or_a_country_for_the_next_one() -> None:
    thread = Thread(ENGLISH.cutter)
    thread.add(scan("Verkhny Lars was crowded."), [], "KZ")
    assert thread.topic is not None
    assert thread.topic.value.slug == "verkhny-lars"
    thread.add(scan("Poland reports calm."), [], "KZ")
    assert thread.stage == "PL"
    assert [mark.value for mark in [thread.topic] if mark] == []


@pytest.mark.parametrize("later", ["None of it could be verified.", "The ministry denied these reports."])
def test_a_later_sentence_takes_back(later: str) -> None:
    claim = only(f"On Monday 1,200 people entered Kazakhstan from Russia. {later}")
    assert Doubt.UNCONFIRMED in claim.doubts


def _whole(text: str) -> Span:
    return Span(0, len(text))


def test_a_sentence_with_a_figure_does_not_only_describe_a_day() -> None:
    thread = Thread(ENGLISH.cutter)
    thread.add(scan("Monday, 19 September, was the busiest day."), [], "KZ")
    assert thread.only_dates
    thread.add(scan("Monday, 19 September, was the busiest day with 4,200 people."), [], "KZ")
    assert not thread.only_dates
