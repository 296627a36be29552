"""The command `backtest`: the alerts that rules raise on a past series, and how good they are."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Annotated, Any, NamedTuple

import typer
from rich import box
from rich.table import Table

from bordertally.agents.cli.inspect.reading import print_refused, reports_of
from bordertally.agents.producing.series import (
    DateColumn,
    DateFormat,
    FlowColumns,
    Only,
    PeopleColumn,
    SeriesColumns,
    conditions,
    read_series,
    read_surges,
)
from bordertally.agents.runtime.context import load_registry, load_rules
from bordertally.agents.terminal.console import SafeConsole, out, print_json
from bordertally.agents.terminal.plot import Panel, draw
from bordertally.streams.detection.daily_rate import DAILY_RATE
from bordertally.streams.detection.drop import DROP
from bordertally.streams.detection.record import RECORD
from bordertally.streams.detection.registry import RULES
from bordertally.streams.detection.rules_file import with_settings
from bordertally.streams.errors import BordertallyError, shown
from bordertally.streams.learning.methods import METHODS
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.tree import Node
from bordertally.streams.periods import iso_day
from bordertally.streams.replay.backtest import (
    AS_RULES_SAY,
    PLAIN,
    MethodScore,
    days_of,
    lines,
    measure,
    node_of,
    rules_for,
)
from bordertally.streams.replay.ground_truth import Surge, falls, surges
from bordertally.streams.replay.rivals import RIVALS
from bordertally.streams.reports.sources import Registry
from bordertally.streams.rules.config import Rules

HINDSIGHT = {DAILY_RATE.name: surges, RECORD.name: surges, DROP.name: falls}
"""What a rule should find in a series when nobody says, by rule; of other rules it is not known."""

SOUGHT = {DAILY_RATE.name: "surge", RECORD.name: "surge", DROP.name: "fall"}
"""What a rule finds, by rule; other rules find episodes."""

CHOICES = (AS_RULES_SAY, PLAIN, *METHODS, *RIVALS)


def backtest(  # noqa: PLR0913, PLR0917 - the options of a command
    file: Annotated[Path, typer.Argument(help="A daily series (.csv) or reports (NDJSON); - is standard input.")],
    method: Annotated[
        list[str] | None,
        typer.Option(help=f"How the normal level is learned; may be repeated. One of {', '.join(CHOICES)}."),
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option(help="Test only this rule; may be repeated. Default: every rule that is on.")
    ] = None,
    episodes: Annotated[
        Path | None, typer.Option(help="Known surges (CSV). Default: surges found in hindsight.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the series and its alerts into this .svg or .png file.")
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="Plot people on a logarithmic scale.")] = False,
    flow: Annotated[
        str | None, typer.Option(help="Test only this flow. For a file without a flow column: the name of its flow.")
    ] = None,
    rules: Annotated[Path | None, typer.Option(envvar="BORDERTALLY_RULES", help="Detection settings (TOML).")] = None,
    sources: Annotated[
        Path | None, typer.Option(envvar="BORDERTALLY_SOURCES", help="The source registry (TOML); for reports.")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="NAME=VALUE of \\[detection], overrides the rules file; may be repeated."),
    ] = None,
    date_column: DateColumn = "date",
    people_column: PeopleColumn = "people",
    flow_column: FlowColumns = None,
    date_format: DateFormat = None,
    only: Only = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array and nothing else.")] = False,
) -> None:
    """Measure alert rules on past data: surges, delay, false alarms.

    The table has a row per flow, method and rule; delay is in days.
    """
    methods = method or [AS_RULES_SAY, PLAIN]
    _check_names(methods, rule or ())
    registry = load_registry(sources)
    ours = with_settings(load_rules(rules, registry), setting or ())
    is_series = file.suffix.lower() == ".csv"
    if is_series:
        columns = SeriesColumns(date_column, people_column, flow_column or (), date_format, conditions(only))
        nodes = [node_of(name, days) for name, days in read_series(file, columns, flow or file.stem).items()]
    else:
        nodes = _nodes_of(file, registry)
    nodes = [node for node in nodes if flow in (None, node.flow)]
    if not nodes:
        raise BordertallyError(f"{file}: no whole day of {'any flow' if flow is None else f'the flow {flow}'} in it")
    todo = _trials(nodes, methods, rule, ours)
    if is_series:
        todo = _of_a_series(file, todo, rule)
    yardsticks, measures = _measures(todo, ours, episodes, alone=len(nodes) == 1)
    if plot is not None:
        draw(plot, _panels(todo, ours, measures, yardsticks), log=log)
    if as_json:
        print_json([_row(score) for score in measures])
    else:
        _show(out if out.is_terminal else SafeConsole(width=140), measures)


def _check_names(methods: Iterable[str], rules: Iterable[str]) -> None:
    """Raise BordertallyError for a method or a rule that there is none of."""
    for name in methods:
        if name not in CHOICES:
            raise BordertallyError(f"--method: {shown(name)} is not a method; choose from {', '.join(CHOICES)}")
    for name in rules:
        if name not in RULES:
            raise BordertallyError(f"--rule: {shown(name)} is not a rule; choose from {', '.join(RULES)}")


def _measures(
    trials: Sequence[_Trial], ours: Rules, episodes: Path | None, *, alone: bool
) -> tuple[list[list[Surge] | None], list[MethodScore]]:
    """What each trial is measured by, and the result."""
    given = {
        name: _Yardstick(name, None if episodes is None else read_surges(episodes, name), alone=alone)
        for name in {trial.rule for trial in trials}
    }
    yardsticks = [given[trial.rule].of(trial.node) for trial in trials]
    measures = [
        measure(trial.node, trial.method, rules_for(trial.method, ours), yardstick, trial.rule)
        for trial, yardstick in zip(trials, yardsticks, strict=True)
    ]
    return yardsticks, measures


def _of_a_series(file: Path, todo: Sequence[_Trial], chosen: Sequence[str] | None) -> list[_Trial]:
    """The trials that a series allows. Raises BordertallyError if a rule that needs reports was asked for."""
    for name in chosen or ():
        if RULES[name].needs_reports:
            raise BordertallyError(
                f"--rule: {name} needs reports, but {file} is a series; turn it into reports with: "
                f"bordertally reports {shlex.quote(str(file))} --source SOURCE"
            )
    return [trial for trial in todo if not RULES[trial.rule].needs_reports]


def _nodes_of(file: Path, registry: Registry) -> list[Node]:
    """The flows of the reports in a file; refused reports are counted on standard error."""
    reports = reports_of("backtest", [file], registry)
    print_refused("backtest", reports)
    ledger = Ledger(registry.aliases)
    for hour in reports.drain():
        ledger.add(hour.claims, hour.readings)
    ledger.flush()
    return [node for _, node in sorted(ledger.nodes.items()) if days_of(node)]


def _panels(
    todo: Sequence[_Trial], rules: Rules, measures: Sequence[MethodScore], yardsticks: Sequence[Sequence[Surge] | None]
) -> list[Panel]:
    return [
        Panel(
            f"{trial.node.flow}: {trial.method if trial.rule == DAILY_RATE.name else trial.rule}",
            lines(trial.node, rules_for(trial.method, rules), trial.method),
            measured.alarms,
            yardstick or (),
        )
        for trial, measured, yardstick in zip(todo, measures, yardsticks, strict=True)
    ]


class _Trial(NamedTuple):
    """One trial: a rule on a flow, with a method of learning the normal level."""

    node: Node
    method: str
    rule: str


def _trials(nodes: Sequence[Node], methods: Sequence[str], chosen: Sequence[str] | None, rules: Rules) -> list[_Trial]:
    """A trial per flow and rule; the daily rate has one for each method, other rules follow the rules file."""
    trials = [
        _Trial(node, method, name)
        for node in nodes
        for name in chosen or RULES
        for method in (methods if name == DAILY_RATE.name else [AS_RULES_SAY])
        if RULES[name].is_on(rules.of(node.flow).detection)
    ]
    for name in chosen or ():
        if name not in {trial.rule for trial in trials}:
            setting = RULES[name].setting
            assert setting is not None, "a rule without a setting is always on"
            raise BordertallyError(
                f"--rule: {name} is off; set {setting.name} in the rules file (--rules) or with --set"
            )
    return trials


class _Yardstick:
    """The surges that a rule should find on a flow: the given ones, else those found in hindsight."""

    def __init__(self, rule: str, known: Mapping[str, list[Surge]] | None, *, alone: bool) -> None:
        self.rule, self.known, self.alone = rule, known, alone

    def of(self, node: Node) -> list[Surge] | None:
        """The surges of one flow; None if they are not known."""
        if self.known or (self.known is not None and self.rule == DAILY_RATE.name):
            return self.known.get(node.flow, self.known.get("", []) if self.alone else [])
        hindsight = HINDSIGHT.get(self.rule)
        return None if hindsight is None else hindsight(days_of(node))


def _row(score: MethodScore) -> dict[str, Any]:
    return {
        "flow": score.flow,
        "method": score.method,
        "rule": score.rule,
        "days": score.days,
        "judged": score.judged,
        "alerts_a_year": round(score.per_year, 2),
        "alerts": [
            {"first": iso_day(a.first), "last": iso_day(a.last), "severity": a.severity, "about": a.about}
            for a in score.alarms
        ],
        "surges": [
            {
                "first": iso_day(a.surge.first),
                "last": iso_day(a.surge.last),
                "why": a.surge.why,
                "days_late": a.days_late,
                "great": a.great,
            }
            for a in score.found
        ],
        "missed": score.missed,
        "false_alarms": [iso_day(a.first) for a in score.false_alarms],
        "flaps": score.flaps,
    }


def _show(console: SafeConsole, measures: Sequence[MethodScore]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("flow", "method", "days", "judged", "alerts a year", "great", "small", "days late", "false", "flaps"):
        table.add_column(name, justify="left" if name in ("flow", "method") else "right", no_wrap=True)
    for score in measures:
        late = f"{median(score.late):g}, at most {max(score.late)}" if score.late else ""
        great, small = (" of ".join(map(str, score.found_of(great=great))) for great in (True, False))
        worth = (great, small, late, str(len(score.false_alarms)), str(score.flaps))
        figures = (f"{score.days:,}", f"{score.judged:,}", f"{score.per_year:.1f}")
        table.add_row(
            score.flow, _called(score), *figures, *(worth if score.measured else ("not known", "", "", "", ""))
        )
    console.print(table)
    for title in ("surge", "fall", "episode"):
        sought = [score for score in measures if score.measured and SOUGHT.get(score.rule, "episode") == title]
        _show_found(console, sought, title)
    _show_alarms(console, [score for score in measures if not score.measured])


def _show_alarms(console: SafeConsole, measures: Sequence[MethodScore]) -> None:
    """A table of the alerts that cannot be judged, one row each."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="Alerts", title_justify="left")
    for name in ("flow", "rule", "first day", "last day", "severity", "about"):
        table.add_column(name, no_wrap=True)
    for score in measures:
        for alarm in score.alarms:
            table.add_row(
                score.flow,
                score.rule,
                iso_day(alarm.first),
                iso_day(alarm.last),
                alarm.severity,
                alarm.about or "",
            )
    if table.row_count:
        console.print(table)


def _called(score: MethodScore) -> str:
    return score.method if score.rule == DAILY_RATE.name else score.rule


def _show_found(console: SafeConsole, measures: Sequence[MethodScore], title: str) -> None:
    """A table of the surges, one row each, with the days until each method found it."""
    columns = list(dict.fromkeys(_called(score) for score in measures))
    detail = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=f"Days late, by {title}", title_justify="left")
    for name in ("flow", "first day", "last day", *columns):
        detail.add_column(name, justify="right" if name in columns else "left", no_wrap=True)
    cells: dict[tuple[str, Surge], dict[str, str]] = {}
    for measured in measures:
        for detected in measured.found:
            delay = "missed" if detected.days_late is None else str(detected.days_late)
            cells.setdefault((measured.flow, detected.surge), {})[_called(measured)] = delay
    for (flow, surge), row in cells.items():
        detail.add_row(flow, iso_day(surge.first), iso_day(surge.last), *(row.get(name, "") for name in columns))
    if detail.row_count:
        console.print(detail)
