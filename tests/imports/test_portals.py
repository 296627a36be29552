"""Files in the shapes of statistical portals, rebuilt in small; the sums were worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bordertally.agents.imports.errors import UnreadableError
from bordertally.agents.imports.json_cubes import cube_rows
from bordertally.agents.imports.json_tables import cut_off
from bordertally.streams.errors import BordertallyError, ConfigError
from imports.test_shapes import claimed, run

PORTALS = Path(__file__).parent / "portals"

SUMS: dict[str, dict[tuple[str, str], float]] = {
    # men, women and all people below each other; a flag in a column of its own, a confidential figure
    "sdmx.csv": {("*:RO", "citizens:UA"): 200, ("*:RO", "citizens:MD"): 35},
    # the same as a TSV: ": c" is confidential, "p" provisional
    "flags-and-sexes.tsv": {("*:RO", "citizens:UA"): 120 + 80 + 70},
    # people and lorries in one column, codes of three digits beside
    "measures-and-codes.csv": {
        ("BR:UY:ponte", "people"): 1200,
        ("BR:UY:alto", "people"): 300,
        ("BR:UY:ponte", "people vehicles"): 500,
        ("BR:UY:alto", "people vehicles"): 100,
    },
    # a country, its regions and their gates in one column
    "nested-totals.csv": {
        ("US:CA:east-bridge", "people"): 1000 + 1050,
        ("US:CA:east-ferry", "people"): 800 + 800,
        ("US:CA:west-gate", "people"): 700 + 750,
        ("US:CA:west-hill", "people"): 500 + 500,
    },
    # hashtags of HXL and no other names; households beside people
    "hxl-names-only.csv": {("SD:TD", "people"): 1200 + 1350},
    # a cube of gates, months and one kind of figure; one cell has none
    "json-stat.json": {("RU:FI:north-gate", "people"): 10 + 20, ("RU:FI:south-gate", "people"): 40 + 50 + 60},
    "pxweb-json.json": {("RU:FI:north", "people"): 10, ("RU:FI:south", "people"): 60},
    # titles, two rows of names, signs for no figure, notes below
    "preamble-and-footnotes.csv": {("UA:DE", "people"): 300 + 330},
    "turkish.csv": {("GE:TR", "people"): 1234 + 2345 + 3456, ("BG:TR", "people"): 934 + 1045 + 1456},
    "thousands-in-cyrillic.csv": {("RU:KZ", "people"): 20_500 + 20_900, ("UZ:KZ", "people"): 10_000 + 10_100},
    # regions among countries, names with accents
    "regions-and-countries.csv": {
        ("GT:MX", "people"): 300 + 340 + 400,
        ("HN:MX", "people"): 200 + 250 + 300,
        ("CO:MX", "people"): 60 + 60 + 70,
        ("PE:MX", "people"): 40 + 50 + 40,
    },
    # numbers of countries, coordinates with a comma, women, men and both
    "country-numbers.csv": {("*:CO", "citizens:EC"): 801 + 781, ("*:CO", "citizens:BR"): 262},
    "footnotes-in-names.csv": {
        ("UA:PL", "people"): 1200 + 1400,
        ("UA:RO", "people"): 900,
        ("UA:MD", "people"): 1100,
    },
    # weeks that are named by their last day, averages and running totals beside
    "weeks-by-their-end.csv": {("*:GB", "people"): 700 + 770 + 630},
    "days-as-columns.csv": {("AT:CH:north", "people"): 10 + 20 + 30, ("AT:CH:south", "people"): 5 + 7},
    "both-sexes.csv": {("*:PA", "citizens:HT"): 1200 + 900 + 1300 + 950},
    # vehicles by the hour and direction, with their yearly average
    "hours-of-vehicles.csv": {("DE:PL:gate", "people vehicles"): 12 + 10 + 14},
    # ="1234", 1,23E+03 and '56
    "text-for-excel.csv": {("AT:CH:nord", "people"): 1234 + 56},
    "pages-of-a-portal.json": {("UA:PL", "people"): 95, ("UA:MD", "people"): 11},
    "vehicles-beside-rates.csv": {("SY:DE", "people vehicles"): 300 + 310},
    # a row of words below technical names
    "technical-names.csv": {("NE:LY:seguedine", "people"): 120 + 130},
}


def mapping_of(name: str) -> Path:
    return (PORTALS / name).with_suffix(".toml")


@pytest.mark.parametrize("name", SUMS)
def test_a_file_comes_to_its_sums(name: str) -> None:
    code, reports, summary = run(PORTALS / name, "--map", mapping_of(name))
    assert code == 0, summary
    assert claimed(reports) == SUMS[name]


def test_every_file_has_sums() -> None:
    assert {path.name for path in PORTALS.iterdir() if path.suffix != ".toml"} == set(SUMS)


WRONG = [
    # what somebody may have in the mapping instead, and what is said: refused, a bad cell, or listed
    ("sdmx.csv", ', sex = "T" }', ' }\n[claims.x]\ncolumn = "OBS_VALUE"', "several figures for one flow"),
    ("flags-and-sexes.tsv", 'drop = { sex = "T" }', "", "this one looks like a total of others"),
    (
        "measures-and-codes.csv",
        'unit = "vehicles"',
        'population = "drivers"',
        'figures of claims.trucks are of Trucks: are they people? Else set unit = "vehicles"',
    ),
    ("nested-totals.csv", '"Whole country", "East", "West"', "", "this is the sum of the places beside it"),
    ("hxl-names-only.csv", "affected+refugees", "affected+hh", "households: name a column of people"),
    ("thousands-in-cyrillic.csv", "times = 1000", "", "the file says 'тысяч человек'; set times = 1000"),
    ("weeks-by-their-end.csv", "week-ending", "week", 'names the last day of a week; set unit = "week-ending"'),
    ("weeks-by-their-end.csv", '"Arrivals"', '"Daily average"', 'sounds like an average; set per = "day"'),
    ("weeks-by-their-end.csv", '"Arrivals"', '"Cumulative"', "sounds cumulative, and the unit is week-ending"),
    ("hours-of-vehicles.csv", 'unit = "vehicles"', "", "'KFZ_R1' sounds like vehicles; set unit = \"vehicles\""),
    ("hours-of-vehicles.csv", "KFZ_R1", "DTV", "'DTV' sounds like an average"),
    (
        "vehicles-beside-rates.csv",
        '"Vehicles"',
        '"Recognition rate"',
        "sounds like a share, a change, an error, a rate",
    ),
    ("technical-names.csv", 'drop = { survey_date = "Date of survey" }', "", "this is no day of the form %Y-%m-%d"),
]


@pytest.mark.parametrize(("name", "old", "new", "says"), WRONG)
def test_a_mapping_that_would_be_wrong_is_not_silent(tmp_path: Path, name: str, old: str, new: str, says: str) -> None:
    mapping = mapping_of(name).read_text()
    assert old in mapping
    (tmp_path / "map.toml").write_text(mapping.replace(old, new))
    try:
        _, _, said = run(PORTALS / name, "--map", tmp_path / "map.toml")
    except ConfigError as error:  # the command then ends with code 2, and this sentence
        said = str(error)
    assert says in said


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"maxPages": 1', '"maxPages": 5', "look again: 5 pages of records by maxPages, of which the file holds one"),
        ('"total": 2', '"total": 500', "look again: 500 records by total, of which the file holds 2"),
    ],
)
def test_a_page_of_a_portal_is_not_taken_for_all_of_it(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = (PORTALS / "pages-of-a-portal.json").read_text()
    assert old in text
    (tmp_path / "in.json").write_text(text.replace(old, new))
    _, _, said = run(tmp_path / "in.json", "--map", mapping_of("pages-of-a-portal.json"))
    assert says in said


def test_vehicles_that_are_added_to_people_are_listed(tmp_path: Path) -> None:
    mapping = mapping_of("measures-and-codes.csv").read_text().partition("[claims.trucks]")[0]
    chosen = 'only = { Measure = "Pedestrians" }'
    assert chosen in mapping
    (tmp_path / "map.toml").write_text(f'same_key = "add"\n{mapping.replace(chosen, "")}')
    _, _, said = run(PORTALS / "measures-and-codes.csv", "--map", tmp_path / "map.toml")
    assert (
        "word in column 6 that says vehicles, whose rows were added up as people: Trucks; choose with rows.only" in said
    )


def cube(**changed: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((PORTALS / "json-stat.json").read_text())
    return document | changed


@pytest.mark.parametrize(
    "document",
    [
        cube(),
        cube(value={"0": 10, "1": 20, "3": 40, "4": 50, "5": 60}),  # only the cells with figures
        {"dataset": cube()},  # as version 1 has it
    ],
)
def test_a_cube_is_the_same_in_every_form_of_json_stat(tmp_path: Path, document: dict[str, Any]) -> None:
    (tmp_path / "in.json").write_text(json.dumps(document))
    code, reports, _ = run(tmp_path / "in.json", "--map", mapping_of("json-stat.json"))
    assert code == 0
    assert claimed(reports) == SUMS["json-stat.json"]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (cube(value=[1, 2]), "in.json: this JSON-stat has 2 values for 6 cells"),
        (cube(size=[2, 2, 1]), "in.json: this JSON-stat does not describe its dimensions; download the table as CSV"),
        ({"columns": [{"text": "x"}], "data": []}, "this PxWeb table does not name its columns; download it as CSV"),
        (
            {"columns": [{"code": "x"}], "data": [{"key": ["a"], "values": ["1"]}]},
            "a row of this PxWeb table has not 1 cells",
        ),
    ],
)
def test_a_cube_that_contradicts_itself_is_refused(document: dict[str, Any], says: str) -> None:
    with pytest.raises(UnreadableError) as error:
        cube_rows(document, "in.json")
    assert says in str(error.value)


def test_as_many_records_as_a_portal_sends_at_most_are_listed() -> None:
    records = [{"day": "2024-01-31", "people": 1}] * 1_000
    assert cut_off(records, "") == ("records exactly: was the download cut at a limit?", 1_000)
    assert cut_off(records[1:], "") is None


SAID = [
    # a file, what a mapping says of it, and what the user hears: once these went in without a word
    (
        "年月,入境\n11301,5200\n",
        'columns = "年月"\nformat = "%Y%m"',
        "",
        "入境",
        "the year 1130 is before 1900; if it is",
    ),
    (
        "Y,M,In\n1402,1,52\n",
        'columns = ["Y", "M"]\nformat = "%Y %m"',
        "",
        "In",
        "the year 1402 is before 1900; if it is",
    ),
    (
        "M,Tipo,Qtd\n2023-01,E,120\n2023-01,S,80\n",
        'columns = "M"',
        'same_key = "add"',
        "Qtd",
        "column 2 has entries and exits, whose rows were added up: E and S; choose one with only",
    ),
    (
        "M,Arrival / Departure,Total\n2023-01,Arrival,60\n2023-01,Departure,63\n",
        'columns = "M"',
        'same_key = "add"',
        "Total",
        "column 2 has entries and exits, whose rows were added up: Arrival and Departure; choose one",
    ),
    (
        "P,Movements\nUnit,000\n2024-01,12\n",
        'columns = "P"\nskip = "Unit"',
        "",
        "Movements",
        "row 2 says '000'; set times",
    ),
    ("M,numPresentIdpInd\n2023-01,51\n", 'columns = "M"', "", "numPresentIdpInd", 'there; set measure = "stock"'),
    ("M,Both directions\n2023-01,51\n", 'columns = "M"', "", "Both directions", "sounds like both directions together"),
    (
        "<table><tr><td>M</td></tr></table>",
        'columns = "M"',
        "",
        "In",
        "this is a web page with a table: open it with a",
    ),
    ('<?xml version="1.0"?><Workbook/>', 'columns = "M"', "", "In", "this is XML, as Excel 2003 wrote: open it with a"),
    (
        '{"data": {"dataSets": [], "structure": {}}}',
        'columns = "M"',
        "",
        "In",
        "SDMX-JSON; download the table as SDMX-CSV",
    ),
]


@pytest.mark.parametrize(("text", "period", "top", "column", "says"), SAID)
def test_a_file_of_another_shape_is_not_read_in_silence(  # noqa: PLR0917 - a file and a mapping
    tmp_path: Path, text: str, period: str, top: str, column: str, says: str
) -> None:
    (tmp_path / "in.csv").write_text(text)
    (tmp_path / "map.toml").write_text(
        f'source = "office"\n{top}\n[period]\n{period}\nunit = "month"\n'
        f'[flow]\npath = "*:RO"\n[claims.x]\ncolumn = "{column}"\n'
    )
    try:
        _, _, said = run(tmp_path / "in.csv", "--map", tmp_path / "map.toml")
    except BordertallyError as error:  # the command then ends with code 2, and this sentence
        said = str(error)
    assert says in said
