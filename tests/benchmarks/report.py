"""Results: one JSON line a run in a file, tables with median and range, ratios between systems of the same rounds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

Result = dict[str, Any]

COLUMNS = {
    "reports_per_s": "reports/s",
    "reports_per_s_with_start": "with start-up",
    "cpu_us_per_report": "CPU us a report",
    "cpu_us_per_report_steady": "without start-up",
    "rss_mb": "peak MB",
    "start_s": "first output s",
    "all_done_s": "all done s",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "live_cpu_percent": "live CPU %",
    "alert_p99_ms": "alerts p99 ms",
    "others_percent": "others %",
}
SCALED = {
    "reports": "reports",
    "reports_per_s": "reports/s",
    "cpu_us_per_report": "CPU us a report",
    "cpu_us_per_report_steady": "without start-up",
    "rss_mb": "peak MB",
    "drain_s": "drain s",
}
SHARED = {
    "reports_per_s": "reports/s",
    "reports_per_s_with_start": "with start-up",
    "cpu_us_per_report": "CPU us a report",
    "cpu_s_busiest": "CPU s, busiest",
    "rebalance_s": "rebalance s",
    "ready_s": "ready s",
    "all_done_s": "all done s",
    "rss_mb": "peak MB, all",
}
CRASHED = {
    "told_before": "records before",
    "told_after": "after",
    "first_output_s": "first output s",
    "caught_up_s": "caught up s",
    "all_done_s": "all done s",
    "wrong": "wrong figures",
    "ids_reused": "ids with two meanings",
}
RECOVERED = {
    "ready_s": "ready s",
    "first_output_s": "first output s",
    "cpu_s": "CPU s",
    "rss_mb": "peak MB",
    "rss_mb_before": "before the restart",
}
JOINED = {
    f"{phase}_{key}": f"{phase} {quantity}"
    for phase in ("alone", "joined", "left")
    for key, quantity in (("p50_ms", "p50 ms"), ("longest_ms", "longest ms"), ("silence_s", "silence s"))
}
MORE_IS_BETTER = {"reports_per_s", "reports_per_s_with_start"}
COMPARED = [
    "reports_per_s",
    "reports_per_s_with_start",
    "cpu_us_per_report",
    "cpu_us_per_report_steady",
    "rss_mb",
    "live_cpu_percent",
    "p50_ms",
    "p99_ms",
]


def keep(result: Result, path: Path) -> None:
    """Append a result to the file of results."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(result) + "\n")


def shown(values: Sequence[float | None]) -> str:
    """Median and range; `-` where nothing was measured, `never` where something did not come."""
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    if len(known) == 1:
        return _number(known[0])
    return f"{_number(median(known))} ({_number(min(known))}-{_number(max(known))})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(results: Iterable[Result], columns: dict[str, str], title: str, by: str = "system") -> Table:
    """A row a system (or whatever `by` says), with median and range of its runs."""
    rows: dict[Any, list[Result]] = {}
    for result in results:
        rows.setdefault(result[by], []).append(result)
    made = Table(by, *columns.values(), "figures", title=title, title_justify="left")
    for name, runs in rows.items():
        exact = "exact" if all(run["exact"] for run in runs) else "[red]WRONG[/red]"
        made.add_row(str(name), *[shown([run.get(key) for run in runs]) for key in columns], exact)
    return made


def ratios(results: Sequence[Result], ours: str = "bordertally") -> Table | None:
    """How many times better ours is than each other, round by round: median and range."""
    rounds: dict[int, dict[str, Result]] = {}
    for result in results:
        rounds.setdefault(result.get("round", 0), {})[result["system"]] = result
    if any(result["kind"] != "drain" for result in results):
        return None
    others = sorted({result["system"] for result in results} - {ours})
    if not others or not any(ours in results_of_round for results_of_round in rounds.values()):
        return None
    title = "times better, of the same rounds; below 1: worse"
    made = Table(f"{ours} to", *[COLUMNS[key] for key in COMPARED], title=title, title_justify="left")
    for other in others:
        cells = []
        for key in COMPARED:
            ratios = [
                _ratio(results_of_round[ours].get(key), results_of_round[other].get(key), key)
                for results_of_round in rounds.values()
                if {ours, other} <= results_of_round.keys()
            ]
            cells.append(shown(ratios))
        made.add_row(other, *cells)
    return made


def _ratio(ours: float | None, theirs: float | None, key: str) -> float | None:
    """How many times better ours is; None where one of the two was not measured."""
    better, worse = (ours, theirs) if key in MORE_IS_BETTER else (theirs, ours)
    return None if better is None or not worse else better / worse


def complain(result: Result, console: Console) -> None:
    """Say what was wrong with a run's figures."""
    if not result["exact"]:
        counts = {name: count for name, count in result["verdict"].items() if count and name != "examples"}
        console.print(f"{result['system']}: WRONG: {counts}", style="red", markup=False)
        for example in result["verdict"]["examples"]:
            console.print(f"  {example}", style="red", markup=False)
