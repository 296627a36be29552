"""The benchmark's command: `python -m benchmarks`, run from the project with PYTHONPATH=tests, or `make bench`."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import tempfile
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import broker, faults
from benchmarks.bench import CACHE, RunFailedError, sitting
from benchmarks.drain import drain
from benchmarks.flows import endured
from benchmarks.history import CASES, MORE, cost
from benchmarks.install import UnavailableError
from benchmarks.replay import FILES, measured
from benchmarks.report import COLUMNS, CRASHED, JOINED, RECOVERED, SCALED, SHARED, Result, complain, keep, ratios, table
from benchmarks.stream import Shape
from benchmarks.systems import System, systems
from benchmarks.workers import together
from bordertally.agents.servers.errors import ServerError

cli = typer.Typer(help="bordertally beside other engines on the same job.", no_args_is_help=True, add_completion=False)
out, err = Console(width=200), Console(stderr=True, width=160)
OURS = "bordertally"
EVERY = ",".join(systems())
RESULTS = CACHE / "results" / f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.jsonl"
"""The results of this call: two at once have a file each."""

Names = Annotated[str, typer.Option("--systems", help=f"Any of {EVERY}.")]
Rounds = Annotated[int, typer.Option("--rounds", min=1, help="How often each system runs, in turns.")]
Days = Annotated[int, typer.Option("--days", min=11, help="Days of event time in the stream.")]
Slots = Annotated[int, typer.Option("--slots", min=1, help="Counts a day and flow; there are 200 flows.")]


@cli.callback()
def about() -> None:
    """bordertally beside other engines on the same job."""


def say(text: str) -> None:
    """Progress, on standard error."""
    err.print(f"[dim]{time.strftime('%H:%M:%S')}[/dim] {text}", highlight=False)


def chosen(names: str) -> list[System]:
    """The systems named, installed; those that cannot be are named and left out."""
    known, chosen = systems(), []
    for name in filter(None, (part.strip() for part in names.split(","))):
        if name not in known:
            raise typer.BadParameter(f"{name} is none of {', '.join(known)}")
        try:
            known[name].install(CACHE, say)
        except UnavailableError as error:
            say(f"[yellow]{name} is left out: {error}[/yellow]")
        else:
            chosen.append(known[name])
    return chosen


@cli.command()
def run(
    names: Names = EVERY,
    rounds: Rounds = 3,
    days: Days = 60,
    slots: Slots = 40,
    live_s: Annotated[float, typer.Option("--live", min=0, help="Seconds of the live feed; 0 for none.")] = 15.0,
    rate: Annotated[float, typer.Option(min=1, help="Reports a second in the live feed.")] = 500.0,
) -> None:
    """The main job: drain a filled topic on one core, then a live feed; systems take turns, round by round."""
    shape, results = Shape(days, slots), list[Result]()
    chosen_ones = chosen(names)
    with sitting(say) as bench:
        for number in range(rounds):
            for system in chosen_ones:
                say(f"round {number + 1} of {rounds}: {system.name}")
                job = drain(bench, system, shape, rate=rate, live_s=live_s)
                results.append(kept(attempt(system, "drain", job) | {"round": number + 1}))
    title = f"{shape.counts:,} counts and 1 % again, {days} days, 200 flows, one core; then live, {rate:g} reports/s"
    show(results, COLUMNS, title)


@cli.command()
def scale(days: Annotated[str, typer.Option(help="Lengths to compare.")] = "15,60,240", slots: Slots = 40) -> None:
    """What a report costs, and memory, as the stream gets longer: the same job without the live feed."""
    results, ours = [], systems()[OURS]
    with sitting(say) as bench:
        for length in days.split(","):
            say(f"{length} days")
            job = drain(bench, ours, Shape(int(length), slots), live_s=0, limit_s=1800)
            results.append(kept(attempt(ours, "drain", job)))
    show(results, SCALED, "the same job, longer and longer", by="days")


@cli.command()
def backlog(
    millions: Annotated[float, typer.Argument(min=0.01, help="Million reports that wait.")] = 5.0, slots: Slots = 40
) -> None:
    """Start with a large backlog: memory stays bounded."""
    days = max(11, round(millions * 1e6 / 1.01 / Shape(1, slots).counts))
    with sitting(say) as bench:
        job = drain(bench, systems()[OURS], Shape(days, slots), live_s=0, limit_s=3600)
        result = attempt(systems()[OURS], "backlog", job)
    show([kept(result)], SCALED, f"a backlog of {millions:g} million reports", by="days")


@cli.command()
def crash(names: Names = EVERY, rounds: Rounds = 1, days: Days = 60, slots: Slots = 40) -> None:
    """Kill -9 half-way, started again at once. A peer that comes out wrong is shown, and is no failure of this run."""
    results, chosen_ones = [], chosen(names)
    with sitting(say) as bench:
        for number in range(rounds):
            for system in chosen_ones:
                say(f"round {number + 1} of {rounds}: {system.name}, killed half-way")
                results.append(kept(attempt(system, "crash", faults.crash(bench, system, Shape(days, slots)))))
    show(results, CRASHED, "kill -9 half-way")


@cli.command()
def recover(days: Days = 500, slots: Slots = 4) -> None:
    """A restart of a worker that holds 200 flows x 500 days."""
    with sitting(say) as bench:
        result = attempt(systems()[OURS], "recover", faults.recover(bench, Shape(days, slots)))
    show([kept(result)], RECOVERED, f"recovery of {days} days of 200 flows", by="bins")


@cli.command()
def join(
    days: Days = 30,
    slots: Slots = 8,
    rate: Annotated[float, typer.Option(min=1, help="Reports a second.")] = 500.0,
    phase_s: Annotated[float, typer.Option("--phase", min=5, help="Seconds alone, joined, and after it left.")] = 20.0,
    kill: Annotated[bool, typer.Option("--kill", help="The second worker ends by kill -9, not when asked.")] = False,
) -> None:
    """A second worker joins during a steady feed, and leaves again: how long is the pause?"""
    with sitting(say) as bench:
        shape = Shape(days, slots)
        job = faults.join(bench, shape, rate=rate, phase_s=phase_s, kill=kill)
        result = attempt(systems()[OURS], "join", job)
    show([kept(result)], JOINED, f"a second worker joins and leaves at {rate:g} reports a second")


@cli.command()
def workers(
    numbers: Annotated[str, typer.Option(help="How many workers, one after the other.")] = "1,2,4",
    rounds: Rounds = 1,
    days: Days = 60,
    slots: Slots = 40,
    partitions: Annotated[int, typer.Option(min=1, help="Partitions of every topic.")] = broker.PARTITIONS,
) -> None:
    """One backlog for 1, 2 and 4 worker processes, on all cores of this machine."""
    results, ours = [], systems()[OURS]
    broker.PARTITIONS = partitions
    with sitting(say) as bench:
        for _ in range(rounds):
            for number in numbers.split(","):
                say(f"{number} workers")
                results.append(kept(attempt(ours, "workers", together(bench, Shape(days, slots), int(number)))))
    show(results, SHARED, f"one backlog over {partitions} partitions, shared", by="workers")


@cli.command(name="flows")
def many_flows(
    number: Annotated[int, typer.Option(min=1_000, help="Flows, half of them reported daily.")] = 100_000,
) -> None:
    """One pipeline with very many flows: time, memory, recovery, and what the gateway takes for its lists."""
    figures = endured(number)
    shown = Table("quantity", "figure", title=f"{number:,} flows, one report each on two days")
    for name, figure in figures.items():
        shown.add_row(name, figure)
    out.print(shown)


@cli.command()
def history() -> None:
    """What one more report costs after months and years: daily reports, chains of overlapping claims, minutes below."""
    title = f"CPU of one more report, in ms (ledger, states, alerts; no Kafka): median and most of {MORE}"
    shown = Table(*("report", "days before", "median", "most", "to the first row"), title=title)
    for name, case in CASES.items():
        first = None
        for days in case.days:
            measured = cost(name, days)
            first = first or measured.median_ms
            figures = f"{measured.median_ms:.2f}", f"{measured.most_ms:.2f}", f"{measured.median_ms / first:.2f}"
            shown.add_row(name, f"{days:,}", *figures)
            say(f"{name}, {days} days: {measured.median_ms:.2f} ms")
    out.print(shown)


@cli.command()
def replay() -> None:
    """What `bordertally replay` takes of a file, beside a plain Python pass over the same file."""
    shown = Table(*("file", "lines", "MB", "CPU s", "us a line", "peak MB", "plain CPU s", "times plain"))
    for name, lines in FILES.items():
        with tempfile.TemporaryDirectory() as directory:
            result = measured(Path(directory), lines())
        (cpu_s, peak_mb), plain_s = result.replay, result.plain.cpu_s
        figures = f"{result.lines:,}", f"{result.megabytes:.0f}", f"{cpu_s:.1f}", f"{1e6 * cpu_s / result.lines:.0f}"
        shown.add_row(name, *figures, f"{peak_mb:.0f}", f"{plain_s:.2f}", f"{cpu_s / plain_s:.1f}")
        say(f"{name}: {cpu_s:.1f} s of CPU, {peak_mb:.0f} MB; plain {plain_s:.2f} s")
    out.print(shown)


def attempt(system: System, kind: str, job: Coroutine[Any, Any, Result]) -> Result:
    """Run to a result; one that failed is a result that is not exact."""
    try:
        return asyncio.run(job)
    except RunFailedError as error:
        verdict = {"examples": [str(error)], "failed": 1}
        return {"system": system.name, "kind": kind, "exact": False, "verdict": verdict}


def kept(result: Result) -> Result:
    """Keep a result, and say in a line what it is."""
    keep(result | {"at": time.strftime("%Y-%m-%dT%H:%M:%S")}, RESULTS)
    complain(result, err)
    say(short(result))
    return result


def short(result: Result) -> str:
    """A result in a line."""
    return f"{result['system']}: " + ", ".join(
        f"{key} {value}" for key, value in result.items() if key not in ("system", "kind", "verdict", "round")
    )


def show(results: list[Result], columns: dict[str, str], title: str, by: str = "system") -> None:
    """Print the table and where the results are; exit code 1 when a figure was wrong (in a crash: of ours)."""
    good = [result for result in results if "failed" not in result["verdict"]]
    out.print(table(good, columns, title, by))
    if (better := ratios(good)) is not None:
        out.print(better)
    say(f"one JSON line a run: {RESULTS}")
    if not all(result["exact"] or (result["kind"] == "crash" and result["system"] != OURS) for result in results):
        raise typer.Exit(1)


def main() -> None:
    """Run a command; what a user can cause ends in one sentence."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # whatever was started is stopped
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        cli()
    except ServerError as error:
        err.print(f"bench: {error}", style="red", markup=False)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
