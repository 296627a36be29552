"""The long soak: `make chaos SEED=1 FAULTS=60`, on servers of its own."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bordertally.agents.servers.kafka import start_kafka
from bordertally.agents.servers.redis import start_redis
from chaos import cluster
from chaos.soak import Soaked, soak
from live import Live


def main() -> int:
    """Soak, print what happened, and return 1 if anything differs."""
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=50)
    parser.add_argument("--cluster", action="store_true", help="three brokers and three workers, and faults of theirs")
    chosen = parser.parse_args()
    if chosen.cluster:
        with tempfile.TemporaryDirectory(prefix="bordertally-chaos-") as name:
            outcome = asyncio.run(cluster.run(Path(name), chosen.seed, chosen.faults))
        show_cluster(outcome, chosen.seed)
        return 1 if outcome.verdict.differences else 0
    with tempfile.TemporaryDirectory(prefix="bordertally-chaos-") as name:
        directory = Path(name)
        (directory / "redis").mkdir()
        with start_kafka(None, directory / "kafka") as broker, start_redis(None, directory / "redis") as redis:
            live = Live(broker, redis, directory, "chaos.")
            live.create_topics()
            try:
                soaked = asyncio.run(soak(live, chosen.seed, chosen.faults, (1.0, 6.0), 0.5))
            finally:
                live.stop()
    show(soaked, chosen.seed)
    return 1 if soaked.verdict.differences else 0


def show(soaked: Soaked, seed: int) -> None:
    """Faults by kind with the longest pause, and every difference."""
    console = Console(width=120)
    table = Table("fault", "times", "longest pause, s", title=f"Seed {seed}: {len(soaked.faults)} faults")
    for kind, times, pause in soaked.table():
        table.add_row(kind, str(times), f"{pause:.1f}")
    console.print(table)
    console.print(f"{soaked.sent} reports in {soaked.seconds:.0f} s; workers ended with {soaked.codes}")
    console.print(f"came twice, the same: {soaked.verdict.twice}; differences: {len(soaked.verdict.differences)}")
    console.print(f"told to the operator: {len(soaked.told)} lines")
    for line in soaked.told[-5:]:
        console.print(line, highlight=False, markup=False)
    for difference in soaked.verdict.differences[:50]:
        console.print(difference, highlight=False, markup=False)


def show_cluster(outcome: cluster.Outcome, seed: int) -> None:
    """Every fault with its longest pauses, and every difference."""
    console = Console(width=120)
    columns = (
        "fault",
        "lasted, s",
        "longest without an acknowledged report, s",
        "without a total, s",
        "then equal after, s",
    )
    table = Table(*columns, title=f"Seed {seed}: three brokers, three workers, {len(outcome.faults)} faults")
    for fault, (writes, totals) in zip(outcome.faults, outcome.pauses, strict=True):
        lasted, equal = fault.mended - fault.began, fault.equal - fault.mended
        table.add_row(fault.kind, *(f"{seconds:.1f}" for seconds in (lasted, writes, totals, equal)))
    console.print(table)
    console.print(f"{outcome.sent} reports; workers ended with {outcome.codes}")
    console.print(f"came twice, the same: {outcome.verdict.twice}; differences: {len(outcome.verdict.differences)}")
    for difference in outcome.verdict.differences[:50]:
        console.print(difference, highlight=False, markup=False)


if __name__ == "__main__":
    sys.exit(main())
