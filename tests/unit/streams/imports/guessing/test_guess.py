from __future__ import annotations

import tomllib

import pytest

from bordertally.streams.errors import ConfigError
from bordertally.streams.imports.figures import Cell
from bordertally.streams.imports.guessing.guess import guess_mapping
from bordertally.streams.imports.guessing.samples import DECIDE
from bordertally.streams.imports.mapping import read_mapping
from unit.streams.imports.kit import figures, imported

DAILY: list[list[Cell]] = [
    ["Border police, daily", "", ""],
    ["Date", "Gate", "People"],
    ["13.05.2023", "Brod", "1,200"],
    ["13.05.2023", "Most", "12"],
    ["14.05.2023", "Brod", "1,100"],
    ["14.05.2023", "Most", "15"],
]


def test_a_guess_imports_the_file_once_a_person_has_decided() -> None:
    guess = guess_mapping(DAILY, {"delimiter": ";"})
    assert 'delimiter = ";"  # as the file looks' in guess
    assert "header = 2  # row 2 is the first that names the columns" in guess
    with pytest.raises(ConfigError, match=r"source: \?\? is not decided yet; replace \?\?"):
        read_mapping(guess, "map.toml")
    decided = guess.replace('source = "??"', 'source = "police"').replace('"??:??"', '"BR:UY:{Gate}"')
    assert figures(imported(read_mapping(decided, "map.toml"), *DAILY)) == {
        ("BR:UY:brod", "people", "2023-05-13"): 1200,
        ("BR:UY:most", "people", "2023-05-13"): 12,
        ("BR:UY:brod", "people", "2023-05-14"): 1100,
        ("BR:UY:most", "people", "2023-05-14"): 15,
    }


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([["Day", "In"], ["03/04/2023", "5"], ["04/04/2023", "6"]], "%d/%m/%Y or %m/%d/%Y? Both read every cell"),
        ([["Day", "In"], *[[f"2023-0{m}-01", "7"] for m in range(1, 6)]], 'is the unit "month"?'),
        ([["Year", "In"], ["2022", "500"], ["2023", "600"]], "does no other column name the month?"),
        ([["Day", "In"], *[[f"2023-05-0{d}", str(d * 7)] for d in range(1, 7)]], "are they cumulative?"),
        ([["Day", "In"], ["2023-05-01", "1.234"], ["2023-05-02", "2.345"]], "is '.' between thousands"),
        (
            [["Day", "In"], ["2023-05-01", "12*"], ["2023-05-02", "9"]],
            'flags = "*"  # DECIDE: they stand behind 1 figures',
        ),
        ([["Day", "In"], ["2023-05-01", "<5"], ["2023-05-02", "9"], ["2023-05-03", "9"]], '1 cells are "<5": list it'),
        (
            [["Day", "Gate", "In"], ["2023-05-01", "Total", "12"], ["2023-05-01", "A", "12"]],
            'drop = { "Gate" = ["Total"] }',
        ),
        ([["Day", "From", "In"], ["2023-05-01", "Peru", "12"], ["2023-05-02", "Chile", "9"]], "or the citizenship?"),
        ([["Day", "In", "Out"], ["2023-05-01", "9", "7"], ["2023-05-02", "8", "9"]], "keep the figures that you want"),
        ([["a", "b"], ["x", "y"]], "no column looks like figures"),
        ([["a", "b"], ["x", "y"]], "no column looks like a period"),
    ],
)
def test_what_a_person_must_decide_is_said(rows: list[list[Cell]], says: str) -> None:
    guess = guess_mapping(rows, {})
    assert any(says in line and DECIDE in line for line in guess.splitlines()), guess
    tomllib.loads(guess)


def test_months_as_columns() -> None:
    rows: list[list[Cell]] = [["From", "Jan 2023", "Feb 2023", "Mar 2023"], ["Peru", 1.0, 2.0, 3.0]]
    guess = tomllib.loads(guess_mapping(rows, {}))
    assert (guess["period"]["unit"], guess["period"]["format"]) == ("month", "%b %Y")
    assert guess["wide"] == {"columns": r"(?P<month>[A-Za-z]{3} \d{4})"}


def test_months_as_columns_of_a_year_that_stands_elsewhere() -> None:
    rows: list[list[Cell]] = [["From", "Jan", "Feb", "Mar"], ["Peru", 1.0, 2.0, 3.0]]
    assert 'if sheets do, set sheet = "*"' in guess_mapping(rows, {})
    year: list[list[Cell]] = [["Year", "Jan", "Feb", "Mar"], ["2022", 1.0, 2.0, 3.0]]
    assert tomllib.loads(guess_mapping(year, {}))["period"]["columns"] == ["Year", "month"]
