from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bordertally.agents.cli.main import cli
from bordertally.streams.errors import BordertallyError


def reports(file: Path, *words: str) -> tuple[list[dict[str, object]], str]:
    call = ["reports", str(file), "--source", "desk-a", "--flow", "BR:UY", *words]
    done = CliRunner().invoke(cli, call, catch_exceptions=False)
    assert done.exit_code == 0
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_names_without_latin_letters_are_places_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("date,flow,people\n2023-05-01,Мост,50\n2023-05-01,Брод,70\n2023-05-01,Old Bridge,20\n")
    (report,), _ = reports(file)
    claims: list[dict[str, object]] = report["claims"]  # type: ignore[assignment]
    assert {claim["flow"]: claim["people"] for claim in claims} == {
        "BR:UY:most": 50,
        "BR:UY:brod": 70,
        "BR:UY:old-bridge": 20,
    }


def test_two_names_that_would_be_one_flow_are_named(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("date,flow,people\n2023-05-01,Brod,50\n2023-05-01,Brød,70\n")
    with pytest.raises(BordertallyError, match="Brod and Brød would both be BR:UY:brod; rename one of them"):
        reports(file)
    file.write_text("date,flow,people\n2023-05-01,Lo Wu,50\n2023-05-01,LO-WU,70\n")
    assert reports(file)[0][0]["people"] == 120


def test_rows_that_equal_an_earlier_one_are_named(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("date,people\n2023-05-01,900\n2023-05-02,950\n2023-05-02,950\n2023-05-02,951\n")
    reports_made, output = reports(file)
    assert [report["people"] for report in reports_made] == [900, 2851]
    assert output.splitlines()[0] == (
        f"{file}:4: equals {file}:3 in every column; both are added up. If one is a copy, delete it"
    )
    file.write_text("date,people\n" + "2023-05-02,950\n" * 30)
    assert "19 more rows equal an earlier one" in reports(file)[1]
