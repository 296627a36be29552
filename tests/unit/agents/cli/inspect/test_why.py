"""`bordertally why`: the answer of the documentation, quotes, JSON, and one clear sentence where it cannot be asked."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bordertally.agents.cli.main import cli
from bordertally.streams.errors import BordertallyError

ROOT = Path(__file__).parents[5]
SAMPLE = str(ROOT / "agents" / "demo" / "sample.ndjson")


def asked(*arguments: str) -> str:
    result = CliRunner().invoke(cli, ["why", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_it_answers_as_the_documentation_shows() -> None:
    page = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    command = re.search(r"bordertally why (.*)\n", page)
    shown = re.search(r"```text\n(.*?)```", page, re.DOTALL)
    assert command is not None
    assert shown is not None
    words = [SAMPLE if word.endswith(".ndjson") else word for word in command[1].split()]
    assert asked(*words).startswith(shown[1])


def test_claims_stand_with_their_words_and_counts_by_day() -> None:
    output = asked("RU:GE", "--files", SAMPLE)
    assert "“20,000 people crossed the border in two days; cars from elsewhere are kept out from now on.”" in output
    assert "noted     RU:GE:verkhny-lars  ~3,500 vehicles" in output
    week = asked("RU:KZ", "--from", "2022-09-26", "--to", "2022-09-28", "--files", SAMPLE)
    assert "Russia to Kazakhstan, 26-27 Sep 2022: 28,000 people" in week
    assert re.search(r"RU:KZ:kairak +2022-09-26 +1,196 +24 +Kairak \(simulated counter\), grade A", week)


def test_json_is_one_object() -> None:
    evidence = json.loads(asked("RU:GE", "--files", SAMPLE, "--json"))
    assert (evidence["figure"]["best"], evidence["added_up"], evidence["truncated"]) == (53_000, 73_000, False)


def test_a_withdrawn_claim_and_one_shorter_than_a_day_are_shown(tmp_path: Path) -> None:
    lines: list[dict[str, object]] = [
        {"id": "w", "people": None, "period": "2022-09-21/2022-09-23"},
        {"id": "d", "people": 7, "period": "2022-09-23T06:00/P1D", "unit": "vehicles"},
    ]
    fixed: dict[str, object] = {"source": "kz-mia", "published": "2022-10-01T00:00:00Z", "flow": "RU:KZ"}
    file = tmp_path / "reports.ndjson"
    file.write_text("\n".join(json.dumps(fixed | line) for line in lines), encoding="utf-8")
    output = asked("RU:KZ", "--from", "2022-09-20", "--to", "2022-09-25", "--files", str(file))
    assert "withdrawn  21-22 Sep 2022" in output
    assert "7 vehicles  2022-09-23 06:00 to 2022-09-24 06:00" in output


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["RU:XX"], "RU:XX"),
        (["RU", "--from", "2022-09-26", "--to", "2022-09-20"], "--to: 2022-09-20 must be after --from"),
        (["RU"], "Redis at redis://127.0.0.1:1/0 does not answer"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(arguments: list[str], why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BORDERTALLY_REDIS_URL", "redis://127.0.0.1:1/0")
    with pytest.raises(BordertallyError, match=re.escape(why)):
        CliRunner().invoke(cli, ["why", *arguments], catch_exceptions=False)


def test_versions_count_as_they_arrived_and_refused_lines_are_told(tmp_path: Path) -> None:
    """9,000 were dated 20 hours ahead and arrived at noon; 900 corrected them at one o'clock, as in a replay."""
    fixed: dict[str, object] = {"source": "kz-mia", "flow": "RU:KZ", "period": "2022-09-30", "qualifier": "count"}
    lines: list[dict[str, object]] = [
        {"id": "wrong", "people": 9_000, "published": "2022-10-02T08:00:00Z", "arrived": "2022-10-01T12:00:00Z"},
        {"id": "right", "people": 900, "published": "2022-10-01T13:00:00Z", "arrived": "2022-10-01T13:00:01Z"},
        {"id": "odd", "people": -1, "published": "2022-10-01T13:00:00Z"},
    ]
    file = tmp_path / "reports.ndjson"
    file.write_text("\n".join(json.dumps(fixed | line) for line in lines), encoding="utf-8")
    result = CliRunner().invoke(cli, ["why", "RU:KZ", "--files", str(file)], catch_exceptions=False)
    assert "24-30 Sep 2022: 900 people" in result.stdout
    refused = "why: 1 report refused and not counted; bordertally check names them; the first: people: "
    assert result.stderr.startswith(refused)
    replay = ["replay", str(file), "--json", "--by", "week", "--by", "month"]
    result = CliRunner().invoke(cli, replay, catch_exceptions=False)
    periods = [period["period"] for period in json.loads(result.stdout)["periods"] if period["flow"] == "RU:KZ"]
    assert periods == ["2022-W39", "2022-09"]
    assert "replay: 1 report refused and not counted; see rejected in the output" in result.stderr


def test_a_calendar_that_is_none_is_refused_with_those_there_are() -> None:
    result = CliRunner().invoke(cli, ["replay", SAMPLE, "--by", "decade"])
    assert result.exit_code != 0
    assert "--by: decade is none of week, month, year" in f"{result.output} {result.exception}"


def test_a_day_that_is_none_is_said_in_words() -> None:
    result = CliRunner().invoke(cli, ["why", "RU:KZ", "--from", "31/12/2022", "--files", SAMPLE])
    assert (result.exit_code, "is not a date such as 2022-09-21" in " ".join(result.output.split())) == (2, True)
