from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations, permutations
from typing import Any

import msgspec
import pytest

from bordertally.streams.flows import Flow
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import PEOPLE, decode_versions
from bordertally.streams.ledger.versions import (
    UNMOVED,
    Outcome,
    ReplacedVersions,
    block_of,
    length_of,
    outcome_of,
)
from bordertally.streams.moments import microseconds
from bordertally.streams.qualifiers import Qualifier
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
    why = "RU:KZ, 2022-09-21: 900 of report daily-9 is passed over for 850 of report daily-10, which has the same time"
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


# --- replaced versions -----------------------------------------------------------------------------------------------


def _version(people: int | None, published: str, period: str = "2022-09-21", **more: str) -> Claim:
    return claim(people, period, published=published, **{"id": published, "qualifier": "count", **more})


def test_replaced_versions_are_kept_by_day_of_publication_the_last_of_each() -> None:
    replaced = ReplacedVersions()
    first, later = _version(100, "2022-09-22T08:00:00Z"), _version(110, "2022-09-22T09:00:00Z")
    now = _version(120, "2022-09-25T08:00:00Z")
    assert replaced.note(first, later)
    assert replaced.note(later, now)
    assert not replaced.note(first, later, now)
    assert replaced.history(now) == [(ordinal("2022-09-22"), 110), (ordinal("2022-09-25"), 120)]
    withdrawn = _version(None, "2022-09-25T08:00:00Z")
    assert replaced.note(withdrawn)  # of one moment a withdrawal is the later version
    assert replaced.history(withdrawn)[-1] == (ordinal("2022-09-25"), None)


def test_a_version_published_more_than_three_weeks_late_is_not_kept() -> None:
    assert ReplacedVersions().note(_version(100, "2022-10-12T23:59:59Z"))
    assert not ReplacedVersions().note(_version(100, "2022-10-13T00:00:00Z"))


def test_only_claims_of_a_day_or_of_seven_that_count_have_versions() -> None:
    def kept(period: str, **more: str) -> int | None:
        return length_of(_version(100, "2022-10-10T08:00:00Z", period, **more))

    assert kept("2022-09-21") == 1
    assert kept("2022-09-21/2022-09-28") == 7
    assert kept("2022-09-21/2022-09-23") is None
    assert kept("2022-09-21T06:00/2022-09-22T06:00") is None
    assert kept("2022-09-21", source="d") is None


def test_stored_versions_come_back() -> None:
    replaced = ReplacedVersions()
    replaced.note(_version(100, "2022-09-22T08:00:00Z"), now := _version(120, "2022-09-25T08:00:00Z"))
    row = msgspec.msgpack.encode(replaced.row(Flow("RU:KZ"), block_of(now.identity)))
    assert (
        replaced.row(Flow("RU:KZ"), block_of(now.identity) + 1)
        == replaced.row(Flow("RU"), block_of(now.identity))
        == []
    )
    restored = ReplacedVersions()
    for identity, versions in decode_versions(row):
        restored.restore(identity, versions)
    assert (restored.history(now), restored.sources) == (replaced.history(now), {"b"})


def test_figures_of_a_day_in_progress_are_no_first_version() -> None:
    replaced = ReplacedVersions()
    noon, evening = _version(40, "2022-09-21T12:00:00Z"), _version(100, "2022-09-22T08:00:00Z")
    assert noon.qualifier is Qualifier.AT_LEAST
    assert replaced.note(noon, evening)
    assert replaced.history(evening) == [(ordinal("2022-09-22"), 100)]


def test_a_replaced_version_counts_from_its_first_arrival() -> None:
    ledger = Ledger()
    wrong, right = sent(9_000, 20, 0), sent(900, 13, 14)  # arrived on 1 and 2 October
    for version in (wrong, right, sent(9_000, 20, 30)):  # the first is sent again, when it is no longer ahead
        ledger.apply([version])
    history = ledger.nodes[Flow("RU:KZ")].series[PEOPLE].replaced.history(right)
    assert history == [(ordinal("2022-10-01"), 9_000), (ordinal("2022-10-02"), 900)]
