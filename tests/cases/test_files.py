"""Cases about files that people hold: the commands of the cases are run as they stand."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bordertally.agents.cli.main import cli
from cases.kit import BUGS

PLAIN = """
source = "desk-a"
{same_key}
[period]
columns = "date"
unit = "day"
[flow]
path = "{path}"
[claims.people]
column = "people"
"""


def run(name: str, monkeypatch: pytest.MonkeyPatch) -> Result:
    """What the command of a case prints in its folder."""
    monkeypatch.chdir(BUGS / name)
    _, *words = shlex.split(Path("command.txt").read_text(encoding="utf-8"))
    return CliRunner().invoke(cli, words, catch_exceptions=False)


def imported(directory: Path, **lines: str) -> Result:
    """What `import` makes of the file of the case that is the working directory."""
    (directory / "map.toml").write_text(PLAIN.format(**lines))
    return CliRunner().invoke(cli, ["import", "in.csv", "--map", str(directory / "map.toml")], catch_exceptions=False)


def figures(done: Result) -> dict[tuple[str, str], int]:
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    claims = [claim for report in reports for claim in report.get("claims", [report])]
    return {(claim["flow"], claim["period"]): claim["people"] for claim in claims}


def test_names_without_latin_letters_are_checkpoints_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {
        ("BR:UY:most", "2023-05-01"): 50,
        ("BR:UY:brod", "2023-05-01"): 70,
        ("BR:UY:old-bridge", "2023-05-01"): 20,
    }
    assert figures(run("08-csv-cyrillic-places", monkeypatch)) == places
    assert figures(imported(tmp_path, path="BR:UY:{flow}", same_key="")) == places


def test_a_day_that_was_pasted_twice_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run("10-csv-duplicated-rows", monkeypatch)
    assert "in.csv:4: equals in.csv:3 in every column; both are added up. If one is a copy, delete it" in done.stderr
    assert figures(done)["BR:UY", "2023-05-02"] == 1_900
    refused = imported(tmp_path, path="BR:UY", same_key="")
    assert (refused.exit_code, ("BR:UY", "2023-05-02") in figures(refused)) == (1, False)
    once = imported(tmp_path, path="BR:UY", same_key='same_key = "once"')
    assert (once.exit_code, figures(once)["BR:UY", "2023-05-02"]) == (0, 950)


def test_a_byte_order_mark_of_windows_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    done = run("19-bom", monkeypatch)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "2 reports, 0 with a fault\n")
