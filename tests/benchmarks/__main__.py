"""The benchmark's command: `python -m benchmarks`, run from the project with PYTHONPATH=tests, or `make bench`."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Annotated

import typer
from rich.console import Console

from agents.servers.errors import ServerError
from benchmarks.bench import CACHE, RunFailedError, sitting
from benchmarks.drain import drain
from benchmarks.install import UnavailableError
from benchmarks.report import COLUMNS, Result, faults, keep, ratios, table
from benchmarks.stream import Shape
from benchmarks.systems import System, systems

cli = typer.Typer(help="bordertally beside other engines on the same job.", no_args_is_help=True, add_completion=False)
out, err = Console(width=200), Console(stderr=True, width=160)
EVERY = ",".join(systems())
RESULTS = CACHE / "results.jsonl"

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
    known, found = systems(), []
    for name in filter(None, (one.strip() for one in names.split(","))):
        if name not in known:
            raise typer.BadParameter(f"{name} is none of {', '.join(known)}")
        try:
            known[name].install(CACHE, say)
        except UnavailableError as error:
            say(f"[yellow]{name} is left out: {error}[/yellow]")
        else:
            found.append(known[name])
    return found


def kept(result: Result) -> Result:
    """Keep a result, and say in a line what it is."""
    keep(result, RESULTS)
    faults(result, err)
    return result


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
                try:
                    result = asyncio.run(drain(bench, system, shape, rate=rate, live_s=live_s))
                except RunFailedError as error:
                    result = failed(system, "drain", error)
                results.append(kept(result | {"round": number + 1, "at": time.strftime("%Y-%m-%dT%H:%M:%S")}))
                say(short(result))
    good = [one for one in results if "reports" in one]
    out.print(table(good, COLUMNS, f"{shape.counts:,} counts and 1 % again, {days} days, 200 flows, one core"))
    if (better := ratios(good)) is not None:
        out.print(better)
    finish(results)


def failed(system: System, kind: str, error: RunFailedError) -> Result:
    """The result of a run that came to none."""
    verdict = {"examples": [str(error)], "failed": 1}
    return {"system": system.name, "kind": kind, "exact": False, "verdict": verdict}


def short(result: Result) -> str:
    """A result in a line."""
    left_out = ("system", "kind", "verdict", "round", "at")
    return f"{result['system']}: " + ", ".join(f"{key} {value}" for key, value in result.items() if key not in left_out)


def finish(results: list[Result]) -> None:
    """Say where the results are; exit code 1 when a figure of any was wrong."""
    say(f"one JSON line a run: {RESULTS}")
    if not all(one["exact"] for one in results):
        raise typer.Exit(1)


def main() -> None:
    """Run a command; what a user can cause ends in one sentence."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        cli()
    except ServerError as error:
        err.print(f"bench: {error}", style="red", markup=False)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
