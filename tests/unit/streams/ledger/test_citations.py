from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.ledger.citations import CITED, CITED_COUNTS, NOTHING, Cites, Gathered

IDS = st.integers(0, 60).map(lambda number: f"c{number:02}")
DAYS = st.lists(
    st.builds(
        lambda statements, counts, more: Cites(tuple(sorted(statements)), tuple(counts), len(counts) + more),
        st.sets(st.sampled_from(("s1", "s2", "s3"))),
        st.lists(IDS, unique=True, max_size=CITED_COUNTS),
        st.just(0),
    ),
    max_size=6,
)


def gathered(days: list[Cites]) -> Gathered:
    found = Gathered()
    for day in days:
        found.add(day)
    return found


def test_statements_come_first_and_every_report_counts_once() -> None:
    found = gathered([Cites(("s2",), ("c1", "c2"), 2), Cites(("s1", "s2"), ("c2", "c3"), 2)])
    assert found.reports() == (["s1", "s2", "c1", "c2", "c3"], 5)


def test_of_many_counts_twenty_are_cited_and_all_are_counted() -> None:
    counts = tuple(f"c{number:03}" for number in range(CITED_COUNTS))
    found = gathered([Cites(("s",), counts, 700)])
    reports, count = found.reports()
    assert (len(reports), count) == (CITED_COUNTS + 1, 701)
    assert found.full


def test_beyond_what_is_cited_only_the_number_grows() -> None:
    counts = tuple(f"c{number:03}" for number in range(CITED_COUNTS))
    found = gathered([Cites((), counts, CITED_COUNTS), Cites((), (), 5)])
    found.beyond(3)
    assert found.reports() == (list(counts), CITED_COUNTS + 8)


def test_no_more_than_a_hundred_are_cited() -> None:
    found = gathered([Cites(tuple(f"s{number:03}" for number in range(CITED + 30)), (), 0)])
    reports, count = found.reports()
    assert (len(reports), count) == (CITED, CITED + 30)


def test_evidence_without_ids_of_its_counts_is_short() -> None:
    assert [cites.is_short for cites in (NOTHING, Cites(("s",)), Cites((), ("c",), 3), Cites((), (), 3))] == [
        *(False, False, False),
        True,
    ]


@given(DAYS, DAYS)
def test_days_gathered_in_two_parts_cite_what_all_of_them_cite(first: list[Cites], rest: list[Cites]) -> None:
    """A stretch of days is kept as one row, where no count is in two of its days."""
    row = gathered(first).row()
    whole = gathered([*first, *rest])
    if row is None:
        assert len({one for day in first for one in day.counts}) < sum(day.count_total for day in first)
        return
    parts = Gathered()
    assert parts.add_row(row)
    for day in rest:
        parts.add(day)
    assert parts.reports()[0][:CITED_COUNTS] == whole.reports()[0][:CITED_COUNTS]


def test_a_row_that_shares_a_count_is_added_piece_by_piece() -> None:
    found = gathered([Cites((), ("c1", "c2"), 2)])
    assert not found.add_row(Cites((), ("c2", "c3"), 2))
    assert found.add_row(Cites(("s1",), ("c3",), 1))
    assert found.reports() == (["s1", "c1", "c2", "c3"], 4)
