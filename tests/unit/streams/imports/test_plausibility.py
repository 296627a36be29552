from __future__ import annotations

from collections.abc import Mapping

import pytest

from bordertally.streams.imports.calendar_periods import DaySpan
from bordertally.streams.imports.mapping import read_mapping
from bordertally.streams.imports.plausibility import falls, hidden_totals, repeated_periods, rounding_of
from bordertally.streams.imports.series import ImportedSeries, PeriodFigure, SeriesKey
from bordertally.streams.qualifiers import Qualifier
from unit.streams.imports.kit import PLAIN, PUBLISHED, imported, plain

DAY = 738_000
NORTH = SeriesKey("BR:UY:north", "people", "people", "crossings")


def series(places: Mapping[str, list[float]], *, cumulative: bool = False) -> dict[SeriesKey, ImportedSeries]:
    """By place, its figures of consecutive days; of periods from the first day on, if they are cumulative."""
    made = {}
    for place, figures in places.items():
        key = SeriesKey(f"BR:UY:{place}", "people", "people", "crossings")
        made[key] = ImportedSeries(key, Qualifier.COUNT, None)
        for day, people in enumerate(figures, DAY):
            span = DaySpan(DAY if cumulative else day, day + 1)
            made[key].claims[span] = PeriodFigure(people, 1, 1, PUBLISHED)
    return made


@pytest.mark.parametrize(
    ("figures", "step"),
    [
        ([61_400, 66_700, 70_600, 65_300], 100),
        ([61_400, 66_700, 0], 1),  # of two figures out of a hundred each, chance is 1 in 10,000
        ([35, 40, 10, 5, 15, 20, 95, 60, 55], 5),
        ([35, 40, 10, 5, 15, 20, 95, 60, 56], 1),
        ([2000, 9000, 14_000], 1000),
        ([], 1),
    ],
)
def test_what_figures_are_rounded_to(figures: list[float], step: int) -> None:
    assert rounding_of(figures) == step


def test_a_place_that_is_the_sum_of_the_others() -> None:
    of_all = series({"north": [1, 2, 3], "old-bridge": [4, 0, 2], "whole": [5, 2, 5]})
    assert [key.flow for key in hidden_totals(of_all)] == []  # too small: it may be so by chance
    of_all = series({"north": [1000, 2, 3], "old-bridge": [4, 0, 2], "whole": [1004, 2, 5]})
    assert [key.flow for key in hidden_totals(of_all)] == ["BR:UY:whole"]


def test_a_period_that_repeats_the_one_before() -> None:
    places = {"a": [100, 100, 100.0], "b": [205, 205, 205.0], "c": [309, 309, 310.0], "d": [5, 5, 5.0]}
    assert list(repeated_periods(series(places))) == [(DaySpan(DAY + 1, DAY + 2), DaySpan(DAY, DAY + 1))]
    assert list(repeated_periods(series({"a": [100, 100.0], "b": [205, 205.0], "d": [5, 5.0]}))) == []


def test_a_period_that_repeats_one_before_a_gap_is_no_repetition() -> None:
    apart = series({"a": [100, 7, 100.0], "b": [205, 8, 205.0], "c": [309, 9, 309.0]})
    for place in apart.values():
        del place.claims[DaySpan(DAY + 1, DAY + 2)]
    assert list(repeated_periods(apart)) == []


def test_cumulative_figures_that_fall() -> None:
    fallen = list(falls(series({"a": [10, 12, 11, 11, 13.0], "b": [1, 1, 2.0]}, cumulative=True)))
    assert [(key.flow, span) for key, span in fallen] == [
        ("BR:UY:a", DaySpan(DAY, DAY + 3)),
        ("BR:UY:a", DaySpan(DAY, DAY + 4)),
    ]


REGIONS = [
    # the whole, its regions, and their gates: 9,000 = 5,400 + 3,600; 5,400 = 3,000 + 2,400; 3,600 = 2,100 + 1,500
    ("Whole country", 9_000),
    ("East", 5_400),
    ("East Bridge", 3_000),
    ("East Ferry", 2_400),
    ("West", 3_600),
    ("West Gate", 2_100),
    ("West Hill", 1_500),
]


@pytest.mark.parametrize("last_first", [False, True])
@pytest.mark.parametrize(("bridge", "totals"), [("3000", {"Whole country", "East", "West"}), ("3001", {"West"})])
def test_totals_within_totals_are_found_by_their_order(last_first: bool, bridge: str, totals: set[str]) -> None:
    """The second day makes sure that the first is no accident; a gate that differs hides the sums above it."""
    rows = [(f"2023-05-0{day}", name, f"{people * day}") for day in (1, 2) for name, people in REGIONS]
    rows[2] = ("2023-05-01", "East Bridge", bridge)
    importer = imported(plain(), ("Day", "Gate", "In"), *(rows[::-1] if last_first else rows))
    assert {issue.value for issue in importer.issues} == totals
    assert all("the sum of the places beside it" in issue.why for issue in importer.issues)


