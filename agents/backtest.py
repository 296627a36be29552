"""`bordertally backtest`: what alerts on a past series would have been, and how good they are."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from agents.context import load_registry, load_rules
from agents.plot import Panel, draw
from agents.publish import read_lines
from agents.series import Columns, read_series, read_surges
from streams.backtest import AS_RULES_SAY, PLAIN, Measure, days_of, lines, measure, node_of, rules_for
from streams.errors import BordertallyError, shown
from streams.hindsight import Surge, surges
from streams.learning.methods import METHODS
from streams.ledger import Ledger, Node
from streams.replay import read_all
from streams.rules import Rules

CHOICES = (AS_RULES_SAY, PLAIN, *METHODS)


def backtest(  # noqa: PLR0913, PLR0917 - the options of a command
    file: Annotated[Path, typer.Argument(help="A daily series (.csv) or NDJSON reports.")],
    method: Annotated[list[str] | None, typer.Option(help=f"One or several of {', '.join(CHOICES)}.")] = None,
    episodes: Annotated[Path | None, typer.Option(help="CSV of known surges; default: found by hindsight.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the series and its alerts to this .svg or .png.")] = None,
    log: Annotated[bool, typer.Option("--log", help="Plot people on a logarithmic scale.")] = False,
    flow: Annotated[str | None, typer.Option(help="Only this flow; of a file without flows, its name.")] = None,
    rules: Annotated[Path | None, typer.Option(envvar="BORDERTALLY_RULES", help="Detection settings (TOML).")] = None,
    sources: Annotated[
        Path | None, typer.Option(envvar="BORDERTALLY_SOURCES", help="The source registry (TOML), for reports.")
    ] = None,
    date_column: Annotated[str, typer.Option(help="The column of days.")] = "date",
    people_column: Annotated[str, typer.Option(help="The column of people.")] = "people",
    flow_column: Annotated[list[str] | None, typer.Option(help="The columns that name the flow, joined by :.")] = None,
    date_format: Annotated[str | None, typer.Option(help="As of strptime, say %d-%m-%Y; default: ISO 8601.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Go back over a series: alerts a year, surges found, days late, false alarms, by method."""
    methods = method or [AS_RULES_SAY, PLAIN]
    for name in methods:
        if name not in CHOICES:
            raise BordertallyError(f"--method: {shown(name)} is none of {', '.join(CHOICES)}")
    registry = load_registry(sources)
    ours = load_rules(rules, registry)
    if file.suffix.lower() == ".csv":
        columns = Columns(date_column, people_column, flow_column or (), date_format)
        nodes = [node_of(name, days) for name, days in read_series(file, columns, flow or file.stem).items()]
    else:
        ledger = Ledger()
        for claims in read_all((raw for _, raw in read_lines([file])), registry, time.time()).reports:
            ledger.apply(claims)
        nodes = [node for _, node in sorted(ledger.nodes.items()) if days_of(node)]
    nodes = [node for node in nodes if flow in (None, node.flow)]
    if not nodes:
        raise BordertallyError(f"{file}: no whole day of {'any flow' if flow is None else f'the flow {flow}'} in it")
    known = None if episodes is None else read_surges(episodes)
    given: dict[str, list[Surge]] = {node.flow: _surges(node, known, alone=len(nodes) == 1) for node in nodes}
    measures = [measure(node, name, rules_for(name, ours), given[node.flow]) for node in nodes for name in methods]
    if plot is not None:
        draw(plot, _panels(nodes, methods, ours, measures, given), log=log)
    if as_json:
        sys.stdout.write(msgspec.json.encode([_row(one) for one in measures]).decode() + "\n")
    else:
        _show(Console(width=None if sys.stdout.isatty() else 140), measures)


def _surges(node: Node, known: Mapping[str, list[Surge]] | None, *, alone: bool) -> list[Surge]:
    """The surges of a flow: those given for it, or by hindsight where none are given at all."""
    if known is None:
        return surges(days_of(node))
    return known.get(node.flow, known.get("", []) if alone else [])


def _panels(
    nodes: Sequence[Node],
    methods: Sequence[str],
    rules: Rules,
    measures: Sequence[Measure],
    given: Mapping[str, list[Surge]],
) -> list[Panel]:
    by_name = {(one.flow, one.method): one for one in measures}
    return [
        Panel(
            f"{node.flow}: {name}",
            lines(node, rules_for(name, rules)),
            by_name[node.flow, name].alarms,
            given[node.flow],
        )
        for node in nodes
        for name in methods
    ]


def _iso(day: int) -> str:
    return date.fromordinal(day).isoformat()


def _row(one: Measure) -> dict[str, Any]:
    return {
        "flow": one.flow,
        "method": one.method,
        "days": one.days,
        "judged": one.judged,
        "alerts_a_year": round(one.per_year, 2),
        "alerts": [{"first": _iso(a.first), "last": _iso(a.last), "severity": a.severity} for a in one.alarms],
        "surges": [
            {"first": _iso(a.surge.first), "last": _iso(a.surge.last), "why": a.surge.why, "days_late": a.days_late}
            for a in one.found
        ],
        "missed": one.missed,
        "false_alarms": [_iso(a.first) for a in one.false_alarms],
    }


def _show(console: Console, measures: Sequence[Measure]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("flow", "method", "days", "judged", "alerts a year", "surges", "missed", "days late", "false alarms"):
        table.add_column(name, justify="left" if name in ("flow", "method") else "right", no_wrap=True)
    for one in measures:
        late = f"{median(one.late):g}, at most {max(one.late)}" if one.late else ""
        counts = (f"{one.days:,}", f"{one.judged:,}", f"{one.per_year:.1f}", str(len(one.found)), str(one.missed))
        table.add_row(one.flow, one.method, *counts, late, str(len(one.false_alarms)))
    console.print(table)
    by_flow: dict[str, list[Measure]] = {}
    for one in measures:
        by_flow.setdefault(one.flow, []).append(one)
    methods = list(dict.fromkeys(one.method for one in measures))
    detail = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="Days late, by surge", title_justify="left")
    for name in ("flow", "first day", "last day", *methods):
        detail.add_column(name, justify="right" if name in methods else "left", no_wrap=True)
    for name, those in by_flow.items():
        for cells in zip(*(one.found for one in those), strict=True):
            surge = cells[0].surge
            words = ["missed" if one.days_late is None else str(one.days_late) for one in cells]
            detail.add_row(name, _iso(surge.first), _iso(surge.last), *words)
    if detail.row_count:
        console.print(detail)
