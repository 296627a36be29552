"""What `import --guess` makes of the shapes: what it must see, and nothing that imports without a decision."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bordertally.agents.cli.main import cli
from bordertally.streams.errors import ConfigError
from bordertally.streams.imports.guessing.samples import DECIDE
from bordertally.streams.imports.mapping import read_mapping
from imports.sheets import write_xlsx
from imports.test_shapes import SHAPES, claimed, run


def guessed(path: Path) -> str:
    done = CliRunner().invoke(cli, ["import", str(path), "--guess"], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


PARTS: dict[str, dict[str, Any]] = {
    "long-measures.csv": {"format": "%m/%d/%Y %I:%M:%S %p", "column": "Value"},
    "figures-in-a-row.csv": {"unit": "day", "format": "%d-%m-%Y", "column": "Residents"},
    "eurostat.tsv": {"unit": "quarter", "format": "%Y-Q%q", "delimiter": "\t", "split": ",", "flags": "bp"},
    "cumulative.json": {"records": "data.timeseries", "columns": ["data_date"]},
    "wide-months.csv": {"unit": "month", "format": "%Y %b", "header": 4},
    "countries-as-columns.csv": {"unit": "month", "format": "%Y %m月", "header": 2, "encoding": "cp932", "group": ","},
    "members-and-totals.csv": {"unit": "month", "format": "%Y-%m", "column": "visitors"},
    "quarters.csv": {
        "unit": "quarter",
        "format": "%Y Q%q",
        "header": 2,
        "group": ",",
        "column": "Number of detections",
    },
    "thousands.csv": {"unit": "month", "column": "VALUE"},
    "latin-1.csv": {"delimiter": ";", "group": ".", "decimal": ",", "column": "Hombres"},
    "cyrillic.csv": {"unit": "day", "format": "%d.%m.%Y", "encoding": "cp1251", "delimiter": ";", "group": " "},
    "hxl.csv": {"unit": "day", "column": "Individuals"},
    "entering.csv": {"unit": "day", "delimiter": ";", "group": ".", "column": "Intrări persoane"},
    "utf-16.txt": {"unit": "week", "delimiter": "\t", "group": "'", "column": "Personen"},
    "fiscal-year.csv": {"column": "encounter_count"},
}


@pytest.mark.parametrize("name", PARTS)
def test_a_guess_sees_how_the_file_is_written_and_leaves_the_rest_to_a_person(name: str) -> None:
    text = guessed(SHAPES / name)
    table = tomllib.loads(text)
    seen = {**table, **table["period"], **table["claims"]["figure1"]}
    assert {key: seen.get(key) for key in PARTS[name]} == PARTS[name]
    assert DECIDE in text
    with pytest.raises(ConfigError, match="is not decided yet"):
        read_mapping(text, name)


def test_every_shape_is_guessed() -> None:
    assert {Path(name).stem for name in PARTS} == {path.stem for path in SHAPES.glob("*.toml")}


PATH = '"??:??"'
MONTHS = ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"]
PEOPLE_AND_CARS = """only = { Measure = ["Pedestrians", "Bus Passengers"] }
[claims.cars]
column = "Value"
unit = "vehicles"
only = { Measure = "Personal Vehicles" }
"""
DECISIONS: dict[str, list[tuple[str, str]]] = {
    "entering.csv": [
        (PATH, '"*:RO"'),
        ('column = "din care minori"', 'column = "din care minori"\npopulation = "minors"'),
    ],
    "hxl.csv": [(PATH, '"UA:PL:{Border crossing}"')],
    "thousands.csv": [(PATH, '"US:CA:{GEO}"'), ('column = "VALUE"', 'column = "VALUE"\ntimes = 1000')],
    "utf-16.txt": [(PATH, '"AT:CH:{Übergang}"'), ("[period]", "suppressed = { '<10' = [0, 9] }\n[period]")],
    "members-and-totals.csv": [
        (PATH, '"{country}:KR"'),
        (', "age" = ["AllAges"]', ""),
        ("[flow]", 'only = { age = "AllAges" }\n[countries]\n"Itary" = "IT"\n[flow]'),
    ],
    "quarters.csv": [
        (PATH, '"FR:GB"'),
        ("[period]", 'missing = ["", "[z]"]\nsuppressed = { "[c]" = [1, 4] }\n[period]'),
        ("# population", "population"),
        ("[flow]", '[countries]\n"Stateless" = "ZZ"\n[flow]'),
    ],
    "latin-1.csv": [
        (PATH, '"CO:PA"'),
        ("[period]", 'same_key = "add"\n[period]'),
        ('columns = ["Año"]', 'columns = ["Año", "Mes"]'),
        ('unit = "year"', f'unit = "month"\nmonths = {MONTHS}'),
        ("[flow]", '[countries]\n"España" = "ES"\n"Perú" = "PE"\n[flow]'),
        ('"%Y"', '"%Y %b"'),
        ("# population", "population"),
    ],
    "cyrillic.csv": [
        (PATH, '"RU:GE:{Пункт пропуска}"'),
        ('column = "Въезд"', 'column = "Въезд"\nflow = "GE:RU:{Пункт пропуска}"'),
    ],
    "cumulative.json": [
        (PATH, '"UA"'),
        ('unit = "day"', 'unit = "since"\nsince = 2022-02-24'),
        ("[claims.figure1]", "[claims.other]"),
        ('column = "unix_timestamp"', 'column = "unix_timestamp"\nmeasure = "stock"'),
    ],
    "wide-months.csv": [
        (PATH, '"{Data Series}:SG"'),
        (
            '"Total International Visitor Arrivals"',
            '"Total International Visitor Arrivals", "Southeast Asia", "Oceania"',
        ),
    ],
    "eurostat.tsv": [
        (PATH, "'MD:{geo\\TIME_PERIOD}'"),
        ('drop = { "citizen" = ["TOTAL"] }', ""),
        ("[claims.figure1]", '[claims.figure1]\nall = "TOTAL"\nmeasure = "refused"'),
        ('# population = "citizens:{citizen}"', 'population = "citizens:{citizen}"'),
    ],
    "countries-as-columns.csv": [
        (PATH, '"{country}:JP"'),
        ("[flow]", "[countries]\n'韓国' = 'KR'\n'台湾' = 'TW'\n[wide]\ncolumns = '(?P<country>韓国|台湾)'\n[flow]"),
        ("figure1", "visitors"),
        ('column = "韓国"', ""),
    ],
    "figures-in-a-row.csv": [
        (PATH, '"CN:HK:{Control Point}"'),
        (
            'column = "Residents"',
            'column = "Residents"\npopulation = "residents"\nonly = { "Arrival / Departure" = "Arrival" }',
        ),
        ('column = "Neighbours"', 'column = "Total"\nonly = { "Arrival / Departure" = "Arrival" }'),
        (
            'column = "Others"',
            'column = "Total"\nflow = "HK:CN:{Control Point}"\nonly = { "Arrival / Departure" = "Departure" }',
        ),
    ],
    "long-measures.csv": [
        (PATH, '"{Border}:UY:{Port Name}"'),
        ("[period]", 'same_key = "add"\n[period]'),
        ('unit = "day"', 'unit = "month"'),
        ("[flow]", '[countries]\n"Norte Border" = "BR"\n"Sur Border" = "AR"\n[flow]'),
        ('column = "Value"', f'column = "Value"\n{PEOPLE_AND_CARS}'),
    ],
    "fiscal-year.csv": [
        (PATH, '"CA:US"'),
        ("[period]", 'same_key = "add"\n[period]'),
        ('["??"]', '["fiscal_year", "month_abbv"]'),
        ('unit = "day"', 'unit = "month"'),
        ('"%Y-%m-%d"', '["%Y %b", "%Y (FYTD) %b"]'),
        ("# fiscal_year_starts", "fiscal_year_starts"),
        ("# population", "population"),
        ("[flow]", '[countries]\n"OTHER" = "ZZ"\n[flow]'),
    ],
}
"""What a person decides where a guess asks: what stands in the guess, and what is written in its place."""

LEFT_OUT = {
    "cumulative.json": "other",
    "countries-as-columns.csv": "figure2 figure3",
    "figures-in-a-row.csv": "figure4",
}
"""Figures of a guess that the person does not want."""


@pytest.mark.parametrize("name", PARTS)
def test_with_what_a_person_decides_a_guess_imports_what_the_mapping_by_hand_does(tmp_path: Path, name: str) -> None:
    text = guessed(SHAPES / name).replace('source = "??"', 'source = "x"')
    for old, new in DECISIONS[name]:
        assert old in text, old
        text = text.replace(old, new)
    for figure in LEFT_OUT.get(name, "").split():
        text = re.sub(rf"\[claims\.{figure}\]\n(?:(?!\[).*\n)*", "", text)
    (tmp_path / "map.toml").write_text(text)
    code, reports, summary = run(SHAPES / name, "--map", tmp_path / "map.toml")
    assert code == 0, summary
    _, by_hand, _ = run(SHAPES / name, "--map", (SHAPES / name).with_suffix(".toml"))
    assert claimed(reports) == claimed(by_hand)


@pytest.mark.parametrize(
    ("name", "asks"),
    [
        (
            "countries-as-columns.csv",
            'fill_down = ["年"]  # DECIDE: do the empty cells below a value mean the same value?',
        ),
        ("thousands.csv", 'DECIDE: the file says "thousands": are these figures in thousands? If not, times = 1'),
        ("figures-in-a-row.csv", 'DECIDE: rows differ in "Arrival / Departure" ("Arrival", "Departure")'),
        (
            "long-measures.csv",
            'DECIDE: rows differ in "Measure" ("Pedestrians", "Bus Passengers", "Personal Vehicles", "Trucks")',
        ),
        ("fiscal-year.csv", 'DECIDE: "fiscal_year" sounds like fiscal years: in which month do they start?'),
        ("quarters.csv", 'DECIDE: is "Nationality" a part of the flow, or the citizenship?'),
        ("latin-1.csv", "DECIDE: does no other column name the month?"),
        ("cumulative.json", "DECIDE: figures never fall: are they cumulative?"),
    ],
)
def test_a_guess_asks_what_would_be_silently_wrong(name: str, asks: str) -> None:
    assert asks in guessed(SHAPES / name)


def test_the_sheet_of_a_workbook_is_named(tmp_path: Path) -> None:
    rows: list[list[str | float]] = [["Day", "In"], ["2023-05-01", 5], ["2023-05-02", 4]]
    write_xlsx(tmp_path / "in.xlsx", {"May": rows, "Notes": [["x"]]})
    table = tomllib.loads(guessed(tmp_path / "in.xlsx"))
    assert (table["sheet"], table["period"]["columns"], table["claims"]["figure1"]) == (
        "May",
        ["Day"],
        {"column": "In"},
    )
