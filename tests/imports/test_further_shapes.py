"""Files of seventeen further shapes that offices publish, rebuilt in small; the sums were worked out by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bordertally.streams.errors import ConfigError
from imports.sheets import write_xlsx
from imports.test_guess import guessed
from imports.test_shapes import claimed, run

FURTHER = Path(__file__).parent / "further"

SUMS: dict[str, dict[tuple[str, str], float]] = {
    # two columns of days, rounded figures, a net flow with negative numbers
    "daily-digest": {("*:RO", "people"): 61_400 + 66_700 + 70_600 + 65_300},
    # quarters and a year stand between the months
    "codes-of-periods": {("*:NL", "people"): 1000 + 1100 + 1200 + 900},
    # two rows of names, standard errors, provisional marks, footnotes, negative net figures
    "estimates-and-errors": {
        ("*:NZ", "people"): 14_020 + 13_990 + 12_750 + 9000,
        ("NZ", "people"): 9210 + 8990 + 8800 + 9900,
    },
    # people and cars in one column
    "modes-of-bridges": {
        ("MX:US:long-bridge", "people"): 9100 + 9111 + 9111 + 9155,
        ("MX:US:good-bridge", "people"): 1200 + 1211 + 1211 + 1255,
        ("MX:US:long-bridge", "people vehicles"): 27_000 + 27_011 + 27_011 + 27_055,
        ("MX:US:good-bridge", "people vehicles"): 14_000 + 14_011 + 14_011 + 14_055,
    },
    # notes and sums of a week between the rows, a footnote and a mark at figures, two languages
    "notes-between": {
        ("FR:CH:vallorbe", "people"): 1204 + 1187 + 1300,
        ("FR:CH:geneve", "people"): 2210,
        ("CH:FR:vallorbe", "people"): 998 + 1004 + 999,
        ("CH:FR:geneve", "people"): 2001,
    },
    # title lines, a star for a suppressed figure of 1 to 4
    "population-statistics": {
        ("*:AT", "citizens:AF"): 340 + 355,
        ("*:AT", "citizens:SY"): 2.5 + 610,
        ("*:AT", "citizens:XK"): 40,
        ("*:AT", "citizens:ZZ"): 12 + 5,
    },
    # months as 2021M01, "-", "..." and parts beside their sum
    "pxweb": {("*:SI", "citizens:IT"): 120 + 130, ("*:SI", "citizens:AT"): 20 + 30 + 10},
    # sums of quarters and of the year as columns beside the months
    "quarters-beside-months": {("EE:LV", "people"): 330 + 420, ("LT:LV", "people"): 630 + 720},
    # twelve months up to June and December, in thousands
    "rolling-years": {("*:GB", "people"): 1_106_000 + 1_180_000 + 1_180_000},
    # rounded to 5, "<5", "--"
    "rounded-and-suppressed": {
        ("US:CA:rainbow", "people"): 35 + 40 + 45,
        ("US:CA:thousand-isles", "people"): 2 + 10,
        ("US:CA:peace-arch", "people"): 0,
    },
    # no figure at all: each row is a person; two of them are alike
    "row-a-person": {
        ("RU:EE:narva-silla", "people"): 4,
        ("RU:EE:narva-silla", "citizens:EE"): 2,
        ("RU:EE:narva-silla", "citizens:RU"): 1,
        ("RU:EE:narva-silla", "citizens:LV"): 1,
    },
    # the same weekday of two years before, as columns
    "same-days-of-other-years": {("*:PE", "people"): 1310 + 1286 + 940},
    # days as the day numbers of a spreadsheet, changes in per cent
    "serial-days": {("SE:NO:svinesund", "people"): 1210 + 1190, ("SE:NO:orje", "people"): 405 + 411},
    # three tables below each other
    "stacked-tables": {("GB:FR", "people"): 900 + 1000},
    # no names of columns
    "stock-without-header": {("BO:PE", "people"): 1810 + 1934 + 2107 + 2660 + 2615 + 3420},
    # dollars beside arrivals in thousands
    "yearbook": {("*:AL", "people"): 5_340_000 + 6_128_000, ("*:DZ", "people"): 2_657_000 + 2_371_000},
}


@pytest.mark.parametrize("name", SUMS)
def test_a_file_comes_to_its_sums(name: str) -> None:
    code, reports, summary = run(FURTHER / f"{name}.csv", "--map", FURTHER / f"{name}.toml")
    assert code == 0, summary
    assert claimed(reports) == SUMS[name]


def test_every_file_has_sums() -> None:
    assert {path.stem for path in FURTHER.glob("*.csv")} == {path.stem for path in FURTHER.glob("*.toml")} == set(SUMS)


WRONG = [
    # what somebody may have in the mapping instead, and what is said
    ("daily-digest", 'column = "enter"', 'column = "net entry"', "'net entry' sounds like a share, a change, an error"),
    ("estimates-and-errors", "Arrivals Estimate", "Arrivals Standard error of estimate", "call it #3"),
    ("yearbook", "times = 1000", "", "the file says 'Tourist/visitor arrivals (thousands)'; set times = 1000"),
    ("rolling-years", "times = 1000", "", "the file says 'Provisional long-term international migration (thousands)'"),
    ("same-days-of-other-years", '"2023"', '"2022"', "the column of the figure is called 2022"),
    ("serial-days", '"Inn"', '"Endring %"', "'Endring %' sounds like a share"),
    ("notes-between", "r()", "r0", "flags: '0' may be a part of a figure"),
    ("quarters-beside-months", "year = 2023", "", "it lacks %Y (the year)"),
    ("row-a-person", 'same_key = "add"', "", 'each row is one person, so set same_key = "add"'),
]


@pytest.mark.parametrize(("name", "old", "new", "says"), WRONG)
def test_a_mapping_that_would_be_silently_wrong_is_refused(
    tmp_path: Path, name: str, old: str, new: str, says: str
) -> None:
    mapping = (FURTHER / f"{name}.toml").read_text()
    assert old in mapping
    (tmp_path / "map.toml").write_text(mapping.replace(old, new))
    try:
        code, reports, said = run(FURTHER / f"{name}.csv", "--map", tmp_path / "map.toml")
    except ConfigError as error:  # the command then ends with code 2, and this sentence
        code, reports, said = 2, "", str(error)
    assert (code, reports) == (2, "")
    assert says in said


DOUBTFUL = [
    ("daily-digest", 'qualifier = "stated"', "", "figures of claims.enter are all multiples of 100"),
    ("modes-of-bridges", "", "", "1 periods repeat all figures of the period before, first 2025-03-01/2025-04-01"),
    (
        "stock-without-header",
        'unit = "day"',
        'unit = "since"\nsince = 2023-01-01',
        "cumulative figures fall, first BO:PE 2023-01-01/2023-05-25",
    ),
    (
        "same-days-of-other-years",
        'columns = "Date"\nformat = "%m/%d/%Y"\nunit = "day"',
        'columns = "Year"\nunit = "year"\n[wide]\ncolumns = "(?P<Year>20..)"',
        "3 days stand in column 1, whose rows were added up",
    ),
    (
        "stacked-tables",
        'range = "A7:D9" ',
        'header = 3\nsame_key = "last" #',
        "2 rows of text stand between rows with figures (first: row 6)",
    ),
]


@pytest.mark.parametrize(("name", "old", "new", "says"), DOUBTFUL)
def test_what_may_be_wrong_is_listed(tmp_path: Path, name: str, old: str, new: str, says: str) -> None:
    mapping = (FURTHER / f"{name}.toml").read_text()
    assert old in mapping
    mapping = mapping.replace(old, new)
    if "[wide]" in new:
        mapping = mapping.replace('group = ","', 'group = ","\nsame_key = "add"').replace('column = "2023" ', "#")
    (tmp_path / "map.toml").write_text(mapping)
    _, _, said = run(FURTHER / f"{name}.csv", "--map", tmp_path / "map.toml")
    assert any(says in line for line in said.splitlines() if "look again: " in line), said


BY_PURPOSE = """
source = "tourism-office"
header = [2, 3]
group = ","
[period]
columns = ["Year", "Month"]
format = ["%Y %b", "%Y %b*"]
unit = "month"
[rows]
fill_down = ["Year"]
[wide]
columns = '(?P<region>Asia|Europe) Total'
[flow]
path = "{region}:JP"
[claims.visitors]
qualifier = "count"
[countries]
Asia = "CN"
Europe = "FR"
"""


def test_merged_names_above_names_of_a_workbook(tmp_path: Path) -> None:
    rows: list[list[str | float | None]] = [
        ["Foreign visitors by purpose"],
        ["", None, "All regions", None, None, "Asia", None, None, "Europe", None, None],
        ["Year", "Month", *["Total", "Tourist", "Business"] * 3],
        [2022, "Jan.", 1190, 1000, 190, 700, 600, 100, 490, 400, 90],
        [None, "Feb.", 2380, 2000, 380, 1400, 1200, 200, 980, 800, 180],
        [None, "Mar.*", 3570, 3000, 570, 2100, 1800, 300, 1470, 1200, 270],
        [2023, "Jan.", "4,760", "4,000", 760, "2,800", "2,400", 400, "1,960", "1,600", 360],
        ["Note: * provisional"],
    ]
    write_xlsx(tmp_path / "in.xlsx", {"Purpose": rows})
    (tmp_path / "map.toml").write_text(BY_PURPOSE)
    code, reports, summary = run(tmp_path / "in.xlsx", "--map", tmp_path / "map.toml")
    assert code == 0, summary
    assert claimed(reports) == {
        ("CN:JP", "people"): 700 + 1400 + 2100 + 2800,
        ("FR:JP", "people"): 490 + 980 + 1470 + 1960,
    }


TIME_SERIES = """
source = "statistics-office"
sheet = "Data1"
[period]
columns = "#1"
unit = "month"
skip = ["Unit", "Series Type", "Series ID"]
[flow]
path = "*:AU"
[claims.arrivals]
column = "#2"
times = 1000
[claims.visitors]
column = "#4"
population = "visitors"
qualifier = "count"
"""


def test_rows_about_the_series_below_their_names(tmp_path: Path) -> None:
    rows: list[list[str | float | date | None]] = [
        [None, "Total Arrivals ;", "Total Arrivals ;", "Visitors arriving ;"],
        ["Unit", "000", "000", "Number"],
        ["Series Type", "Original", "Trend", "Original"],
        ["Series ID", "A1", "A2", "A3"],
        [date(2023, 1, 1), 1201.4, 1190.0, 800_100],
        [date(2023, 2, 1), 1102.1, 1188.3, 700_200],
    ]
    write_xlsx(tmp_path / "in.xlsx", {"Index": [["see Data1"]], "Data1": rows})
    (tmp_path / "map.toml").write_text(TIME_SERIES)
    code, reports, summary = run(tmp_path / "in.xlsx", "--map", tmp_path / "map.toml")
    assert code == 0, summary
    assert claimed(reports) == {
        ("*:AU", "people"): 1_201_400 + 1_102_100,
        ("*:AU", "visitors"): 800_100 + 700_200,
    }


GUESSES: dict[str, list[str]] = {
    "codes-of-periods": [
        'columns = ["Perioden"]',
        'format = "%YMM%m"',
        '"2021KW01", "2021JJ00"): leave them out',
    ],
    "daily-digest": [
        'columns "posted", "date" hold days too: which do the figures belong to?',
        "all figures are multiples of 100: are they rounded?",
    ],
    "estimates-and-errors": ["header = [2, 3]", 'format = "%YM%m"', 'flags = "P"', 'column = "Arrivals Estimate"'],
    "modes-of-bridges": ['columns = ["Year", "Month"]', 'rows differ in "Modes"', 'column = "Northbound Crossing"'],
    "notes-between": [
        'format = "%d/%m/%Y"',
        'cells are of another form ("Semaine 18 / Week 18"): leave them out with skip',
    ],
    "population-statistics": ["header = 4", 'format = "%Y %b"', 'column = "Value"', '1 cells are "*"'],
    "pxweb": ["header = 3", 'format = "%YM%m"', "4 columns are named so"],
    "quarters-beside-months": ["the columns name no year", "else year = the year", "6 columns are named so"],
    "rolling-years": ["are these figures in thousands?", 'column = "All"'],
    "rounded-and-suppressed": ['column = "Claimants"', '"<5": list it in missing, or in suppressed with its range'],
    "row-a-person": ["If each row is a person, write rows = true"],
    "same-days-of-other-years": ['columns = ["Date"]', 'format = "%m/%d/%Y"', 'column = "2023"'],
    "serial-days": ['format = "%N"', 'column = "Inn"'],
    "stacked-tables": ["header = 3"],
    "stock-without-header": ["header = 0", 'columns = ["1"]', 'column = "2"'],
    "yearbook": ["header = 2", 'columns = ["Year"]', 'column = "Value"', "are these figures in thousands?"],
}
"""What a guess sees or asks."""

NEVER = ["net entry", "posted", "Standard error of estimate", "Endring %", "Share (%)"]
"""Columns that hold no numbers of people."""


@pytest.mark.parametrize("name", GUESSES)
def test_a_guess_sees_or_asks_what_matters(name: str) -> None:
    text = guessed(FURTHER / f"{name}.csv")
    assert [part for part in GUESSES[name] if part not in text] == []
    assert not [line for line in text.splitlines() if line.startswith("column = ") and any(no in line for no in NEVER)]
