"""A window of 14 days, set at one place, shows wherever windows are shown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from aiohttp.test_utils import make_mocked_request
from redis.asyncio import Redis
from rich.console import Console
from typer.testing import CliRunner

from bordertally.agents.cli.main import cli
from bordertally.agents.delivery.redis.keys import FLOWS, flow_key
from bordertally.agents.delivery.redis.view import fields_of
from bordertally.agents.gateway.openapi import openapi
from bordertally.agents.gateway.parameters import AskFlows, AskTotals, asked
from bordertally.agents.gateway.representations import table
from bordertally.agents.gateway.routes import Routes
from bordertally.agents.gateway.view import ServingView
from bordertally.agents.runtime.problems import ProblemError
from bordertally.agents.servers.process import Server
from bordertally.agents.terminal.totals import normal_levels, show_outcome
from bordertally.streams.delivery.flow_series import FlowFigures
from bordertally.streams.rules.config import Rules
from bordertally.streams.settings import load_settings
from bordertally.streams.totals import windows
from bordertally.streams.totals.records import FlowState
from unit.agents.gateway.node import run_steps
from unit.kit import REGISTRY, Told, daily, report, told

LENGTHS = (1, 7, 14, 30)
BEST = {1: 20, 7: 140, 14: 210, 30: 370}
"""Of 23 days of 10 people and then 7 of 20: a day, 7 x 20, 7 x 20 + 7 x 10, 7 x 20 + 23 x 10."""


@pytest.fixture(autouse=True)
def fortnight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "WINDOWS", LENGTHS)


@pytest.fixture
def month() -> Told:
    return told(daily([10] * 23 + [20] * 7, qualifier="count"))


def test_a_replay_totals_it(month: Told) -> None:
    outcome = month.desk.outcome([])
    assert {total.window_days: total.best for total in outcome.totals} == BEST


def test_the_terminal_has_a_column_for_it(month: Told) -> None:
    console = Console(file=io.StringIO(), width=200)
    show_outcome(console, month.desk.outcome([]), normal_levels(list(month.desk.states.values())))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    (head,) = [line for line in text.splitlines() if "normal a day" in line]
    (row,) = [line for line in text.splitlines() if line.strip().startswith("KZ")]
    assert [name in head for name in ("1 day ", "7 days", "14 days", "30 days")] == [True] * 4
    figures = row.split()
    start = figures.index("20")
    assert figures[start : start + 4] == ["20", "140", "210", "370"]


def test_the_command_replay_shows_it(tmp_path: Path) -> None:
    (tmp_path / "reports.ndjson").write_bytes(report(5, flow="RU:KZ", source="kz-mia") + b"\n")
    done = CliRunner().invoke(cli, ["replay", str(tmp_path / "reports.ndjson")], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert "14 days" in done.output


def states(month: Told) -> Iterator[tuple[FlowState, bytes]]:
    for state in month.desk.states.values():
        yield state, msgspec.json.encode(state)


def test_redis_has_a_field_for_it(month: Told) -> None:
    for state, raw in states(month):
        fields = fields_of(state, raw)
        assert [name for name in fields if name.endswith("d") and name[:-1].isdigit()] == ["1d", "7d", "14d", "30d"]
        total = fields["14d"]
        assert isinstance(total, bytes)
        assert json.loads(total)["best"] == 210


async def test_the_gateway_answers_with_it(month: Told, redis: Server) -> None:
    client = Redis.from_url(f"redis://{redis.address}/0")
    for state, raw in states(month):
        await client.hset(flow_key(state.flow), mapping=fields_of(state, raw))  # type: ignore[arg-type]
        await client.sadd(FLOWS, state.flow)
    await client.aclose()
    view = ServingView(load_settings(redis_url=f"redis://{redis.address}/0"))
    routes = Routes(view, REGISTRY, Rules())
    flows = await routes.flows(AskFlows(flow=["RU:KZ"]))
    question = asked(make_mocked_request("GET", "/v1/totals?flow=RU:KZ&window=14d"), AskTotals)
    (total,) = (await routes.totals(question)).totals
    await view.close()

    assert (total.window_days, total.best) == (14, 210)
    assert {name: total.best for name, total in flows.flows[0].totals.items()} == {
        f"{days}d": BEST[days] for days in BEST
    }
    (tags, row) = csv.DictReader(io.StringIO(table(flows, hxl=True).decode()))
    assert (tags["best_14d"], row["best_14d"], row["high_30d"]) == (
        "#affected+crossings+days14+best",
        "210",
        "370",
    )


def test_the_parameter_allows_it_and_no_other() -> None:
    (window,) = [
        parameter
        for parameter in openapi()["paths"]["/v1/totals"]["get"]["parameters"]
        if parameter["name"] == "window"
    ]
    assert window["schema"] == {"type": "string", "enum": ["1d", "7d", "14d", "30d"]}
    with pytest.raises(ProblemError) as refused:
        asked(make_mocked_request("GET", "/v1/totals?window=15d"), AskTotals)
    problem = refused.value.problem
    assert (problem.status, problem.field, problem.value) == (400, "window", "15d")
    assert "must be one of 1d, 7d, 14d, 30d" in problem.detail


STEPS = """
import { Store } from "./shared/store.js";
import { mainTotal, totalsOf, windowName } from "./shared/spans.js";
const store = new Store();
for (const state of given) store.applyState(state);
const row = store.flows.get("RU:KZ");
const names = totalsOf(row).map(windowName);
console.log(JSON.stringify({ names, main: mainTotal(row).best, windows: store.windows }));
"""


def on_the_board(month: Told, directory: Path) -> object:
    """What the board's own modules make of the states."""
    return run_steps(directory, STEPS, msgspec.json.encode(list(month.desk.states.values())).decode())


def test_the_board_shows_the_windows_that_there_are(month: Told, tmp_path: Path) -> None:
    assert on_the_board(month, tmp_path) == {
        "names": ["1d", "7d", "14d", "30d"],
        "main": 140,
        "windows": {"main": 7, "longest": 30},
    }


def test_without_a_week_the_board_shows_the_next_longer_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "WINDOWS", (1, 14))
    assert on_the_board(told(daily([10] * 23 + [20] * 7, qualifier="count")), tmp_path) == {
        "names": ["1d", "14d"],
        "main": 210,
        "windows": {"main": 14, "longest": 14},
    }


def test_what_is_shown_of_a_week_alone_is_refused_without_that_window(
    month: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "WINDOWS", (1, 30))
    with pytest.raises(ValueError, match=r"^7 days are no window; there are 1d, 30d$"):
        FlowFigures(1).update(month.state())
    with pytest.raises(ValueError, match=r"^7 days are no window; there are 1d, 30d$"):
        show_outcome(Console(file=io.StringIO()), month.desk.outcome([]), {})
