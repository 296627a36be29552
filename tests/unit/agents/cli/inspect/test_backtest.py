"""`bordertally backtest`, as a user runs it, and what it reads and draws."""

from __future__ import annotations

import builtins
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.testing import CliRunner

from bordertally.agents.cli.main import cli
from bordertally.agents.producing.series import SeriesColumns, SeriesError, read_series, read_surges
from bordertally.agents.terminal.plot import Panel, draw
from bordertally.streams.errors import BordertallyError
from bordertally.streams.replay.backtest import Alarm, PlottedDay
from bordertally.streams.replay.ground_truth import Surge
from unit.kit import ordinal

SERIES = Path("tests/series")
SAMPLE = Path("agents/demo/sample.ndjson")


def run(*arguments: str | Path) -> str:
    done = CliRunner().invoke(cli, ["backtest", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def rows(*arguments: str | Path) -> list[dict[str, Any]]:
    scores: list[dict[str, Any]] = json.loads(run(*arguments, "--json"))
    return scores


# --- what it comes to ------------------------------------------------------------------------------------------


def test_it_shows_a_row_for_each_method_and_one_for_each_surge() -> None:
    shown = run(SERIES / "hk.csv", "--flow", "hk-arrivals", "--method", "c2", "--method", "plain")
    assert shown.count("hk-arrivals") == 2 + 6
    assert "2023-01-08" in shown


def test_reports_are_worked_through_and_their_flows_measured(tmp_path: Path) -> None:
    scores = {
        row["flow"]: row for row in rows(SAMPLE, "--method", "rules", "--plot", tmp_path / "x.svg", "--flow", "RU:GE")
    }
    assert scores.keys() == {"RU:GE"}
    assert scores["RU:GE"]["alerts"] == [
        {"first": "2022-09-26", "last": "2022-09-27", "severity": "warning", "about": None}
    ]
    assert (tmp_path / "x.svg").stat().st_size > 10_000


def test_rules_of_a_file_are_those_that_are_measured(tmp_path: Path) -> None:
    series, rules = tmp_path / "ua.csv", tmp_path / "rules.toml"
    series.write_text("date,people\n2022-02-24,79209\n2022-02-25,100316\n")
    rules.write_text('[[flows]]\nflow = "UA"\nabsolute = 10000\n')
    assert rows(series, "--flow", "UA", "--method", "rules")[0]["alerts"] == []
    (score,) = rows(series, "--flow", "UA", "--method", "rules", "--rules", rules)
    assert score["alerts"] == [{"first": "2022-02-24", "last": "2022-02-25", "severity": "critical", "about": None}]


def test_the_rules_that_are_on_are_measured_each_by_itself(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[detection]\ndrop = 0.5\nrecord = "52w"\n')
    arguments = (SERIES / "hk.csv", "--flow", "hk-arrivals", "--rules", rules)
    scores = rows(*arguments)
    assert [(row["method"], row["rule"]) for row in scores] == [
        *(("rules", "daily-rate"), ("plain", "daily-rate"), ("rules", "drop"), ("rules", "record"))
    ]
    assert rows(*arguments, "--set", "silence=2") == scores  # which a series cannot show
    (drop,) = rows(*arguments, "--rule", "drop")
    assert drop["surges"]
    assert "2023-09-01" in {alert["first"] for alert in drop["alerts"]}  # a typhoon
    assert "Days late, by fall" in run(*arguments, "--rule", "drop", "--plot", tmp_path / "drop.svg")
    assert "Days late, by surge" in run(*arguments, "--rule", "record")


def test_what_a_rule_is_to_find_can_be_given(tmp_path: Path) -> None:
    rules, episodes = tmp_path / "rules.toml", tmp_path / "episodes.csv"
    rules.write_text("[detection]\nsilence = 1\n")
    arguments = (SAMPLE, "--flow", "RU:EU:FI:vaalimaa", "--rules", rules, "--rule", "silence")
    assert "not known" in run(*arguments)
    episodes.write_text("flow,first,last,rule\nRU:EU:FI:vaalimaa,2022-09-20,2022-09-21,silence\n")
    (row,) = rows(*arguments, "--episodes", episodes)
    assert (row["rule"], row["missed"], row["alerts"]) == ("silence", 1, [])


def test_settings_go_over_those_of_the_rules_and_under_those_of_flows(tmp_path: Path) -> None:
    series, rules = tmp_path / "ua.csv", tmp_path / "rules.toml"
    series.write_text("date,people\n2022-02-24,79209\n2022-02-25,100316\n")
    rules.write_text("[detection]\nabsolute = 200000\n")
    arguments = (series, "--flow", "UA", "--method", "rules", "--rules", rules)
    assert rows(*arguments)[0]["alerts"] == []
    assert len(rows(*arguments, "--set", "absolute=10000")[0]["alerts"]) == 1
    rules.write_text('[[flows]]\nflow = "UA"\nabsolute = 200000\n')
    assert rows(*arguments, "--set", "absolute=10000", "--set", "for=2d")[0]["alerts"] == []


def test_reports_in_words_are_read(tmp_path: Path) -> None:
    file = tmp_path / "x.ndjson"
    words = "Around 10,000 people entered Georgia from Russia on 26 September."
    statement = {"id": "1", "source": "ge-mia", "published": "2022-09-28T09:00:00Z", "text": words}
    file.write_text(json.dumps(statement) + "\n")
    (score,) = rows(file, "--flow", "RU:GE", "--method", "rules")
    assert score["days"] == 1


def test_reports_that_are_refused_are_spoken_of(tmp_path: Path) -> None:
    file = tmp_path / "x.ndjson"
    file.write_bytes(SAMPLE.read_bytes() + b'{"id": "1"}\n')
    done = CliRunner().invoke(cli, ["backtest", str(file), "--flow", "RU:GE"], catch_exceptions=False)
    assert done.exit_code == 0
    assert "refused and not counted; bordertally check names them; the first: " in done.stderr


# --- a series as reports ---------------------------------------------------------------------------------------


def made(*arguments: str | Path) -> list[dict[str, Any]]:
    done = CliRunner().invoke(cli, ["reports", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_series_becomes_a_report_a_day(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("date,point,way,people\n2022-01-02,Lo Wu,in,5\n2022-01-01,Lo Wu,in,3\n2022-01-01,Kai Tak,in,4.4\n")
    first, second = made(file, "--source", "hk", "--flow", "CN:HK", "--flow-column", "point", "--only", "way=in")
    assert first["claims"] == [
        {"flow": "CN:HK:kai-tak", "period": "2022-01-01", "people": 4, "qualifier": "count"},
        {"flow": "CN:HK:lo-wu", "period": "2022-01-01", "people": 3, "qualifier": "count"},
    ]
    assert (first["id"], first["published"]) == ("hk-2022-01-01", "2022-01-02T12:00:00Z")
    assert second == {
        "id": "hk-2022-01-02",
        "source": "hk",
        "published": "2022-01-03T12:00:00Z",
        "flow": "CN:HK:lo-wu",
        "period": "2022-01-02",
        "people": 5,
        "qualifier": "count",
    }
    (edition,) = made(
        *(file, "--source", "hk", "--flow", "HK", "--only", "date=2022-01-02", "--qualifier", "about"),
        *("--published", "2022-03-17"),
    )
    assert (edition["id"], edition["qualifier"]) == ("hk-2022-01-02-as-of-2022-03-17", "about")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--flow-column", "point", "--flow", "HK"], "Lo Wu as the flow HK:lo-wu: write a checkpoint after"),
        (["--flow", "HK", "--only", "way"], "--only: way is not of the form COLUMN=VALUE"),
        (["--flow", "HK", "--only", "weg=in"], "no column 'weg'"),
        (["--flow", "HK", "--only", "way=out"], "no row with a figure"),
        (["--flow", "HK", "--published", "soon"], "--published: soon is not a date"),
        ([], "as the flow : "),
    ],
)
def test_a_series_that_makes_no_reports_is_one_sentence(tmp_path: Path, arguments: list[str], complaint: str) -> None:
    file = tmp_path / "x.csv"
    file.write_text("date,point,way,people\n2022-01-02,Lo Wu,in,5\n")
    with pytest.raises(BordertallyError, match=complaint):
        made(file, "--source", "hk", *arguments)


# --- what cannot be done ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--set", "drop"], "--set: drop is no NAME=VALUE"),
        (["--set", "dorp=1"], r"--set dorp=1: .*unknown field `dorp`"),
        (["--set", "drop=2"], r"--set drop=2: detection\.drop: 2 must be above 0, below 1"),
        (["--set", "silence=2", "--rule", "silence"], "--rule: silence needs reports, but .* is a series"),
        (["--rule", "dorp"], "--rule: dorp is not a rule; choose from daily-rate, drop"),
        (["--rule", "drop"], r"--rule: drop is off; set drop in the rules"),
        (["--method", "c9"], "--method: c9 is not a method; choose from rules, plain, weekday"),
        (["--flow", "nowhere"], "no whole day of the flow nowhere"),
        (["--people-column", "migrants"], "no column 'migrants'; the columns are 'date', 'flow', 'people'"),
        (["--date-format", "%d.%m.%Y"], r"hk.csv:2: date: '2021-01-01' is not a date of the form %d.%m.%Y"),
        (["--plot", "plot.pdf"], "plot.pdf must end in .svg or .png"),
        (["--episodes", "/nowhere.csv"], "/nowhere.csv: No such file"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(arguments: list[str], complaint: str) -> None:
    with pytest.raises(BordertallyError, match=complaint):
        run(SERIES / "hk.csv", *arguments)


# --- reading ---------------------------------------------------------------------------------------------------


def test_a_series_of_two_columns_is_one_flow(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(b"\xef\xbb\xbfdate,people\r\n2022-01-02,5\r\n2022-01-01,3.5\r\n2022-01-03,\r\n")
    day = ordinal("2022-01-01")
    assert read_series(file, SeriesColumns(), "x") == {"x": {day: 3.5, day + 1: 5.0}}


def test_columns_dates_and_flows_go_by_the_names_given_and_rows_of_one_day_add_up(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("Date,Point,Way,Total,\n01-02-2023,Lo Wu,In,5,\n01-02-2023,Lo Wu,In,7,\n01-02-2023,Lo Wu,Out,9,\n")
    columns = SeriesColumns("Date", "Total", ("Point", "Way"), "%d-%m-%Y")
    day = ordinal("2023-02-01")
    assert read_series(file, columns, "x") == {"Lo Wu:In": {day: 12.0}, "Lo Wu:Out": {day: 9.0}}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("date,people\n2022-01-01,many\n", "x.csv:2: people: 'many' is not a number of people"),
        ("date,people\n2022-01-01,-1\n", "'-1' is not a number"),
        ("date,people\n2022-01-01,nan\n", "'nan' is not a number"),
        ("date,people\n2022-13-01,1\n", "date: '2022-13-01' is not a date of the form YYYY-MM-DD"),
        ("date,people\n2022-01-01\n", "no row with a figure"),
        ("date,people\n", "no row with a figure"),
        ("", "no column 'date'"),
    ],
)
def test_a_fault_in_a_series_is_named_with_its_line_and_value(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "x.csv"
    file.write_text(text)
    with pytest.raises(SeriesError, match=complaint):
        read_series(file, SeriesColumns(), "x")


def test_surges_are_read_by_flow(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("first,last,flow\n2022-01-05,2022-01-06,a\n2022-01-01,2022-01-01,a\n")
    first = ordinal("2022-01-01")
    assert read_surges(file) == {"a": [Surge(first, first, ""), Surge(first + 4, first + 5, "")]}
    file.write_text("first,last\n2022-01-05,2022-01-04\n")
    with pytest.raises(SeriesError, match=r"x\.csv:2: last: 2022-01-04 must not be before first, 2022-01-05"):
        read_surges(file)


# --- drawing ---------------------------------------------------------------------------------------------------

DAY = ordinal("2022-01-01")
PANEL = Panel(
    "x: c2",
    [PlottedDay(DAY, 5, None, None), PlottedDay(DAY + 1, 9, 4, 6), PlottedDay(DAY + 2, 4, 4, 6)],
    [Alarm(DAY + 1, DAY + 1, "warning")],
    [Surge(DAY + 1, DAY + 2)],
)


def test_the_legend_names_what_is_on_any_panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.axes import Axes  # noqa: PLC0415 - an extra

    named: list[str] = []
    monkeypatch.setattr(Axes, "legend", lambda _, __, labels, **___: named.extend(labels))
    milder = PANEL._replace(alarms=[Alarm(DAY + 1, DAY + 1, "notice")])
    draw(tmp_path / "x.png", [PANEL, milder])
    assert named == ["people a day", "expected", "threshold", "surge", "notice", "warning"]


@pytest.mark.parametrize(("name", "begins"), [("x.svg", b"<?xml"), ("x.png", b"\x89PNG")])
def test_the_same_panels_give_the_same_bytes(tmp_path: Path, name: str, begins: bytes) -> None:
    draw(tmp_path / name, [PANEL, PANEL])
    first = (tmp_path / name).read_bytes()
    draw(tmp_path / name, [PANEL, PANEL])
    assert first.startswith(begins)
    assert (tmp_path / name).read_bytes() == first
    draw(tmp_path / name, [PANEL, PANEL], log=True)
    assert (tmp_path / name).read_bytes() != first


def test_more_panels_than_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BordertallyError, match="13 plots"):
        draw(tmp_path / "x.svg", [PANEL] * 13)


def test_without_matplotlib_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def none(
        name: str,
        globals_: Mapping[str, object] | None = None,
        locals_: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, globals_, locals_, fromlist, level)

    monkeypatch.setattr(builtins, "__import__", none)
    with pytest.raises(BordertallyError, match=r"in the clone: pip install '\.\[plot\]'"):
        draw(tmp_path / "x.svg", [PANEL])


def test_a_place_with_two_names_is_one_flow(tmp_path: Path) -> None:
    """The crossing is renamed on 1 February; each name alone would have a month."""
    sources = tmp_path / "sources.toml"
    sources.write_text(
        '[aliases]\n"BR:UY:new" = "BR:UY:old"\n[sources.desk]\nname = "Desk"\nflows = ["BR"]\ngrade = "B"\n',
        encoding="utf-8",
    )
    days = [(month, day) for month in (1, 2) for day in range(1, 29)]
    lines = [
        f'{{"id": "{month}-{day}", "source": "desk", "published": "2023-03-01T00:00:00Z", "people": 1000,'
        f' "flow": "BR:UY:{"old" if month == 1 else "new"}", "period": "2023-{month:02}-{day:02}"}}'
        for month, day in days
    ]
    file = tmp_path / "reports.ndjson"
    file.write_text("\n".join(lines), encoding="utf-8")
    measured = rows(file, "--sources", sources, "--method", "rules", "--rule", "daily-rate")
    assert {row["flow"]: row["days"] for row in measured} == {"BR": 56, "BR:UY": 56, "BR:UY:old": 56}
