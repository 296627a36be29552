"""Several workers on one backlog: what a second and a fourth process bring, on all cores this machine has."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from typing import Any
from urllib.request import urlopen

from benchmarks import broker, feed
from benchmarks.bench import Sitting, drained, ready
from benchmarks.machine import Meter, peak_mb
from benchmarks.outputs import alert_values, check_alerts, check_figures, read_totals
from benchmarks.stream import FLOWS, Shape
from benchmarks.systems import Bordertally

Result = dict[str, Any]


async def together(bench: Sitting, shape: Shape, number: int, limit_s: float = 300.0) -> Result:
    """So many workers, started at once, share a backlog and all cores, one of them with the broker."""
    system, oracle = Bordertally(), bench.oracle(shape)
    async with bench.lane(system, shape) as lane, AsyncExitStack() as started:
        await broker.fill(lane.address, lane.reports, feed.lines(bench.file(shape)))
        workers = [
            await started.enter_async_context(bench.started(system, lane, f"worker-{number}"))
            for number in range(number)
        ]
        for worker in workers:
            os.sched_setaffinity(worker.pid, set(bench.cores))
        meters = [started.enter_context(Meter(worker.pid)) for worker in workers]
        ready_at = max(await asyncio.gather(*(ready(worker) for worker in workers)))
        done = await drained(system, lane, workers[0], feed.last_day(shape), limit_s=limit_s)
        memory = [peak_mb(worker.pid) for worker in workers]
        pauses = [await asyncio.to_thread(recovery_s, worker.port) for worker in workers]
        for worker in workers:
            await worker.stop()
        outputs = await read_totals(system, lane, set(FLOWS).__contains__)
        verdict = check_figures(outputs, oracle, parents=True)
        check_alerts(await alert_values(lane), oracle.alerts(), verdict)
    first, last, began = outputs.progress(0.0), outputs.progress(1.0), workers[0].began
    messages = oracle.messages
    used = [meter.at(done) for meter in meters]
    return {
        "system": system.name,
        "kind": "workers",
        "workers": number,
        "reports": messages,
        "reports_per_s": round(messages / max(last - first, 1e-3)),
        "reports_per_s_with_start": round(messages / (last - began)),
        "cpu_us_per_report": round(sum(used) / messages * 1e6, 2),
        "cpu_s_busiest": round(max(used), 2),
        "rebalance_s": round(max(pauses), 2),
        "ready_s": round(ready_at - began, 2),
        "all_done_s": round(done - began, 2),
        "rss_mb": round(sum(memory)),
        "exact": verdict.exact,
        "verdict": vars(verdict),
    }


def recovery_s(port: int) -> float:
    """The mean time of a worker's rebalances of ledger and alerts, tables read, as it tells in its metrics."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    told = dict(line.rsplit(" ", 1) for line in lines if line.startswith("bordertally_recovery_seconds_"))
    return float(told["bordertally_recovery_seconds_sum"]) / max(float(told["bordertally_recovery_seconds_count"]), 1)
