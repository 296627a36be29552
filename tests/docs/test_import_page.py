"""What docs/import.md shows is what the command does: its mappings are those of the tests, its example comes out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bordertally.agents.cli.main import cli
from bordertally.streams.imports.mapping import ImportMap, PeriodColumns, RowChoice, read_mapping

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/import.md").read_text(encoding="utf-8")
SHAPES = ROOT / "tests/imports/shapes"
MAPPINGS = re.findall(r"^```toml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("text", MAPPINGS, ids=range(len(MAPPINGS)))
def test_every_mapping_of_the_page_is_one(text: str) -> None:
    assert read_mapping(text, "docs/import.md").claims


def test_the_mapping_of_every_shape_stands_on_the_page() -> None:
    shapes = {path.read_text(encoding="utf-8").rstrip() for path in SHAPES.glob("*.toml")}
    assert len(shapes) >= 14
    assert shapes <= {text.rstrip() for text in MAPPINGS}


def test_every_key_of_a_mapping_is_described() -> None:
    table = PAGE.partition("## The mapping")[2].partition("##")[0]
    keys = {*ImportMap.__struct_fields__, *PeriodColumns.__struct_fields__, *RowChoice.__struct_fields__}
    assert {key for key in keys if not re.search(rf"\b{key}\b", table)} == set()


def test_the_first_example_comes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    table, summary = re.findall(r"^```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)[:2]
    (tmp_path / "arrivals.csv").write_text(table)
    (tmp_path / "arrivals.toml").write_text(MAPPINGS[0])
    done = CliRunner().invoke(cli, ["import", "arrivals.csv", "--map", "arrivals.toml", "--check"])
    assert (done.exit_code, done.stdout) == (1, summary)


def test_the_spreadsheet_of_the_quickstart_comes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = (ROOT / "docs/quickstart.md").read_text(encoding="utf-8").partition("## 2. Bring")[2].partition("\n## ")[0]
    monkeypatch.chdir(tmp_path)
    for name, body in re.findall(r"^cat > (\S+) <<'END'\n(.*?)^END$", step, re.DOTALL | re.MULTILINE):
        (tmp_path / name).write_text(body)
    done = CliRunner().invoke(cli, ["import", "arrivals.csv", "--map", "arrivals.toml"])
    assert done.exit_code == 0
    assert done.stderr in step
    (tmp_path / "arrivals.ndjson").write_text(done.stdout)
    checked = CliRunner().invoke(cli, ["check", "arrivals.ndjson"])
    assert (checked.exit_code, checked.stdout) == (0, "")
