from __future__ import annotations

from bordertally.streams.ledger.counts import Counts
from bordertally.streams.ledger.rows import PEOPLE, encode_row
from bordertally.streams.ledger.versions import Outcome
from bordertally.streams.reports.claims import reading_of
from bordertally.streams.reports.readings import Columns
from unit.kit import claim, ordinal

DAY = ordinal("2022-09-26")


def hours(first: int, people: float | None, length: int = 1, day: str = "2022-09-26", **more: str) -> Columns:
    """A count of some hours."""
    made = claim(people, f"{day}T{first:02}:00Z/PT{length}H", source="c", qualifier="count", **more)
    return Columns.of([reading_of(made)])


def people_on(counts: Counts, day: int) -> float:
    return sum(one.best for one in counts.folded(day))


def test_counts_of_a_day_add_up() -> None:
    counts = Counts()
    for hour, people in ((8, 10), (9, 20), (10, 30)):
        counts.add("c", hours(hour, people, id=f"h{hour}"))
    assert people_on(counts, DAY) == 60
    assert (counts.last, counts.days, counts.number(DAY)) == (DAY, [DAY], 3)


def test_the_same_again_changes_nothing_and_a_later_version_replaces_the_earlier() -> None:
    counts = Counts()
    counts.add("c", hours(8, 10, published="2022-10-01T00:00:00Z"))
    again = counts.add("c", hours(8, 10, published="2022-10-01T00:00:00Z"))
    assert (again.outcomes, again.touched, again.days) == ({Outcome.DUPLICATE: 1}, set(), {DAY})
    later = counts.add("c", hours(8, 15, published="2022-10-02T00:00:00Z"))
    assert (later.outcomes, later.touched) == ({Outcome.CORRECTION: 1}, {DAY})
    stale = counts.add("c", hours(8, 99, published="2022-09-30T00:00:00Z"))
    assert stale.outcomes == {Outcome.STALE: 1}
    assert people_on(counts, DAY) == 15


def test_a_reading_over_midnight_belongs_to_both_days_by_its_hours() -> None:
    #  26 September 22 h .. 27 September 4 h: a third of 60 people on the first day
    counts = Counts()
    added = counts.add("c", hours(22, 60, length=6))
    assert added.touched == {DAY, DAY + 1}
    assert [people_on(counts, day) for day in (DAY, DAY + 1)] == [20, 40]
    assert counts.last == DAY + 1


def test_when_the_last_reading_is_withdrawn_the_day_before_is_the_last() -> None:
    counts = Counts()
    counts.add("c", hours(8, 10, published="2022-10-01T00:00:00Z"))
    counts.add("c", hours(8, 10, day="2022-09-27", published="2022-10-01T00:00:00Z"))
    counts.add("c", hours(8, None, day="2022-09-27", published="2022-10-02T00:00:00Z"))
    assert counts.last == DAY
    assert counts.withdrew(DAY + 1)
    assert not counts.withdrew(DAY)
    assert people_on(counts, DAY + 1) == 0


def test_a_packed_day_comes_to_the_same_and_is_opened_when_a_reading_moves() -> None:
    counts = Counts()
    counts.add("c", hours(8, 10, id="h8"))
    before = (counts.folded(DAY), counts.cites(DAY))
    counts.pack(DAY, encode_row([(PEOPLE, source, columns) for source, columns in counts.begun(DAY).items()]))
    assert (counts.folded(DAY), counts.cites(DAY)) == before
    counts.add("c", hours(9, 5, id="h9"))
    assert people_on(counts, DAY) == 15


def test_the_newest_counts_are_cited_first() -> None:
    counts = Counts()
    for hour in range(8, 12):
        counts.add("c", hours(hour, 1, id=f"h{hour}", published=f"2022-10-01T{hour:02}:00:00Z"))
    cites = counts.cites(DAY)
    assert (cites.statements, cites.counts, cites.count_total) == ((), ("c/h11", "c/h10", "c/h9", "c/h8"), 4)


def test_two_sources_that_use_one_id_are_two_reports() -> None:
    counts = Counts()
    for source in "bc":
        counts.add(source, hours(8, 2, id="daily"))
    assert counts.number(DAY) == 2
    assert counts.cites(DAY) == ((), ("c/daily", "b/daily"), 2)
    assert [counts.reports_of(fold) for fold in counts.folded(DAY)] == [("b/daily",), ("c/daily",)]
