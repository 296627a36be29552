"""Claims of one origin are one witness: what others quote or relay moves no figure and contradicts nothing."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from bordertally.streams.reports.claims import Claim
from unit.kit import claim, told

SAID = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(1, 6),
        st.integers(1, 5),
        st.integers(1, 40).map(lambda hundreds: hundreds * 100),
        st.sampled_from(["stated", "count", "about", "at_most", "at_least"]),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda one: one[:3],
)


def said(source: str, first: int, length: int, people: int, qualifier: str, **more: Any) -> Claim:
    name = f"{source}-{first}-{length}-{more.get('by', '')}"
    more.pop("by", None)
    period = f"2022-09-{first:02d}/P{length}D"
    return claim(people, period, source=source, id=name, qualifier=qualifier, **more)


@given(SAID, st.integers(1, 40), st.data())
@settings(deadline=None)
def test_claims_of_one_origin_never_contradict_each_other(
    world: list[tuple[str, int, int, int, str]], hundreds: int, data: st.DataObject
) -> None:
    """Other sources quote one office, with other figures: no conflict that is shown is between two of these."""
    source, first, length, _, qualifier = data.draw(st.sampled_from(world))
    claims = [said(*one, attributed_to=f"{one[0]}-office") for one in world]
    quotes = [
        _by(said(source, first, length, people * 100, qualifier, attributed_to=f"{source}-office"), f"paper-{people}")
        for people in {hundreds, hundreds + 1, 2 * hundreds}
    ]
    origins = {one.citation: one.origin for one in [*claims, *quotes]}
    sources = {one.citation: one.source for one in [*claims, *quotes]}
    for conflict in told([*claims, *quotes]).conflicts():
        for rival in conflict.with_:
            one, other = conflict.report or "", rival.report or ""
            assert origins[other] != origins[one] or sources[other] == sources[one]


def _by(echo: Claim, source: str) -> Claim:
    """The same claim by another source that quotes the same office."""
    return msgspec.structs.replace(echo, source=source)


def test_five_papers_that_quote_one_ministry_do_not_contradict_each_other() -> None:
    figures = (10_000, 11_000, 12_000, 9_000, 10_500)
    quoted = [
        _by(said("b", 1, 7, people, "stated", attributed_to="mia"), f"paper-{number}")
        for number, people in enumerate(figures)
    ]
    assert told(quoted).conflicts() == []
    others = [said("c", 1, 7, 20_000, "stated")]
    assert told([*quoted, *others]).conflicts() != []


def test_papers_of_one_origin_have_one_say_in_the_shape_of_the_days() -> None:
    """Three days. The ministry says 200 on 1-2, another source 300 on 2-3, both exact.

    Day 2 starts at the mean of 100 and 150 a day, however many papers quote the ministry.
    """
    first = said("b", 1, 2, 200, "count", attributed_to="mia")
    second = said("b", 2, 2, 300, "count", attributed_to="press")
    papers = [_by(first, f"paper-{number}") for number in range(4)]
    assert told([first, second, *papers]).best() == told([first, second]).best()
    strangers = [_by(said("b", 1, 2, 200, "count", attributed_to=f"office-{number}"), "x") for number in range(4)]
    assert told([first, second, *strangers]).best() != told([first, second]).best()


def test_what_a_source_says_itself_and_what_it_quotes_in_one_report_are_two_claims_in_any_order() -> None:
    """Nothing but their origin, or their figure where one relays the other, tells the two apart."""
    own, quoted = said("b", 1, 2, 200, "count"), said("b", 1, 2, 300, "count", attributed_to="office")
    other = said("b", 1, 2, 400, "count", attributed_to="press")
    for claims in ([own, quoted], [own, quoted, other], [quoted, _relayed(quoted, other)]):
        figures = {
            (tuple(told(order).best()), len(told(order).conflicts())) for order in map(list, permutations(claims))
        }
        assert len(figures) == 1


def _relayed(quoted: Claim, other: Claim) -> Claim:
    """A claim of another source that is quoted beside it, and which passes on the same origin."""
    return msgspec.structs.replace(other, origin=quoted.origin, report=quoted.report)
