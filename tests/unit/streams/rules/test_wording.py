from __future__ import annotations

import pytest

from bordertally.streams.rules.wording import count_of_reports, describe_rate, normal_level
from bordertally.streams.totals.records import Baseline, Episode
from unit.kit import ordinal

NAMES = {"ge": "Georgia's interior ministry"}
DAY = ordinal("2022-09-26")


def episode(baseline: Baseline, rate: float = 10_000.0, reports: int = 2) -> Episode:
    return Episode(DAY, None, DAY, rate, baseline, "warning", DAY, rate, "warning", ["r"], reports)


@pytest.mark.parametrize(
    ("baseline", "words"),
    [
        (Baseline("operator", 5_500, 6_875), "a normal 5,500 set by the operator"),
        (Baseline("operator", 5_500, 6_875, low=5_000, high=6_000), "a normal 5,000-6,000 set by the operator"),
        (Baseline("operator", 5_500, 6_875, low=5_500, high=5_500), "a normal 5,500 set by the operator"),
        (Baseline("stated", 5_500, 6_875, source="ge"), "a normal 5,500 (Georgia's interior ministry)"),
        (Baseline("stated", 5_500, 6_875, source="xx"), "a normal 5,500 (xx)"),
        (Baseline("derived", 7_253, 9_066, source="ge"), "7,253 the period before (Georgia's interior ministry)"),
        (Baseline("record", 900, 900, method="52 weeks"), "900 in the highest week of the 52 weeks before"),
        (Baseline("absolute", 500, 500), "no known normal and more than 500 (absolute, set by the operator)"),
        (Baseline("learned", 400, 600, method="of old"), "400 (learned), threshold 600"),
    ],
)
def test_a_level_says_whose_it_is(baseline: Baseline, words: str) -> None:
    assert normal_level(baseline, NAMES) == words


def test_a_learned_level_names_its_method_and_its_threshold() -> None:
    words = normal_level(Baseline("learned", 400, 600, method="c2"), NAMES)
    assert words.startswith("400 ")
    assert words.endswith("(learned by c2), threshold 600")


def test_a_rate_is_told_with_its_level_and_its_reports() -> None:
    one = episode(Baseline("stated", 5_500, 6_875, source="ge"))
    assert describe_rate("RU:GE", one, NAMES) == (
        "Russia to Georgia: 10,000 on 2022-09-26 against a normal 5,500 (Georgia's interior ministry): 1.8 times; "
        "2 reports"
    )


def test_a_part_of_the_people_is_named() -> None:
    one = episode(Baseline("operator", 5_000, 6_250, population="citizens:RU"))
    assert describe_rate("RU:EU", one, NAMES).startswith(
        "Russia to European Union: 10,000 citizens of Russia on 2022-09-26 against "
    )


def test_a_record_is_told_of_a_week() -> None:
    one = episode(Baseline("record", 8_000, 8_000, method="52 weeks"))
    assert " 10,000 a day in the week to 2022-09-26 against 8,000 in the highest week" in describe_rate(
        "RU", one, NAMES
    )


def test_where_nothing_is_expected_there_is_no_ratio() -> None:
    assert ": from nothing; " in describe_rate("RU", episode(Baseline("learned", 0, 50)), NAMES)


@pytest.mark.parametrize(("number", "words"), [(0, "0 reports"), (1, "1 report"), (2, "2 reports")])
def test_reports_are_counted(number: int, words: str) -> None:
    assert count_of_reports(episode(Baseline("operator", 1, 1), reports=number)) == words
