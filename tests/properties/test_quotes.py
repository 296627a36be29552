"""What alerts quote, whatever was reported in whatever order."""

from __future__ import annotations

from hypothesis import given

from bordertally.streams.detection.quotes import MOST_QUOTES
from bordertally.streams.reports.claims import Claim
from properties.worlds import EVERY_RULE, desk_of, worlds


@given(worlds())
def test_every_quote_is_of_a_cited_report_and_in_its_own_words(world: list[list[Claim]]) -> None:
    said = {(one.report, one.source, one.text) for batch in world for one in batch}
    desk = desk_of(world, EVERY_RULE)
    for state in desk.states.values():
        for episode in state.episodes:
            assert len(episode.quotes) <= MOST_QUOTES
            for one in episode.quotes:
                assert f"{one.source}/{one.report}" in episode.reports
                assert (one.report, one.source, one.text) in said
