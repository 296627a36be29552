from __future__ import annotations

from itertools import permutations

import pytest

from bordertally.streams.ledger.versions import UNMOVED, Outcome, outcome_of
from bordertally.streams.reports.claims import Claim
from unit.kit import claim

EARLY, LATE = "2022-10-01T00:00:00Z", "2022-10-02T00:00:00Z"


@pytest.mark.parametrize(
    ("new", "before", "outcome"),
    [
        (claim(100), None, Outcome.NEW),
        (claim(None), None, Outcome.WITHDRAWAL),
        (claim(100), claim(100), Outcome.DUPLICATE),
        (claim(200, published=LATE), claim(100, published=EARLY), Outcome.CORRECTION),
        (claim(100, published=EARLY), claim(200, published=LATE), Outcome.STALE),
        (claim(None, published=LATE), claim(100, published=EARLY), Outcome.WITHDRAWAL),
        (claim(None, published=LATE), claim(None, published=EARLY), Outcome.CORRECTION),
        (claim(100, published=LATE), claim(None, published=EARLY), Outcome.CORRECTION),
        (claim(100, id="r2"), claim(100, id="r1"), Outcome.CORRECTION),  # one moment: the later id is in force
        (claim(100, id="r1"), claim(100, id="r2"), Outcome.STALE),
        (claim(850, id="daily-10"), claim(900, id="daily-9"), Outcome.CORRECTION),  # ids in their natural order
        (claim(900, id="daily-9"), claim(850, id="daily-10"), Outcome.STALE),
        (claim(None, id="a"), claim(100, id="b"), Outcome.WITHDRAWAL),  # one moment: a withdrawal is in force
        (claim(100, id="b"), claim(None, id="a"), Outcome.STALE),
    ],
)
def test_what_a_version_does_to_the_one_in_force(new: Claim, before: Claim | None, outcome: Outcome) -> None:
    assert outcome_of(new, before) is outcome


def test_only_what_was_there_or_is_older_leaves_the_ledger_as_it_was() -> None:
    assert {outcome for outcome in Outcome if outcome in UNMOVED} == {Outcome.DUPLICATE, Outcome.STALE}


def test_the_version_in_force_does_not_depend_on_the_order_of_arrival() -> None:
    versions = [claim(1, published=EARLY), claim(2, published=LATE), claim(None, published=LATE, id="r0"), claim(3)]
    last = set()
    for order in permutations(versions):
        held: Claim | None = None
        for version in order:
            if outcome_of(version, held) not in UNMOVED:
                held = version
        assert held is not None
        last.add((held.best, held.published, held.report))
    assert len(last) == 1
