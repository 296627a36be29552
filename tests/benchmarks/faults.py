"""Runs in which something goes away: a kill in mid-drain, a restart, a second worker that stays for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from benchmarks import broker, feed, latency
from benchmarks.bench import RunFailedError, Sitting, drained, reached, ready, settled
from benchmarks.machine import Meter, peak_mb
from benchmarks.oracle import Oracle
from benchmarks.outputs import TotalsRead, Verdict, alert_values, check_alerts, check_figures, read_totals
from benchmarks.stream import FLOWS, Shape
from benchmarks.systems import Bordertally, Lane, System

Result = dict[str, Any]


async def crash(bench: Sitting, system: System, shape: Shape) -> Result:
    """Kill -9 when half of the days have been told, start again at once, and see what came of it."""
    oracle = bench.oracle(shape)
    async with bench.lane(system, shape) as lane:
        await broker.fill(lane.address, lane.reports, feed.lines(bench.file(shape)))
        async with bench.started(system, lane) as process:
            await reached(system, lane, process, shape.days / 2)
            process.kill()
        killed_at = await settled(lane)
        async with bench.started(system, lane) as process:
            done = await drained(system, lane, process, feed.last_day(shape), from_end=killed_at)
            began, memory = process.began, peak_mb(process.pid)
            await process.stop()
        outputs, verdict = await _judged(system, lane, oracle)
    after = sorted(time for time in outputs.times if time >= began)
    return {
        "system": system.name,
        "kind": "crash",
        "reports": oracle.messages,
        "told_before": killed_at,
        "told_after": len(after),
        "first_output_s": round(after[0] - began, 2) if after else None,
        "caught_up_s": round(after[-1] - began, 2) if after else None,
        "all_done_s": round(done - began, 2),
        "rss_mb": round(memory),
        "wrong": verdict.wrong_days + verdict.unsaid_days + verdict.spurious_days,
        "ids_reused": verdict.ids_reused if isinstance(system, Bordertally) else None,
        "exact": verdict.exact,
        "verdict": vars(verdict),
    }


async def recover(bench: Sitting, shape: Shape) -> Result:
    """Stop a worker that holds many days, publish one count a flow, start it anew: how soon is it of use again?"""
    system, oracle = Bordertally(), bench.oracle(shape)
    counts = feed.live(shape.days, len(FLOWS))
    async with bench.lane(system, shape) as lane:
        await broker.fill(lane.address, lane.reports, feed.lines(bench.file(shape)))
        async with bench.started(system, lane) as process:
            await drained(system, lane, process, feed.last_day(shape))
            held_mb = peak_mb(process.pid)
            await process.stop()
        before = await settled(lane)
        _see(oracle, counts)
        await broker.fill(lane.address, lane.reports, (count.message.value for count in counts))
        async with bench.started(system, lane) as process:
            with Meter(process.pid) as meter:
                ready_at = await ready(process, 300)
                await drained(system, lane, process, counts[-1].day, from_end=before)
            began, memory = process.began, peak_mb(process.pid)
            await process.stop()
        outputs, verdict = await _judged(system, lane, oracle)
    first = min(time for time in outputs.times if time >= began)
    return {
        "system": system.name,
        "kind": "recover",
        "bins": sum(len(days) for days in oracle.people.values()),
        "ready_s": round(ready_at - began, 2),
        "first_output_s": round(first - began, 2),
        "cpu_s": round(meter.at(max(first, ready_at)), 2),
        "rss_mb": round(memory),
        "rss_mb_before": round(held_mb),
        "exact": verdict.exact,
        "verdict": vars(verdict),
    }


async def join(bench: Sitting, shape: Shape, *, rate: float, phase_s: float, kill: bool) -> Result:
    """A steady feed; after a phase a second worker joins, after another it leaves, after a third the feed ends."""
    system, oracle = Bordertally(), bench.oracle(shape)
    counts = feed.live(shape.days, int(rate * phase_s * 3))
    async with bench.lane(system, shape) as lane:
        await broker.fill(lane.address, lane.reports, feed.lines(bench.file(shape)))
        async with bench.started(system, lane, "") as worker:
            await drained(system, lane, worker, feed.last_day(shape))
            async with latency.listening(lane.address, lane.totals) as heard:
                feeding = asyncio.create_task(latency.publish(lane.address, lane.reports, counts, rate))
                await asyncio.sleep(phase_s)
                async with bench.started(system, lane, "") as two:
                    await asyncio.sleep(phase_s)
                    if not two.running:
                        raise RunFailedError(f"the second worker has ended:\n{two.last_words()}")
                    if not kill:
                        await two.stop()
                moments = await feeding
                await drained(system, lane, worker, counts[-1].day)
            await worker.stop()
        _see(oracle, counts)
        _, verdict = await _judged(system, lane, oracle)

    def figures(value: bytes) -> Iterable[tuple[str, str, int]]:
        output = system.read(value)
        return [(output.flow, day, people) for day, people in output.days[-1:]]

    delays = latency.delays(counts, moments, heard, figures)
    third = len(counts) // 3
    phases = {"alone": delays[:third], "joined": delays[third : 2 * third], "left": delays[2 * third :]}
    result: Result = {"system": system.name, "kind": "join", "rate": rate, "killed": kill}
    for number, (name, values) in enumerate(phases.items()):
        result[f"{name}_p50_ms"] = latency.quantile(values, 0.5)
        result[f"{name}_longest_ms"] = latency.quantile(values, 1.0)
        began = moments[0] + number * phase_s
        result[f"{name}_silence_s"] = longest_silence([at for at, _ in heard], began, began + phase_s)
    return result | {"exact": verdict.exact, "verdict": vars(verdict)}


def longest_silence(moments: Sequence[float], began: float, ended: float) -> float:
    """The longest time without a record between two moments, in seconds."""
    inside = [began, *sorted(moment for moment in moments if began <= moment <= ended), ended]
    return round(max(later - earlier for earlier, later in pairwise(inside)), 2)


def _see(oracle: Oracle, counts: Iterable[feed.Live]) -> None:
    for count in counts:
        oracle.take(count.message.value)


async def _judged(system: System, lane: Lane, oracle: Oracle) -> tuple[TotalsRead, Verdict]:
    outputs = await read_totals(system, lane, set(FLOWS).__contains__)
    ours = isinstance(system, Bordertally)
    verdict = check_figures(outputs, oracle, parents=ours)
    if ours:
        check_alerts(await alert_values(lane), oracle.alerts(), verdict)
    return outputs, verdict
