from __future__ import annotations

import pytest

from bordertally.streams.errors import ConfigError
from bordertally.streams.imports.columns import header_of, is_hashtags, plan_table
from bordertally.streams.imports.mapping import read_mapping
from unit.streams.imports.kit import PLAIN, plain


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