def test_a_sum_by_chance_is_no_total() -> None:
    rows = [("2023-05-01", name, people) for name, people in (("North", "30"), ("East", "10"), ("West", "20"))]
    assert not imported(plain(), ("Day", "Gate", "In"), *rows, ("2023-05-01", "South", "55")).issues


BY_SEX = [("2023-05-01", "North", "120", "Hombres"), ("2023-05-01", "North", "180", "Mujeres")]


@pytest.mark.parametrize(("people", "doubts"), [("300", 1), ("301", 0)])
def test_rows_that_are_the_sum_of_others_that_are_added_up_are_listed(people: str, doubts: int) -> None:
    rows = [*BY_SEX, ("2023-05-01", "North", people, "Todas las personas")]
    importer = imported(plain('same_key = "add"'), ("Day", "Gate", "In", "Sexo"), *rows)
    listed = [doubt for doubt in importer.doubts if "the sum of the others that were added up" in doubt]
    assert len(listed) == doubts
    assert all("Todas las personas; leave it out with rows.drop" in doubt for doubt in listed)


@pytest.mark.parametrize("total", ["T", "_T", "Ambos", "Both sexes"])
def test_codes_of_totals_are_not_added_up(total: str) -> None:
    importer = imported(
        plain('same_key = "add"'), ("Day", "Gate", "In", "Sex"), *BY_SEX, ("2023-05-01", "North", "300", total)
    )
    (issue,) = importer.issues
    assert "this one looks like a total of others" in issue.why


def test_figures_of_vehicles_that_are_taken_for_people_are_listed() -> None:
    rows = ("Day", "Gate", "In", "Measure"), ("2023-05-01", "North", "12", "Trucks")
    chosen = plain(claims='only = { Measure = "Trucks" }')
    says = 'are of Trucks: are they people? Else set unit = "vehicles"'
    assert any(says in doubt for doubt in imported(chosen, *rows).doubts)
    vehicles = plain(claims='unit = "vehicles"\nonly = { Measure = "Trucks" }')
    assert not imported(vehicles, *rows).doubts


@pytest.mark.parametrize(
    ("days", "says"),
    [
        (
            ("2023-05-01", "2023-05-08", "2023-05-15", "2023-05-22"),
            "7 days at the least between two figures of a place",
        ),
        (("2023-01-01", "2023-02-01", "2023-03-01", "2023-04-01"), "is the unit month?"),
        (("2023-05-01", "2023-05-08", "2023-05-15", "2023-05-16"), ""),
        (("2023-05-01", "2023-05-08", "2023-05-15"), ""),
    ],
)
def test_figures_of_weeks_and_months_that_are_taken_for_those_of_a_day_are_listed(days: list[str], says: str) -> None:
    importer = imported(plain(), ("Day", "Gate", "In"), *((day, "North", "31") for day in days))
    listed = [f"{number} {doubt}" for doubt, number in importer.doubts.items() if "days at the least" in doubt]
    assert len(listed) == bool(says)
    assert all(says in doubt for doubt in listed)


@pytest.mark.parametrize(
    ("unit", "day", "period", "listed"),
    [
        ("week", "2023-02-06", "2023-02-06/2023-02-13", False),  # a Monday
        ("week", "2023-W06", "2023-02-06/2023-02-13", False),
        ("week", "2023-02-12", "2023-02-12/2023-02-19", True),  # a Sunday: the first day, or the last one?
        ("week-starting", "2023-02-12", "2023-02-12/2023-02-19", False),
        ("week-ending", "2023-02-12", "2023-02-06/2023-02-13", False),
    ],
)
def test_weeks_that_may_be_named_by_their_last_day_are_listed(unit: str, day: str, period: str, listed: bool) -> None:
    mapping = read_mapping(PLAIN.format(top="", claims="").replace('"day"', f'"{unit}"'), "map.toml")
    importer = imported(mapping, ["Day", "Gate", "In"], [day, "North", "12"])
    assert [span.text() for span in importer.series[NORTH].claims] == [period]
    why = (
        "weeks begin with a Sunday or another day but Monday, if the days that are named are the first ones; "
        'set unit = "week-starting" if they are, "week-ending" if they are the last'
    )
    assert dict(importer.doubts) == ({why: 1} if listed else {})
