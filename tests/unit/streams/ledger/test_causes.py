from __future__ import annotations

import pytest

from bordertally.streams.ledger.causes import FOREVER, Cause, capped, decode_causes, encode_causes
from bordertally.streams.ledger.citations import CITED
from bordertally.streams.ledger.versions import Outcome
from unit.kit import claim, ordinal, told


@pytest.mark.parametrize(
    ("outcome", "moved", "again"),
    [
        (Outcome.NEW, False, False),
        (Outcome.CORRECTION, True, False),
        (Outcome.WITHDRAWAL, True, False),
        (Outcome.DUPLICATE, False, True),
    ],
)
def test_a_cause_says_whether_its_report_moved_anything(outcome: Outcome, *, moved: bool, again: bool) -> None:
    assert Cause.of("r1", 5, 7, outcome) == Cause("r1", 5, 7, moved, again)


def test_causes_survive_the_header() -> None:
    causes = [Cause("r1", 5, 7), Cause("r2", 5, FOREVER, moved=True)]
    assert decode_causes(encode_causes(causes)) == causes


def test_each_cause_is_kept_once_and_those_that_moved_something_come_first() -> None:
    new = [Cause(f"new-{number}", 1, 1) for number in range(CITED)]
    moved = Cause("moved", 1, 1, moved=True)
    kept = capped([*new, *new, moved])
    assert kept == [moved, *new[:-1]]
    assert len(kept) == CITED


def test_a_report_bears_on_its_days_and_one_with_a_level_on_all_that_follow() -> None:
    one = told()
    first, last = ordinal("2022-09-21"), ordinal("2022-09-22")
    applied = one.desk.ledger.apply([claim(10, "2022-09-21/2022-09-23", id="days")])
    assert applied.causes[one.node().flow] == [Cause("b/days", first, last)]
    applied = one.desk.ledger.apply([claim(10, "2022-09-22", id="level", normal={"daily": 5})])
    (cause,) = applied.causes[one.node().flow]
    assert (cause.report, cause.last) == ("b/level", FOREVER)
    assert cause.first == first  # the day before shares a claim with it
