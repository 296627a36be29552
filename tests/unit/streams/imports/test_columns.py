from __future__ import annotations

import pytest

from bordertally.streams.errors import ConfigError
from bordertally.streams.imports.columns import TablePlan, header_of, is_hashtags, plan_table
from bordertally.streams.imports.mapping import read_mapping
from unit.streams.imports.kit import PLAIN, figures, imported, plain


def test_names_stand_in_one_row_or_in_several() -> None:
    assert header_of([["\ufeffDay ", "Gate\n no", 2022.0, None]]) == ["Day", "Gate no", "2022", ""]
    assert header_of([["", "2022", "", "2023"], ["Gate", "Jan", "Feb", "Jan"]]) == [
        "Gate",
        "2022 Jan",
        "2022 Feb",
        "2023 Jan",
    ]
    assert header_of([]) == []


def test_the_row_of_hashtags() -> None:
    assert is_hashtags(["#date", "", "#loc +name"])
    assert not is_hashtags(["#1", "x"])
    assert not is_hashtags(["", ""])


def test_columns_are_found_by_name_or_number() -> None:
    plan = plan_table(plain(), ["Note", "Day", "Gate", "In"], {}, "in.csv")
    assert plan.figures[0].at == 3
    assert plan.figures[0].period(["n", "d", "g", "i"]) == "d"
    assert plan.unmapped == (0,)
    assert (
        plan_table(plain(claims='flow = "BR:UY:{#2}"'), ["In", "In2", "Day"], {}, "x").figures[0].series(["a", "b"])
        == "b"
    )


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (["Day", "Gate"], "in.csv: claims.entries.column: there is no column 'In'; the columns are Day, Gate"),
        (["Day;Gate;In"], "the only one is 'Day;Gate;In': set delimiter = ';'"),
        (["Day", "Gate", "In", "In"], "'?In'? is the name of several columns; write #3 and #4"),
        ([], "there is no column 'In'; the columns are none"),
        (["Crossings in May", ""], "the columns are Crossings in May, #2; if this is a title, set header to the row"),
        (["In", "Gate"], "period.columns: there is no column 'Day'"),
        (["In", "Day"], "claims.entries.flow: there is no column 'Gate'"),
    ],
)
def test_a_column_that_is_not_there_is_named_with_those_that_are(header: list[str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        plan_table(plain(), header, {}, "in.csv")


def test_groups_of_wide_columns_and_shared_values_are_columns_too() -> None:
    text = PLAIN.format(top="", claims="").replace('column = "In"', "").replace('"Day"', '["sheet", "month"]')
    mapping = read_mapping(text + "[wide]\ncolumns = '(?P<month>[A-Z]{3})'\n", "map.toml")
    plan = plan_table(mapping, ["Gate", "JAN", "FEB", "Total"], {"sheet": "2022"}, "in.csv")
    assert [(figure.at, figure.period(["g"])) for figure in plan.figures] == [
        (1, ("2022", "JAN")),
        (2, ("2022", "FEB")),
    ]
    with pytest.raises(ConfigError, match=r"wide.columns: no column is named like .*; the columns are Gate, Jan"):
        plan_table(mapping, ["Gate", "Jan"], {"sheet": "2022"}, "in.csv")


def test_what_is_written_over_a_figure_contradicts_the_mapping() -> None:
    header = ["Day", "Gate", "Net"]
    net = read_mapping(PLAIN.format(top="", claims="").replace('"In"', '"Net"'), "map.toml")
    with pytest.raises(
        ConfigError, match=r"claims.entries.column: 'Net' sounds like .*, or call it #3 if that is wrong"
    ):
        plan_table(net, header, {}, "in.csv")
    numbered = read_mapping(PLAIN.format(top="", claims="").replace('"In"', '"#3"'), "map.toml")
    assert plan_table(numbered, header, {}, "in.csv").figures[0].at == 2


@pytest.mark.parametrize("times", [1, 1000])
def test_figures_under_a_title_of_thousands_say_what_they_are_in(times: int) -> None:
    header, titles = ["Day", "Gate", "In"], ["Crossings (thousands)"]
    with pytest.raises(ConfigError, match=r"claims.entries.times: the file says 'Crossings \(thousands\)'"):
        plan_table(plain(), header, {}, "in.csv", titles)
    assert plan_table(plain(claims=f"times = {times}"), header, {}, "in.csv", titles).figures[0].figure.factor == times


NAMES = [
    ("Daily average", 'sounds like an average; set per = "day"', 'per = "day"'),
    ("Cumulative", 'sounds cumulative, and the unit is day; set unit = "since"', None),
    ("Vehicles", 'sounds like vehicles; set unit = "vehicles"', 'unit = "vehicles"'),
    ("#affected+hh", "sounds like a share, a change, an error, a rate, a net flow or households", None),
]


@pytest.mark.parametrize(("name", "says", "settles"), NAMES)
def test_a_name_that_contradicts_the_mapping_says_what_to_write(name: str, says: str, settles: str | None) -> None:
    header = ["Day", "Gate", name]

    def plan(claims: str) -> TablePlan:
        text = PLAIN.format(top="", claims=claims).replace('"In"', f'"{name}"')
        return plan_table(read_mapping(text, "map.toml"), header, {}, "in.csv")

    with pytest.raises(ConfigError) as error:
        plan("")
    assert says in str(error.value)
    if settles is not None:
        assert plan(settles).figures[0].at == 2


def test_a_week_is_not_counted_from_the_day_on_which_it_ends() -> None:
    text = PLAIN.format(top="", claims="").replace('"Day"', '"Week ending"')
    rows = ["Week ending", "Gate", "In"], ["2024-01-07", "North", "700"]
    with pytest.raises(ConfigError, match='names the last day of a week; set unit = "week-ending"'):
        imported(read_mapping(text.replace('"day"', '"week"'), "map.toml"), *rows)
    ending = read_mapping(text.replace('"day"', '"week-ending"'), "map.toml")
    assert figures(imported(ending, *rows)) == {("BR:UY:north", "people", "2024-01-01/2024-01-08"): 700}
