from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bordertally.streams.ledger.stated_levels import LevelStatement
from bordertally.streams.rules.config import Detection
from bordertally.streams.rules.levels import Kind, Level, Levels, level_of, levels, nearness
from unit.kit import claim, told

RULES = Detection(stated_before_days=5, stated_after_days=10)
KINDS: Sequence[Kind] = ("stated", "derived")

LEVELS = st.builds(
    lambda kind, population, first, length, high, published: Level(
        kind, population, first, first + length, 1.0, high, (2.0, published, "r"), "b", f"r-{first}-{length}"
    ),
    st.sampled_from(KINDS),
    st.sampled_from(["people", "men"]),
    st.integers(0, 40),
    st.sampled_from([0, 0, 1, 6, 25]),
    st.sampled_from([5.0, 6.0]),
    st.integers(0, 2),
)


def nearest(known: Sequence[Level], kind: Kind, day: int) -> Level | None:
    """The level a day goes by, found by looking at every one."""
    valid = [level for level in known if level.kind == kind and day in level.days(RULES)]
    return max(valid, key=lambda level: nearness(level, day), default=None)


@given(st.lists(LEVELS, max_size=12), st.data())
@settings(deadline=None)
def test_the_nearest_level_is_among_those_near_a_day(known: list[Level], data: st.DataObject) -> None:
    index = Levels(known)
    gone = data.draw(st.lists(st.sampled_from(known), unique_by=id)) if known else []
    left = list(known)
    for level in gone:
        index.remove(level)
        left.remove(level)
    for day in range(-6, 80):
        near = index.near(day, RULES)
        assert [nearest(near, kind, day) for kind in KINDS] == [nearest(left, kind, day) for kind in KINDS]


def test_of_levels_that_begin_on_one_day_that_of_all_people_is_nearest_then_the_more_trusted() -> None:
    men = Level("stated", "men", 5, 9, 1.0, 2.0, (3.0, 2, "r"), "b", "men")
    people = [Level("stated", "people", 5, 9, 1.0, 2.0, (trust, 1, "r"), "b", f"{trust}") for trust in (1.0, 2.0)]
    later = Level("stated", "men", 6, 9, 1.0, 2.0, (1.0, 1, "r"), "b", "later")
    known = [men, *people, later]
    assert [level.report for level in sorted(known, key=lambda level: nearness(level, 5))] == [
        "later",
        "men",
        "1.0",
        "2.0",
    ]
    assert [level.report for level in sorted(known, key=lambda level: nearness(level, 6))] == [
        "men",
        "1.0",
        "2.0",
        "later",
    ]


def test_few_levels_are_near_a_day_however_many_there_are() -> None:
    index = Levels(Level("stated", "people", day, day, 1.0, 2.0, (2.0, 1, "r"), "b", f"r{day}") for day in range(2_000))
    assert [level.first_day for level in index.near(1_500, RULES)] == [1_500]
    assert [level.first_day for level in index.near(-3, RULES)] == [0]
    assert [level.first_day for level in index.near(2_005, RULES)] == [1_999]
    assert index.near(2_010, RULES) == []


@pytest.mark.parametrize(
    ("more", "kinds"),
    [
        ({"normal": {"daily": 100}}, ["stated"]),
        ({"change_percent": 50}, ["derived"]),
        ({"normal": {"daily": 100}, "change_percent": 50}, ["stated", "derived"]),
        ({"normal": {"daily": 100}, "unit": "vehicles"}, []),
        ({"normal": {"daily": 100}, "source": "d", "flow": "RU"}, []),
        ({}, []),
    ],
)
def test_what_a_claim_states(more: dict[str, Any], kinds: list[str]) -> None:
    node = told(claim(700, "2022-09-21/P7D", **{"flow": "RU:KZ", **more})).node(more.get("flow", "RU:KZ"))
    assert [level.kind for level in levels(node)] == kinds


def test_a_withdrawn_claim_states_no_level() -> None:
    assert levels(told(claim(None, normal={"daily": 100})).node()) == []


def test_a_stated_level_is_the_normal_and_a_derived_level_that_of_the_period_before() -> None:
    stated = level_of(LevelStatement("stated", claim(1_300, "2022-09-21/P10D", normal={"daily": [90, 110]})))
    assert (stated.low, stated.high, stated.last_day - stated.first_day) == (90, 110, 9)
    derived = level_of(LevelStatement("derived", claim(1_300, "2022-09-21/P10D", change_percent=30)))
    assert [derived.low, derived.high] == pytest.approx([100, 100])
