"""`bordertally read`, as a user runs it."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from bordertally.agents.runtime.languages import load_reader
from bordertally.agents.terminal.statement import claims_table, lines, underline
from bordertally.streams.statements.reader import Speaker
from forking import run

TEXT = "More than 53,000 Russians have entered Georgia since 21 September. The queue has 3,000 cars. 12 came on Monday."


def read(*arguments: str, text: str = TEXT) -> subprocess.CompletedProcess[str]:
    return run("read", "-", *arguments, given=text)


def test_it_shows_claims_with_the_words_underlined_and_what_was_left_out() -> None:
    done = read("--source", "ge-mia", "--published", "2022-09-27T15:00:00")
    assert (done.returncode, done.stderr) == (0, "")
    shown = done.stdout.splitlines()
    line = shown.index(next(row for row in shown if row.startswith("More than")))
    begins = "1" + "━" * (len("More than 53,000 Russians have entered Georgia since 21 September") - 1)
    assert shown[line + 1].startswith(begins + " ")
    assert "·····" in shown[line + 1]
    row = next(row.split() for row in shown if row.lstrip().startswith("1 "))
    assert row == [
        "1",
        "RU:GE",
        "2022-09-21/2022-09-28",
        "53,000",
        "more_than",
        "citizens:RU",
        "source",
        "0.95",
        "claims",
    ]
    assert "left out: 3,000 (queue)" in done.stdout


def test_json_is_one_object() -> None:
    done = read("--source", "ge-mia", "--published", "2022-09-27T15:00:00", "--json")
    (statement,) = json.loads(done.stdout)["statements"]
    claim = statement["claims"][0]
    assert claim["claim"] == {
        "flow": "RU:GE",
        "period": "2022-09-21/2022-09-28",
        "people": 53_000,
        "qualifier": "more_than",
        "population": "citizens:RU",
        "text": TEXT[: TEXT.index(".")],
    }
    start, end = claim["spans"]["people"]
    assert TEXT[start:end] == "More than 53,000"
    at = TEXT.index("3,000 cars")
    assert statement["left_out"][0] == {"text": "3,000", "span": [at, at + 5], "why": "queue"}


def test_reports_in_words_are_read_by_their_source_and_time(tmp_path: Path) -> None:
    report = {"id": "1", "source": "kz-mia", "published": "2022-09-27T09:00:00Z", "text": "x"}
    text = "Yesterday 12,000 Russians entered the country."
    done = read("--json", text=f"{json.dumps(report | {'text': text})}\n\n{json.dumps(report)}\n")
    first, second = json.loads(done.stdout)["statements"]
    assert (first["claims"][0]["claim"]["flow"], first["claims"][0]["claim"]["period"]) == ("RU:KZ", "2022-09-26")
    assert second["claims"] == []
    file = tmp_path / "reports.ndjson"
    alarm = text.replace("country", "country, up from a usual 6,000 a day")
    file.write_text(json.dumps(report | {"text": alarm}))
    quoted = "“Yesterday 12,000 Russians entered the country, up from a usual 6,000” (kz-mia/1)"
    for command, output in (("check", "1 report, 0 with a fault"), ("replay", quoted)):
        other = run(command, str(file))
        assert other.returncode == 0
        assert output in other.stdout + other.stderr


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        (TEXT, ("--source", "nobody"), "--source: nobody is not in the registry"),
        ("{", (), "{: not a report: "),
        (
            '{"id": "1", "source": "kz-mia", "published": "2022-09-27T09:00:00Z"}',
            (),
            "text: the report has no text to read",
        ),
        ('{"id": "1", "source": "x", "published": "2022-09-27T09:00:00Z", "text": "x"}', (), "not in the registry"),
    ],
)
def test_what_is_wrong_is_one_sentence(text: str, arguments: tuple[str, ...], message: str) -> None:
    done = read(*arguments, text=text)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.startswith("bordertally: ")
    assert done.stderr.count("\n") == 1


def test_a_statement_without_claims_says_so() -> None:
    assert "no claim in this statement" in read(text="It rained on Monday.").stdout
    assert "no language that the reader knows" in read(text="12 34").stdout


def test_lines_break_at_spaces_and_lose_nothing() -> None:
    text = "one two three\nfour  " + "x" * 25 + "\n\nend"
    spans = list(lines(text, 10))
    assert [text[span.start : span.end] for span in spans] == [
        *("one two", "three", "four ", "x" * 10, "x" * 10, "xxxxx", "", "end")
    ]


def test_doubtful_claims_are_marked_otherwise() -> None:
    text = "4,200 people entered Kazakhstan from Russia."
    statement = load_reader().read(text, datetime(2022, 9, 27, tzinfo=UTC), Speaker(ZoneInfo("UTC")))
    assert "".join(underline(statement)) == "1" + "┅" * (len(text) - 2) + " "
    console = Console(width=180)
    with console.capture() as capture:
        console.print(claims_table(statement.found))
    assert "review: no_period" in capture.get()
