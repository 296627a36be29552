"""The main run: a filled topic is drained by a system on one core, then a live feed goes through it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any

from benchmarks import broker, feed, latency
from benchmarks.bench import Sitting, drained, ready
from benchmarks.machine import Meter, busy_s, peak_mb
from benchmarks.outputs import AlertRecord, alert_of, alert_values, check_alerts, check_figures, read_totals
from benchmarks.stream import FLOWS, Shape
from benchmarks.systems import Bordertally, Lane, Process, System

Result = dict[str, Any]


async def drain(
    bench: Sitting, system: System, shape: Shape, *, rate: float = 500.0, live_s: float = 15.0, limit_s: float = 300.0
) -> Result:
    """One run of one system; `exact` says whether every figure was right."""
    ours = isinstance(system, Bordertally)
    oracle = bench.oracle(shape)
    counts = feed.live(shape.days, int(rate * live_s)) if live_s else []
    async with bench.lane(system, shape) as lane:
        await broker.fill(lane.address, lane.reports, feed.lines(bench.file(shape)))
        async with bench.started(system, lane) as process:
            busy = busy_s(bench.cores.system)
            with Meter(process.pid) as meter:
                ready_at = await ready(process) if ours else None
                done = await drained(system, lane, process, feed.last_day(shape), limit_s=limit_s)
                others = busy_s(bench.cores.system) - busy - meter.at(time.time())
                others_percent = 100 * max(0.0, others) / (time.time() - process.began)
                drained_mb = peak_mb(process.pid)
                outputs = await read_totals(system, lane, set(FLOWS).__contains__)
                live = await _live(system, lane, process, counts, rate) if counts else {}
                memory = peak_mb(process.pid)
            await process.stop()
        for count in counts:
            oracle.take(count.message.value)
        whole = await read_totals(system, lane, set(FLOWS).__contains__) if counts else outputs
        verdict = check_figures(whole, oracle, parents=ours)
        if ours:
            check_alerts(await alert_values(lane), oracle.alerts(), verdict)
    first, last = outputs.progress(0.0), outputs.progress(1.0)
    messages = oracle.messages - len(counts)
    return {
        "system": system.name,
        "kind": "drain",
        "reports": messages,
        "days": shape.days,
        "reports_per_s": round(messages / max(last - first, 1e-3)),
        "reports_per_s_with_start": round(messages / (last - process.began)),
        "cpu_us_per_report": round(meter.at(done) / messages * 1e6, 2),
        "cpu_us_per_report_steady": round((meter.at(done) - meter.at(first)) / messages * 1e6, 2),
        "start_s": round(first - process.began, 2),
        "ready_s": None if ready_at is None else round(ready_at - process.began, 2),
        "drain_s": round(last - first, 2),
        "all_done_s": round(done - process.began, 2),
        "others_percent": round(others_percent, 1),
        "rss_mb": round(memory),
        "rss_mb_drained": round(drained_mb),
        "p50_ms": None,
        "p99_ms": None,
        "live_cpu_percent": None,
        **live,
        "outputs": len(whole.times),
        "exact": verdict.exact,
        "verdict": vars(verdict),
    }


async def _live(system: System, lane: Lane, process: Process, counts: list[feed.Live], rate: float) -> Result:
    ours = isinstance(system, Bordertally)
    async with (
        latency.listening(lane.address, lane.totals) as totals,
        latency.listening(lane.address, lane.alerts) as alerts,
    ):
        await asyncio.sleep(1)
        with Meter(process.pid) as meter:
            began = time.time()
            moments = await latency.publish(lane.address, lane.reports, counts, rate)
            ended = time.time()
        await drained(system, lane, process, counts[-1].day)

    def figures(value: bytes) -> Iterable[tuple[str, str, int]]:
        output = system.read(value)
        return [(output.flow, day, people) for day, people in output.days[-1:]]

    to_totals = latency.delays(counts, moments, totals, figures)
    result: Result = {
        "p50_ms": latency.quantile(to_totals, 0.5),
        "p99_ms": latency.quantile(to_totals, 0.99),
        "max_ms": latency.quantile(to_totals, 1.0),
        "live_rate": rate,
        "live_cpu_percent": round((meter.at(ended) - meter.readings[0].cpu_s) / (ended - began) * 100, 1),
    }
    if ours:
        to_alerts = latency.delays(counts, moments, alerts, _rates)
        opened = _after_opening(counts, to_alerts, [alert_of(value) for _, value in alerts])
        result |= {
            "alert_p50_ms": latency.quantile(opened, 0.5),
            "alert_p99_ms": latency.quantile(opened, 0.99),
            "alerted": len(opened),
        }
    return result


def _rates(value: bytes) -> Iterable[tuple[str, str, int]]:
    alert = alert_of(value)
    return [(alert.flow, alert.day, alert.rate)]


def _after_opening(
    counts: list[feed.Live], delays: list[float | None], alerts: list[AlertRecord]
) -> list[float | None]:
    """Of hot flows, the counts from the one that opened the alert on."""
    opened: dict[str, int] = {}
    for alert in alerts:
        opened.setdefault(alert.flow, alert.rate)
    return [
        delay
        for count, delay in zip(counts, delays, strict=True)
        if count.hot and count.message.flow in opened and count.total >= opened[count.message.flow]
    ]
