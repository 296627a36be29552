from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations, permutations
from typing import Any

import pytest

from bordertally.streams.flows import Flow
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.ledger.versions import UNMOVED, Outcome, outcome_of
from bordertally.streams.moments import microseconds
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.validation import read_report
from unit.kit import REGISTRY, claim, ordinal, report

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


# --- versions that were dated ahead of their arrival ---------------------------------------------------------------

NOON = datetime(2022, 10, 1, 12, tzinfo=UTC)
HOUR = "2022-09-26T10:00Z/PT1H"


def sent(people: int | None, published: float, arrived: float, period: str = "2022-09-21", **more: Any) -> Claim:
    """A claim that is published and arrives so many hours after noon of 1 October."""
    at = NOON + timedelta(hours=published)
    raw = report(people, period, published=at.isoformat(), **{"id": f"r{published:g}", "qualifier": "count", **more})
    now = (NOON + timedelta(hours=arrived)).timestamp()
    (claim,) = read_report(raw, REGISTRY, now)
    return claim


def pairs(versions: list[tuple[int, float, float]]) -> list[tuple[int, int]]:
    """The places of a version and of the same version sent again."""
    places = enumerate(versions)
    return [(one, two) for (one, a), (two, b) in combinations(places, 2) if a[:2] == b[:2]]


def best(ledger: Ledger, period: str) -> float:
    series = ledger.nodes[Flow("RU:KZ")].series[PEOPLE]
    return series.bins[ordinal("2022-09-26" if period == HOUR else period)].best


@pytest.mark.parametrize("period", ["2022-09-21", HOUR])
@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        # wrong says 20 hours ahead; right is published an hour after wrong arrived
        ([(9_000, 20, 0), (900, 1, 1)], 900),
        # wrong is sent again: its first arrival counts, whether it is still ahead or no longer
        ([(9_000, 20, 0), (900, 1, 1), (9_000, 20, 10)], 900),
        ([(9_000, 20, 0), (900, 1, 1), (9_000, 20, 30)], 900),
        # another version of the same time is another version
        ([(9_000, 20, 0), (900, 1, 1), (8_000, 20, 30)], 8_000),
        # two that are ahead: the one that arrived first is the earlier
        ([(9_000, 20, 0), (900, 10, 1)], 900),
        # a minute is no wrong clock
        ([(9_000, 1 / 120, 0), (900, 1 / 240, 0)], 9_000),
    ],
)
def test_a_version_counts_from_its_first_arrival_at_the_latest(
    versions: list[tuple[int, float, float]], expected: int, period: str
) -> None:
    claims = [sent(*version, period=period) for version in versions]
    live, rows = Ledger(), dict[bytes, bytes]()
    for version in [same for each in claims for same in (each, each)]:  # all are delivered twice
        for row in live.apply([version]).rows:
            rows[row.key] = live.row(row)
    assert best(live, period) == expected
    for order in permutations(range(len(versions))):  # any order in which no version comes before its first arrival
        if all(order.index(one) < order.index(two) for one, two in pairs(versions)):
            ledger = Ledger()
            for place in order:
                ledger.apply([claims[place]])
            assert best(ledger, period) == expected
    restored = Ledger.restored(rows.items())
    for again in claims:
        restored.apply([again])
    assert best(restored, period) == expected


def test_the_arrival_of_a_version_dated_ahead_is_shown_beside_what_it_states() -> None:
    claim = sent(5, 20, 0)
    assert (claim.published, claim.dated) == (microseconds(NOON), microseconds(NOON + timedelta(hours=20)))
    assert sent(5, 0, 1).dated is None


# --- what is told of versions --------------------------------------------------------------------------------------


def noticed(*claims: Claim) -> list[tuple[str, str]]:
    ledger = Ledger()
    notices = [notice for claim in claims for notice in ledger.apply([claim]).notices]
    return [(notice.kind.value, notice.why) for _, notice in notices]


def test_a_version_that_is_passed_over_for_another_of_the_same_time_is_told() -> None:
    first, second = sent(900, 1, 2, id="daily-9"), sent(850, 1, 2, id="daily-10")
    why = "RU:KZ, 2022-09-21: report daily-9 is passed over for daily-10, which has the same time"
    assert noticed(first, second) == noticed(second, first) == [("equal_published", why)]
    assert noticed(first, sent(900, 1, 2, id="daily-10")) == []  # the same figure
    assert noticed(first, sent(850, 3, 4)) == []  # a correction
    readings = [sent(people, 1, 2, HOUR, id=f"h-{people}") for people in (5, 6)]
    assert [kind for kind, _ in noticed(*readings)] == ["equal_published"]


def test_a_withdrawal_that_matches_no_claim_says_so() -> None:
    told = noticed(sent(None, 1, 2))
    assert [kind for kind, _ in told] == ["unmatched_withdrawal"]
    assert "withdraws no claim" in told[0][1]
    assert noticed(sent(5, 1, 2), sent(None, 3, 4)) == []
    assert [kind for kind, _ in noticed(sent(None, 1, 2, HOUR))] == ["unmatched_withdrawal"]
