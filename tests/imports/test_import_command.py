"""The command `import`: what it writes, what it says of files that it cannot read, and its exit codes."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bordertally.agents.cli.main import cli
from bordertally.streams.errors import BordertallyError
from bordertally.streams.flows import Flow
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.reports.sources import parse_registry
from bordertally.streams.reports.validation import read_report
from imports.sheets import write_xlsx
from unit.kit import NOW
from unit.streams.imports.kit import PLAIN


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "map.toml").write_text(PLAIN.format(top="", claims=""))
    return tmp_path


def run(*words: str) -> tuple[int, list[dict[str, object]], str]:
    done = CliRunner().invoke(cli, ["import", *words], catch_exceptions=False)
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def people(reports: list[dict[str, object]]) -> list[object]:
    return [claim["people"] for report in reports for claim in report["claims"]]  # type: ignore[attr-defined]


def test_names_without_latin_letters_are_places_of_their_own(here: Path) -> None:
    (here / "in.csv").write_text("Day,Gate,In\n2023-05-01,Мост,50\n2023-05-01,Брод,70\n2023-05-01,Old Bridge,20\n")
    code, reports, _ = run("in.csv", "--map", "map.toml")
    claims = reports[0]["claims"]
    assert code == 0
    assert [(claim["flow"], claim["people"]) for claim in claims] == [  # type: ignore[attr-defined]
        ("BR:UY:brod", 70),
        ("BR:UY:most", 50),
        ("BR:UY:old-bridge", 20),
    ]


TWICE = "Day,Gate,In\n2023-05-01,A,900\n2023-05-02,A,950\n2023-05-02,A,950\n2023-05-03,A,960\n"


@pytest.mark.parametrize(
    ("policy", "code", "expected", "says"),
    [
        ("refuse", 1, [900, 960], "in.csv, rows 3, 4, In: several figures for one flow, period and population"),
        ("once", 0, [900, 950, 960], "1 repeated"),
        ("add", 0, [900, 1900, 960], "look again: 1 cells of rows that equal an earlier row in every cell"),
        ("last", 0, [900, 950, 960], "1 replaced"),
    ],
)
def test_a_row_that_stands_twice_is_never_taken_for_a_surge(
    here: Path, policy: str, code: int, expected: list[int], says: str
) -> None:
    (here / "in.csv").write_text(TWICE)
    (here / "map.toml").write_text(PLAIN.format(top=f"same_key = '{policy}'", claims=""))
    found, reports, summary = run("in.csv", "--map", "map.toml")
    assert (found, people(reports)) == (code, expected)
    assert says in summary


def test_strict_writes_nothing_if_anything_is_bad(here: Path) -> None:
    (here / "in.csv").write_text(TWICE)
    code, reports, summary = run("in.csv", "--map", "map.toml", "--strict")
    assert (code, reports) == (1, [])
    assert "2 bad" in summary


def test_check_writes_the_summary_only(here: Path) -> None:
    (here / "in.csv").write_text("Day,Gate,In\n2023-05-01,A,900\n2023-05-03,A,1\n")
    done = CliRunner().invoke(cli, ["import", "in.csv", "--map", "map.toml", "--check"])
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == "sum of what was taken: 901 people"
    code, (summary,), _ = run("in.csv", "--map", "map.toml", "--check", "--json")
    assert (code, summary["taken"], summary["claims"], summary["reports"]) == (0, 2, 2, 0)


def test_the_summary_as_json_stands_beside_the_reports(here: Path) -> None:
    (here / "in.csv").write_text(TWICE)
    code, reports, text = run("in.csv", "--map", "map.toml", "--json")
    summary = json.loads(text)
    assert (code, len(reports), summary["reports"], summary["claims"], summary["bad"]) == (1, 1, 1, 2, 2)
    assert summary["series"][0]["people"] == sum(people(reports))  # type: ignore[arg-type]


def test_the_ledger_makes_five_corrections_and_a_withdrawal_of_an_edition_that_changes_so_much(here: Path) -> None:
    days = [f"2023-05-{day:02}" for day in range(1, 21)]
    first = [f"{day},A,{900 + place}" for place, day in enumerate(days)]
    second = [row.replace(",9", ",1") if place in (0, 4, 9, 13, 18) else row for place, row in enumerate(first)]
    second.remove(first[15])
    for name, rows in (("old.csv", first), ("new.csv", second)):
        (here / name).write_text("\n".join(["Day,Gate,In", *rows]))
    _, whole, _ = run("old.csv", "--map", "map.toml", "--published", "2023-06-01")
    _, changes, _ = run("new.csv", "--map", "map.toml", "--previous", "old.csv", "--published", "2023-07-01")
    registry = parse_registry('[sources.police]\nname = "Police"\nflows = ["BR"]\ngrade = "A"\n', "sources.toml")
    ledger = Ledger()
    outcomes = [
        {outcome.value: number for (_, outcome), number in ledger.apply(claims).outcomes.items()}
        for claims in (read_report(json.dumps(report).encode(), registry, NOW) for report in [*whole, *changes])
    ]
    assert outcomes == [{"new": 20}, {"correction": 5, "withdrawal": 1}]
    bins = ledger.nodes[Flow("BR:UY:a")].series[PEOPLE].bins.values()
    assert sum(day_bin.best for day_bin in bins) == sum(int(row.rpartition(",")[2]) for row in second)


@pytest.mark.parametrize(
    ("published", "says"),
    [
        ('"2023-06-01"', "published: this edition and the one before are both of 2023-06-01T00:00:00Z"),
        ('"file"', "published: new.csv is older than the edition before, old.csv"),
    ],
)
def test_an_edition_that_is_published_no_later_than_the_one_before_is_refused(
    here: Path, published: str, says: str
) -> None:
    for name, moment in (("old.csv", 1_700_000_000), ("new.csv", 1_600_000_000)):
        (here / name).write_text("Day,Gate,In\n2020-05-01,A,900\n")
        os.utime(here / name, (moment, moment))
    (here / "map.toml").write_text(PLAIN.format(top=f"published = {published}", claims=""))
    words = ("new.csv", "--map", "map.toml", "--previous", "old.csv")
    with pytest.raises(BordertallyError, match=re.escape(says)):
        run(*words)
    assert run(*words, "--published", "2024-01-01")[0] == 0


def test_an_edition_writes_what_it_changes(here: Path) -> None:
    (here / "old.csv").write_text("Day,Gate,In\n2023-05-01,A,900\n2023-05-02,A,950\n2023-05-03,A,960\n")
    (here / "new.csv").write_text("Day,Gate,In\n2023-05-01,A,900\n2023-05-02,A,951\n2023-05-04,A,970\n")
    code, reports, summary = run("new.csv", "--map", "map.toml", "--previous", "old.csv", "--published", "2023-06-01")
    assert code == 0
    assert people(reports) == [951, 970, None]
    assert reports[0]["published"] == "2023-06-01T00:00:00Z"
    assert "against old.csv: 1 unchanged, 1 corrected, 1 added, 1 withdrawn" in summary


def test_rows_that_are_gone_stay_while_others_cannot_be_placed(here: Path) -> None:
    (here / "old.csv").write_text("Day,Gate,In\n2023-05-01,A,900\n2023-05-02,A,950\n")
    (here / "new.csv").write_text("Day,Gate,In\n2023-05-01,A,900\n2023-05-32,A,950\n")
    code, reports, summary = run("new.csv", "--map", "map.toml", "--previous", "old.csv")
    assert (code, reports) == (1, [])
    assert "1 gone but not withdrawn, as other rows could not be read" in summary


def test_published_is_the_time_of_the_file(here: Path) -> None:
    (here / "in.csv").write_text("Day,Gate,In\n2023-05-01,A,900\n")
    import os  # noqa: PLC0415

    os.utime(here / "in.csv", (1_700_000_000, 1_700_000_000))
    _, reports, _ = run("in.csv", "--map", "map.toml", "--published", "file")
    assert reports[0]["published"] == "2023-11-14T22:13:20Z"


def test_standard_input_and_a_byte_order_mark(here: Path) -> None:
    assert here
    text = "\ufeffDay,Gate,In\r\n2023-05-01,A,900\r\n"
    done = CliRunner().invoke(cli, ["import", "-", "--map", "map.toml"], input=text.encode())
    assert done.exit_code == 0
    assert json.loads(done.stdout)["claims"][0]["people"] == 900


GOOD = b"Day,Gate,In\n2023-05-01,A,900\n"


@pytest.mark.parametrize(
    ("content", "top", "says"),
    [
        (
            b"Day;Gate;In\n2023-05-01;A;9\n",
            "",
            "in.csv: claims.entries.column: there is no column 'In'; .* set delimiter = ';'",
        ),
        (
            "Day,Gate,In\n2023-05-01,Büren,9\n".encode("latin-1"),
            "",
            "in.csv: the bytes are not utf-8 .*0xfc.* set encoding",
        ),
        (GOOD, "encoding = 'utf-9'", "in.csv: encoding: 'utf-9' is no encoding; try utf-8, cp1252 or utf-16"),
        (
            b'Day,Gate,In\n2023-05-01,"A,9\n',
            "",
            "in.csv: line 2: unexpected end of data; check the quotes around cells",
        ),
        (b"%PDF-1.7 ...", "", "in.csv: this is a PDF: copy its table into a spreadsheet"),
        (b"<!doctype html><p>x", "", "in.csv: this is a web page: download the file that it links to"),
        (
            b"version https://git-lfs.github.com/spec/v1",
            "",
            "in.csv: this is a pointer of Git LFS: fetch the file itself",
        ),
        (b"\x1f\x8b\x08\x00", "", "in.csv: this is compressed: unpack it first"),
        (b"PK\x03\x04nothing", "", "in.csv: this workbook cannot be read: .*; save it again, without a password"),
        (
            b'{"data": {"rows": [{"a": 1}]}}',
            "",
            "in.csv: records: the document is no list of records; lists stand at data.rows",
        ),
        (b'{"data": []}', "records = 'data.rows'", "in.csv: records: there is no 'rows' of 'data.rows'"),
        (b'{"data": [', "", "in.csv: this is no JSON: Input data was truncated"),
        (b"", "", "in.csv: claims.entries.column: there is no column 'In'; the columns are none"),
    ],
)
def test_a_file_that_is_no_table_says_what_to_do(here: Path, content: bytes, top: str, says: str) -> None:
    (here / "in.csv").write_bytes(content)
    (here / "map.toml").write_text(PLAIN.format(top=top, claims=""))
    with pytest.raises(BordertallyError, match=says):
        run("in.csv", "--map", "map.toml")


@pytest.mark.parametrize(
    ("top", "says"),
    [
        ("", "in.xlsx: the sheets are May, June; name one with sheet or --sheet, or \\* for all"),
        ("sheet = 'July'", "in.xlsx: there is no sheet 'July'; the sheets are May, June"),
        ("sheet = 'May'\nrange = 'A1'", "in.xlsx: range: A1 is not of the form A1:N23"),
        ("sheet = 'May'\nrange = 'C1:A9'", "in.xlsx: range: C1:A9 ends before it begins"),
    ],
)
def test_a_sheet_that_is_not_there_is_named_with_those_that_are(here: Path, top: str, says: str) -> None:
    write_xlsx(here / "in.xlsx", {"May": [["Day", "Gate", "In"]], "June": []})
    (here / "map.toml").write_text(PLAIN.format(top=top, claims=""))
    with pytest.raises(BordertallyError, match=says):
        run("in.xlsx", "--map", "map.toml")


def test_errors_and_formulas_without_a_value_are_no_empty_cells(here: Path) -> None:
    rows: list[list[str | float]] = [["Day", "Gate", "In"], ["2023-05-01", "A", "#REF!"], ["2023-05-02", "A", "=C2+1"]]
    write_xlsx(here / "in.xlsx", {"May & June": [*rows, ["2023-05-03", "A", 7]]})
    code, reports, summary = run("in.xlsx", "--map", "map.toml")
    assert (code, people(reports)) == (1, [7])
    assert "in.xlsx [May & June], row 2, In: this is no number" in summary
    assert "(got #REF!)" in summary
    assert "(got a formula without a stored value)" in summary
    assert "cells: 1 taken, 2 bad" in summary


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["in.csv"], "give a mapping with --map"),
        (["none.csv", "--map", "map.toml"], "none.csv: No such file or directory"),
        (["in.csv", "--map", "none.toml"], "none.toml: No such file or directory"),
        (
            ["in.csv", "--map", "map.toml", "--published", "soon"],
            "published: soon is not now, file, column:NAME, a date",
        ),
    ],
)
def test_a_wrong_option_is_one_sentence(here: Path, words: list[str], says: str) -> None:
    (here / "in.csv").write_bytes(GOOD)
    with pytest.raises(BordertallyError, match=says):
        run(*words)


def test_a_file_of_which_nothing_counts_is_exit_code_2(here: Path) -> None:
    (here / "in.csv").write_text("Day,Gate,In\n2023-05-01,A,n. d.\n")
    code, reports, summary = run("in.csv", "--map", "map.toml")
    assert (code, reports) == (2, [])
    assert "add it to missing" in summary


def test_a_row_of_a_range_that_a_sign_between_thousands_makes_longer_is_refused(here: Path) -> None:
    (here / "map.toml").write_text('range = "A3:C4"\n' + (here / "map.toml").read_text())
    (here / "in.csv").write_text("A title\n\nDay,Gate,In\n2023-05-01,A,1,234\n2023-05-02,below the range,5\n")
    code, reports, summary = run("in.csv", "--map", "map.toml")
    assert (code, reports) == (2, [])
    assert "row 2, the row: the row has 4 cells and the header 3; is a sign between thousands the delimiter?" in summary


def test_records_of_a_data_portal_are_flattened(here: Path) -> None:
    rows = [{"Day": "2023-05-01", "place": {"Gate": "A"}, "In": 5, "new": True}, {"Day": "2023-05-02", "In": None}]
    (here / "in.json").write_text(json.dumps({"result": {"records": rows}}))
    (here / "map.toml").write_text(
        PLAIN.format(top="records = 'result.records'", claims="").replace("{Gate}", "{place.Gate}")
    )
    code, reports, summary = run("in.json", "--map", "map.toml")
    assert (code, people(reports)) == (0, [5])
    assert "1 missing" in summary
    (here / "in.json").write_text(json.dumps([["Day", "place.Gate", "In"], ["2023-05-01", "A", 6]]))
    (here / "map.toml").write_text(PLAIN.format(top="", claims="").replace("{Gate}", "{place.Gate}"))
    assert people(run("in.json", "--map", "map.toml")[1]) == [6]


def test_two_names_of_one_place_are_named_even_where_their_rows_are_refused_as_double(here: Path) -> None:
    (here / "in.csv").write_text("Day,Gate,In\n2023-05-01,Brod,5\n2023-05-01,Brød,7\n")
    code, reports, summary = run("in.csv", "--map", "map.toml")
    assert (code, reports) == (2, [])
    assert "in.csv, the flow: these names come to one place, BR:UY:brod; add them to [places]" in summary
    assert "(got Brod and Brød)" in summary


def test_the_usual_encoding_of_western_letters_is_suggested(here: Path) -> None:
    (here / "in.csv").write_bytes("Day,Gate,In\n2023-05-01,Münster,5\n".encode("cp1252"))
    with pytest.raises(BordertallyError, match='it looks like cp1252: set encoding = "cp1252"'):
        run("in.csv", "--map", "map.toml")
