"""What docs/alerts-on-real-series.md says is what its commands say: each is run, and figures are compared."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bordertally.agents.cli.main import cli

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/alerts-on-real-series.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    for line in block.replace("\\\n", "").splitlines()
    if line
]
SERIES = {"uk": "uk", "hk-arrivals": "hk", "hk-departures": "hk", "ro-entries": "ro", "ro-exits": "ro"}
NOW = {day: 100_000 + 1_000 * day for day in range(24, 29)}
"""A total by day of February, as it stands now; then one day of it stood otherwise."""


def call(line: str) -> str:
    """What a command of the page prints; its output goes where the line says."""
    words = shlex.split(line)
    assert words.pop(0).endswith("bordertally")
    into = next((word for word in words if word in (">", ">>")), None)
    ours = words[: words.index(into)] if into else words
    done = CliRunner().invoke(cli, ours, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    if into:
        with Path(words[-1]).open("a" if into == ">>" else "w", encoding="utf-8") as file:
            file.write(done.stdout)
    return done.stdout


def rows(*words: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(call(shlex.join(["bordertally", "backtest", *words, "--json"])))
    return rows


def table(head: str) -> list[list[str]]:
    """The rows of the table whose first column is headed so."""
    text = re.search(rf"^\| {re.escape(head)} \|.*?\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert text is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text[1].splitlines()[1:]]


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like a clone, with the files that a reader of the page has got."""
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    (tmp_path / "daily.csv").write_bytes((ROOT / "tests/series/hk-points.csv").read_bytes())
    now = "".join(f"2022-02-{day},{people}\n" for day, people in NOW.items())
    (tmp_path / "now.csv").write_text(f"data_date,daily\n{now}")
    then = "".join(f'"February {day}, 2022",{people}\n' for day, people in (NOW | {26: 2 * NOW[26]}).items())
    (tmp_path / "then.csv").write_text(f"data_date,daily_individuals\n{then}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BORDERTALLY_SOURCES", raising=False)
    monkeypatch.delenv("BORDERTALLY_RULES", raising=False)
    return tmp_path


def test_every_command_runs_and_says_what_the_page_shows(beside: Path) -> None:
    outputs = [" ".join(call(line).split()) for line in COMMANDS]
    assert len(outputs) == 14
    (shown,) = re.findall(r"^```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    (silence,) = (output for line, output in zip(COMMANDS, outputs, strict=True) if "--rule silence" in line)
    bare = re.compile(r"[─\s]+")
    assert bare.sub(" ", silence) == bare.sub(" ", shown).strip()
    share, conflict = (
        next(output for line, output in zip(COMMANDS, outputs, strict=True) if f"--rule {rule}" in line)
        for rule in ("checkpoint-share", "conflict")
    )
    assert "CN:HK checkpoint-share 2022-01-20 2022-01-21 warning CN:HK:shenzhen-bay" in share
    assert "UA conflict 2022-02-26 2022-02-26 critical unhcr-then/unhcr-then-2022-02-26-as-of-2022-03-17" in conflict
    assert all((beside / f"{name}.png").stat().st_size > 10_000 for name in ("uk", "hk", "ro"))


def test_the_table_of_methods_is_what_backtest_says(beside: Path) -> None:
    names = {"**defaults": "rules", "plain mean + 3 sd": "plain"}
    wanted = {}
    for first, *cells in table("method"):
        name = re.split(r"\*\*:|`,|`$", first)[0].removeprefix("`")
        wanted[names.get(name, name)] = [cell.strip("*") for cell in cells]
    assert len(wanted) == 9
    assert beside
    chosen = [word for method in wanted for word in ("--method", method)]
    measured = {
        (row["method"], row["flow"]): row
        for name in ("uk", "hk", "ro")
        for row in rows(f"tests/series/{name}.csv", "--episodes", "tests/series/surges.csv", *chosen)
    }
    for method, cells in wanted.items():
        ours = [measured[method, flow] for flow in SERIES]
        late = [each["days_late"] for score in ours for each in score["surges"] if each["days_late"] is not None]
        assert cells == [
            *(f"{score['missed']} / {len(score['false_alarms'])} / {score['alerts_a_year']:.1f}" for score in ours),
            f"{sum(score['missed'] for score in ours)} of {sum(len(score['surges']) for score in ours)}",
            str(sum(len(score["false_alarms"]) for score in ours)),
            f"{sum(len(score['alerts']) for score in ours) * 365.25 / sum(score['days'] for score in ours):.1f}",
            f"{sum(late) / len(late):.1f}",
        ]
    false = dict.fromkeys(("rules", "plain"), 0)
    missed = dict.fromkeys(("rules", "plain"), 0)
    for flow in SERIES:  # the defaults cry wolf no more than a plain mean on every series
        default, plain = measured["rules", flow], measured["plain", flow]
        assert len(default["false_alarms"]) <= len(plain["false_alarms"])
        for method in false:
            false[method] += len(measured[method, flow]["false_alarms"])
            missed[method] += measured[method, flow]["missed"]
    assert missed["rules"] < missed["plain"]
    assert false["rules"] < 0.7 * false["plain"]


@pytest.mark.parametrize(("setting", "rule"), [('record = "52w"', "record"), ("drop = 0.5", "drop")])
def test_the_table_of_other_rules_is_what_backtest_says(beside: Path, setting: str, rule: str) -> None:
    wanted = next(row[1:] for row in table("rule") if row[0] == f"`{setting}`")
    assert beside
    measured = {
        row["flow"]: row
        for name in ("uk", "hk", "ro")
        for row in rows(f"tests/series/{name}.csv", "--set", setting, "--rule", rule)
    }
    seen_and_scores = [(len(score["surges"]) - score["missed"], score) for score in (measured[flow] for flow in SERIES)]
    assert wanted == [
        *(f"{seen} of {len(score['surges'])} / {len(score['false_alarms'])}" for seen, score in seen_and_scores),
        f"{sum(seen for seen, _ in seen_and_scores)} of {sum(len(score['surges']) for _, score in seen_and_scores)}",
        str(sum(len(score["false_alarms"]) for _, score in seen_and_scores)),
    ]


@pytest.mark.parametrize(
    ("made", "flow", "row", "tried"),
    [
        ("uk.csv --source uk-home-office --flow FR:GB", "FR:GB", "uk: ", (1,)),  # none at once is none at twice
        ("ro.csv --source ro-police --flow RO --only flow=ro-exits", "RO", "ro-entries and ro-exits", (1, 2, 3)),
        (
            "ro.csv --source ro-police --flow MD:RO --only flow=ro-entries",
            "MD:RO",
            "ro-entries and ro-exits",
            (1, 2, 3),
        ),
    ],
)
def test_silences_are_as_many_as_the_page_says(
    beside: Path, made: str, flow: str, row: str, tried: tuple[int, ...]
) -> None:
    (wanted,) = re.findall(rf"^\|[^|]*\| {re.escape(row)}[^|]*\|(.*)\|$", PAGE, re.MULTILINE)
    call(f"bordertally reports tests/series/{made} > {beside}/x.ndjson")
    known = ("x.ndjson", "--sources", "tests/series/sources.toml", "--flow", flow, "--rule", "silence", "--set")
    counted = [len(rows(*known, f"silence={times}")[0]["alerts"]) for times in tried]
    assert counted == [int(cell) for cell in wanted.split("|")][: len(tried)]
