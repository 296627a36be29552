"""What `import --guess` makes of the shapes: what it must see, and nothing that imports without a decision."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bordertally.agents.cli.main import cli
from bordertally.streams.errors import ConfigError
from bordertally.streams.imports.guessing import DECIDE
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


@pytest.mark.parametrize(
    ("name", "path"),
    [("hxl.csv", "UA:PL:{Border crossing}"), ("thousands.csv", "US:CA:{GEO}"), ("utf-16.txt", "AT:CH:{Übergang}")],
)
def test_with_what_a_person_decides_a_guess_imports_what_the_mapping_by_hand_does(
    tmp_path: Path, name: str, path: str
) -> None:
    decided = guessed(SHAPES / name).replace('source = "??"', 'source = "x"').replace('"??:??"', f'"{path}"')
    if name == "utf-16.txt":
        decided = decided.replace("[period]", "suppressed = { '<10' = [0, 9] }\n[period]", 1)
    if name == "thousands.csv":
        decided += "times = 1000\n"
    (tmp_path / "map.toml").write_text(decided)
    code, reports, summary = run(SHAPES / name, "--map", tmp_path / "map.toml")
    assert code == 0, summary
    _, by_hand, _ = run(SHAPES / name, "--map", (SHAPES / name).with_suffix(".toml"))
    assert claimed(reports) == claimed(by_hand)


def test_the_sheet_of_a_workbook_is_named(tmp_path: Path) -> None:
    rows: list[list[str | float]] = [["Day", "In"], ["2023-05-01", 5], ["2023-05-02", 4]]
    write_xlsx(tmp_path / "in.xlsx", {"May": rows, "Notes": [["x"]]})
    table = tomllib.loads(guessed(tmp_path / "in.xlsx"))
    assert (table["sheet"], table["period"]["columns"], table["claims"]["figure1"]) == (
        "May",
        ["Day"],
        {"column": "In"},
    )
