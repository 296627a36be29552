"""What docs/alerts-on-real-series.md says is what its commands say: each is run, and figures are compared."""

from __future__ import annotations

import json
import os
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
SERIES = ("uk", "hk-arrivals", "hk-departures", "ro-entries", "ro-exits")
AUCKLAND = ("akl", "akl-queen-street", "akl-k-road", "akl-harbour")
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
    assert len(outputs) == 15
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
    assert all((beside / f"{name}.png").stat().st_size > 10_000 for name in ("uk", "hk", "ro", "akl"))


def measured(name: str, folder: Path, surges: str, methods: list[str]) -> dict[tuple[str, str], dict[str, Any]]:
    """What `backtest` says of a series, by flow and method."""
    chosen = [word for method in methods for word in ("--method", method)]
    found = rows(str(folder / f"{name}.csv"), "--episodes", f"tests/series/{surges}", *chosen)
    return {(one["flow"], one["method"]): one for one in found}


def sizes(one: dict[str, Any]) -> list[tuple[int, int]]:
    """How many great and small surges were found, and how many there are."""
    found = []
    for great in (True, False):
        surges = [surge for surge in one["surges"] if surge["great"] is great]
        found.append((sum(surge["days_late"] is not None for surge in surges), len(surges)))
    return found


def compare(head: list[str], lines: list[list[str]], found: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Compare a table of detectors with what `backtest` says, cell by cell; the sums only if all series are found."""
    flows = [cell.split(",")[0] for cell in head[1:-5]]
    held = [flow for flow in flows if (flow, "rules") in found]
    assert held
    for cells in lines:
        ours = [found[flow, detector(cells[0])] for flow in held]
        shown = dict(zip(flows, zip(head[1:-5], cells[1:-5], strict=True), strict=True))
        assert [shown[flow] for flow in held] == [
            (
                f"{flow}, {'+'.join(str(n) for _, n in sizes(one))}",
                f"{'+'.join(str(n) for n, _ in sizes(one))} / {len(one['false_alarms'])} / {one['flaps']}",
            )
            for flow, one in zip(held, ours, strict=True)
        ]
        if held == flows:
            compare_sums(head[-5:], cells[-5:], ours)


def compare_sums(head: list[str], cells: list[str], ours: list[dict[str, Any]]) -> None:
    """Compare the last five cells of a row with the sums over its series."""
    sums = [[sum(pair[place] for pair in size) for place in (0, 1)] for size in zip(*map(sizes, ours), strict=True)]
    late = [surge["days_late"] for one in ours for surge in one["surges"] if surge["days_late"] is not None]
    assert head[:2] == [f"{name}, of {n}" for name, (_, n) in zip(("great", "small"), sums, strict=True)]
    assert cells == [
        *(str(n) for n, _ in sums),
        str(sum(len(one["false_alarms"]) for one in ours)),
        str(sum(one["flaps"] for one in ours)),
        f"{sum(late) / len(late):.1f}",
    ]


def detector(cell: str) -> str:
    """The name of the method in the first column."""
    named = re.search(r"`(.*)`$", cell)
    return "rules" if named is None else named[1]


def tables() -> list[tuple[list[str], list[list[str]]]]:
    """Yield the heading and the rows of each table of detectors."""
    found = re.findall(r"^(\| detector \|.*)\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return [
        (cells_of(head), [cells_of(line) for line in lines.splitlines()])
        for head, lines in found
        if head.count("|") > 7  # the table of Hong Kong's points has no column a series
    ]


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_table_of_detectors_is_what_backtest_says(beside: Path) -> None:
    _, (head, lines) = tables()
    assert beside
    methods = [detector(cells[0]) for cells in lines]
    assert len(methods) == 18
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for name in ("uk", "hk", "ro"):
        found |= measured(name, Path("tests/series"), "surges.csv", methods)
    compare(head, lines, found)
    false, finds = dict.fromkeys(methods, 0), dict.fromkeys(methods, 0)
    for (_, method), one in found.items():
        false[method] += len(one["false_alarms"])
        finds[method] += sum(n for n, _ in sizes(one))
    for method in methods:  # no other detector finds more with fewer false alarms
        assert method == "rules" or finds[method] <= finds["rules"] or false[method] > false["rules"]
    assert 3 * false["rules"] <= false["c2-alone"]


def test_the_table_of_further_series_is_what_backtest_says(beside: Path) -> None:
    (head, lines), _ = tables()
    assert beside
    methods = [detector(cells[0]) for cells in lines]
    found = measured("akl", Path("tests/series"), "further-surges.csv", methods)
    folder = os.environ.get("BORDERTALLY_FURTHER_SERIES")  # of those that are not in the repository
    for name in ("it", "unhcr", "tsa") if folder else ():
        found |= measured(name, Path(folder or ""), "further-surges.csv", methods)
    compare(head, lines, found)


def test_the_table_of_records_is_what_backtest_says(beside: Path) -> None:
    ((setting, *wanted),) = table("rule")[:1]
    assert (beside, setting) == (beside, '`record = "52w"`')
    scores = scores_of('record = "52w"', "record", ("uk", "hk", "ro"))
    ours = [scores[flow] for flow in SERIES]
    seen = [len(score["surges"]) - score["missed"] for score in ours]
    assert wanted == [
        *(f"{n} of {len(score['surges'])} / {len(score['false_alarms'])}" for n, score in zip(seen, ours, strict=True)),
        f"{sum(seen)} of {sum(len(score['surges']) for score in ours)}",
        str(sum(len(score["false_alarms"]) for score in ours)),
    ]


@pytest.mark.parametrize(("column", "share"), [(2, 0.3), (3, 0.5), (4, 0.7)])
def test_the_table_of_drops_is_what_backtest_says(beside: Path, column: int, share: float) -> None:
    wanted = {row[0]: (row[1], row[column]) for row in table("series | falls")}
    assert beside
    scores = scores_of(f"drop = {share}", "drop", ("uk", "hk", "ro", "akl"))
    assert set(scores) == {*SERIES, *AUCKLAND}
    for flow, score in scores.items():
        seen = len(score["surges"]) - score["missed"]
        assert wanted[flow] == (str(len(score["surges"])), f"{seen} / {len(score['false_alarms'])}")


def scores_of(setting: str, rule: str, names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """What `backtest` says of a rule on the series of these files, by flow."""
    return {
        row["flow"]: row for name in names for row in rows(f"tests/series/{name}.csv", "--set", setting, "--rule", rule)
    }


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
