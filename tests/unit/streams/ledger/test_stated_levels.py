"""Stated levels: which of several is in force, whatever became of the people of its claim, in any order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.stated_levels import KINDS, StatedLevels
from bordertally.streams.reports.claims import NO_NORMAL, Claim
from bordertally.streams.rules.levels import levels
from unit.kit import claim, told

WEEK = "2022-09-01/2022-09-08"
NORMAL: dict[str, Any] = {"normal": {"daily": [4_000, 5_000]}}


def at(day: int, people: float | None = 70_000, period: str = WEEK, **more: Any) -> Claim:
    """A version of a claim, published at noon of a day in October."""
    return claim(people, period, id=f"r{day}", published=f"2022-10-{day:02d}T12:00:00Z", **more)


def normals(*versions: Claim) -> list[tuple[float, float, str]]:
    """The levels that versions of claims on one flow come to: low, high and report."""
    return sorted((level.low, level.high, level.report) for level in levels(told(versions).node()))


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        # a correction that says nothing of the normal leaves it
        ([at(1, **NORMAL), at(2, 72_000)], [(4_000, 5_000, "r1")]),
        ([at(1, **NORMAL), at(2, 72_000, normal=None)], [(4_000, 5_000, "r1")]),
        # the latest published wins, also from a version that is stale for its people
        ([at(1, **NORMAL), at(3, normal={"daily": 6_000}), at(4)], [(6_000, 6_000, "r3")]),
        ([at(4), at(1, **NORMAL)], [(4_000, 5_000, "r1")]),
        # it is taken back by a null, and may be stated anew
        ([at(1, **NORMAL), at(2, normal={"daily": None})], []),
        ([at(2, normal={"daily": None}), at(1, **NORMAL)], []),
        ([at(1, **NORMAL), at(2, normal={"daily": None}), at(3, normal={"daily": 7})], [(7, 7, "r3")]),
        # withdrawing the claim takes back what it brought; claiming the people again does not bring it back
        ([at(1, **NORMAL), at(2, None)], []),
        ([at(1, **NORMAL), at(2, None), at(3)], []),
        ([at(3), at(2, None), at(1, **NORMAL)], []),
        ([at(1, **NORMAL), at(2, None), at(3, normal={"daily": 7})], [(7, 7, "r3")]),
        # a withdrawal at the same time takes it back too
        ([at(1, **NORMAL), claim(None, WEEK, id="a", published="2022-10-01T12:00:00Z")], []),
        # two claims of one source that begin on one day state one normal; withdrawing the later leaves the earlier
        ([at(1, **NORMAL), at(2, 9_000, "2022-09-01", normal={"daily": 8_000})], [(8_000, 8_000, "r2")]),
        (
            [at(1, **NORMAL), at(2, 9_000, "2022-09-01", normal={"daily": 8_000}), at(3, None, "2022-09-01")],
            [(4_000, 5_000, "r1")],
        ),
        # withdrawing another claim leaves it
        ([at(1, **NORMAL), at(2, 9_000, "2022-09-01"), at(3, None, "2022-09-01")], [(4_000, 5_000, "r1")]),
        # other sources and other first days have normals of their own
        ([at(1, **NORMAL), at(2, source="c", normal={"daily": 9})], [(9, 9, "r2"), (4_000, 5_000, "r1")]),
        (
            [at(1, **NORMAL), at(2, 9_000, "2022-09-08", normal={"daily": 9})],
            [(9, 9, "r2"), (4_000, 5_000, "r1")],
        ),
        # a change lives the same way: 70,000 in 7 days at +25 % are 8,000 a day before
        ([at(1, change_percent=25), at(2, 72_000)], [(8_000, 8_000, "r1")]),
        ([at(1, change_percent=25), at(2, None), at(3)], []),
        # grades that do not count state no level, and take none back
        ([at(1, flow="RU", **NORMAL), at(2, flow="RU", source="d", normal={"daily": None})], [(4_000, 5_000, "r1")]),
    ],
)
def test_the_latest_statement_of_a_level_is_in_force(
    versions: list[Claim], expected: list[tuple[float, float, str]]
) -> None:
    flow = versions[0].flow
    for some in (versions, versions[::-1]):
        node = told(some).node(flow)
        assert sorted((level.low, level.high, level.report) for level in levels(node)) == expected


def test_a_correction_without_a_normal_leaves_the_alert_open() -> None:
    desk = told(at(1, **NORMAL))
    assert [(alert.state, alert.ratio) for alert in desk.desk.log] == [("firing", 2.222)]
    desk.take(at(2, 72_000))
    assert [(alert.state, alert.expected, alert.rate) for alert in desk.desk.log[1:]] in (
        [],
        [("updated", 4_500, 10_286)],
    )
    assert desk.desk.known["RU:KZ"][0].record.state in {"firing", "updated"}  # type: ignore[index]


def test_a_level_reaches_days_outside_its_claim_when_it_goes() -> None:
    """30 days before and 90 after: a surge two months later is judged by the normal until the normal is taken back."""
    surge = claim(9_000, "2022-11-05", id="late", published="2022-11-07T12:00:00Z", qualifier="count")
    desk = told(at(1, 30_000, **NORMAL), surge)
    opened = {alert.since: alert.expected for alert in desk.desk.log}
    assert opened == {"2022-11-05": 4_500}
    gone = desk.take(claim(30_000, WEEK, id="back", published="2022-11-08T12:00:00Z", normal={"daily": None}))
    assert [(alert.state, alert.since) for alert in gone] == [("withdrawn", "2022-11-05")]
    assert "back" in str(gone[0].reports)


# --- laws ----------------------------------------------------------------------------------------------------------

PERIODS = (WEEK, "2022-09-01", "2022-09-08/2022-09-10")
BESIDE: list[dict[str, Any]] = [
    {},
    {"normal": None},
    {"normal": {"daily": None}},
    {"normal": {"daily": 500}},
    {"normal": {"daily": [300, 900]}},
    {"change_percent": 25},
    {"change_percent": -10, "normal": {"daily": 700}},
]
VERSIONS = st.lists(
    st.builds(
        lambda source, period, people, day, beside: claim(
            people, period, source=source, id=f"r{day}", published=f"2022-10-{day:02d}T12:00:00Z", **beside
        ),
        st.sampled_from("ab"),
        st.sampled_from(PERIODS),
        st.sampled_from([70_000, 1_000, None]),
        st.integers(1, 6),
        st.sampled_from(BESIDE),
    ),
    max_size=12,
    unique_by=lambda one: (one.source, one.local_start, one.published),
)


def slowly(versions: Iterable[Claim], kind: str) -> set[Claim]:
    """The versions whose levels are in force, found by looking at every version again."""
    every = list(versions)
    found = set()
    for place in {(one.source, one.local_start) for one in every}:
        here = [one for one in every if (one.source, one.local_start) == place]
        withdrawn = [one for one in here if one.best is None]
        said = [
            one
            for one in here
            if one.best is not None
            and (one.normal if kind == "stated" else one.change_percent) is not None
            and not any(gone.identity == one.identity and gone.published >= one.published for gone in withdrawn)
        ]
        if said:
            latest = max(said, key=lambda one: one.published)
            if kind == "derived" or latest.normal != NO_NORMAL:
                found.add(latest)
    return found


@given(VERSIONS)
@settings(deadline=None)
def test_a_stated_level_is_what_a_slow_search_finds(versions: list[Claim]) -> None:
    known = StatedLevels()
    for version in versions:
        known.add(version)
    for kind in KINDS:
        assert {claim for of, claim in known if of == kind} == slowly(versions, kind)


@given(VERSIONS, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_levels_depend_on_the_set_of_versions_and_survive_a_restart(versions: list[Claim], random: Any) -> None:
    ledger, rows = Ledger(), dict[bytes, bytes]()
    for version in versions:
        for row in ledger.apply([version]).rows:
            rows[row.key] = ledger.row(row)
    shuffled = versions * 2
    random.shuffle(shuffled)
    other = Ledger()
    other.apply(shuffled)
    restored = Ledger.restored(rows.items())
    for flow, node in ledger.nodes.items():
        wanted = sorted(levels(node))
        assert sorted(levels(other.nodes[flow])) == wanted
        assert sorted(levels(restored.nodes[flow])) == wanted
