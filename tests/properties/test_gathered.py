"""Evidence that is added a row at a time comes to what it comes to piece by piece, however often it is asked for."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from bordertally.streams.ledger.citations import CITED_COUNTS, Cites, Gathered
from steady import examples

SAID = st.sets(st.sampled_from(["r0-0", "s1", "s2"]), max_size=2)


@st.composite
def pieces(draw: st.DrawFn) -> list[Cites]:
    """The evidence of some days: some statements, counts of their own, and now and then one of an earlier day."""
    found: list[Cites] = []
    for place in range(draw(st.integers(2, 6))):
        counted = [f"r{place}-{one}" for one in range(draw(st.sampled_from([0, 4, 7, 12, CITED_COUNTS])))]
        earlier = [one for piece in found for one in piece.counts]
        if counted and earlier and draw(st.integers(0, 3)) == 0:
            counted[-1] = draw(st.sampled_from(earlier))
        beyond = draw(st.integers(0, 9)) if len(counted) == CITED_COUNTS else 0
        found.append(Cites(tuple(sorted(draw(SAID))), tuple(counted), len(counted) + beyond))
    return found


def gathered(found: Iterable[Cites], *, asked: bool = False) -> Gathered:
    evidence = Gathered()
    for one in found:
        if asked:
            evidence.reports()
        evidence.add(one)
    return evidence


@given(pieces(), st.data())
@settings(max_examples=examples(2000))
def test_a_row_comes_to_what_its_pieces_come_to(found: list[Cites], data: st.DataObject) -> None:
    whole = gathered(found)
    assert gathered(found, asked=True).reports() == whole.reports()
    cut = data.draw(st.integers(0, len(found)))
    before, row = gathered(found[:cut], asked=True), gathered(found[cut:]).row()
    if not before.full and row is not None and before.add_row(row):
        assert (before.full, before.reports(), before.cites()) == (whole.full, whole.reports(), whole.cites())


def test_pieces_that_share_a_count_are_no_row() -> None:
    assert gathered([Cites((), ("a", "b"), 2), Cites((), ("b",), 1)]).row() is None


def test_a_row_that_shares_a_count_with_what_is_there_is_not_added() -> None:
    row = gathered([Cites((), ("b",), 1), Cites((), ("c",), 1)]).row()
    evidence = gathered([Cites((), ("a", "b"), 2)])
    assert row is not None
    assert not evidence.add_row(row)
    assert evidence.reports() == (["a", "b"], 2)
