"""The command `verify`: whether the topics and Redis hold what the reports come to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, NamedTuple

import msgspec
import typer
from aiokafka import TopicPartition
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bordertally.agents.delivery.redis.keys import ALERTS, FLOWS, flow_key
from bordertally.agents.gateway.past.report_log import report_log
from bordertally.agents.kafka.clients import redis_options
from bordertally.agents.kafka.topic_reader import each_record
from bordertally.agents.runtime.context import load_registry, load_rules
from bordertally.agents.runtime.languages import load_extractor, word_reader
from bordertally.agents.terminal.console import (
    AsJson,
    RulesFile,
    Sources,
    To,
    counted,
    err,
    out,
    print_json,
    run,
    settings_for,
)
from bordertally.streams.alerts.records import Alert
from bordertally.streams.replay.comparison import alert_differences, meanings, state_difference
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.replay.reports_by_hour import ReportsByHour
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import Limits
from bordertally.streams.rules.config import Rules
from bordertally.streams.settings import Settings
from bordertally.streams.topics import Topics
from bordertally.streams.totals.records import FlowState

LOOK_S = 1.0
"""Seconds between two looks at a pipeline that is still working."""

Wait = Annotated[
    float,
    typer.Option("--wait", min=0, help="Seconds within which a flow may catch up with reports still being processed."),
]


class Disagreement(NamedTuple):
    """What differs: `place` is totals, alerts or Redis."""

    flow: str
    place: str
    what: str


class Verification(msgspec.Struct, frozen=True):
    """The object that `--json` prints."""

    reports: int
    flows: int
    alerts: int
    differences: list[Disagreement]


def verify(
    to: To = None, sources: Sources = None, rules: RulesFile = None, *, wait: Wait = 10.0, as_json: AsJson = False
) -> None:
    """Compare the totals and alerts that run with a replay of the reports in Kafka.

    Reads all reports, works them out, and compares every flow with the topics totals and alerts and with Redis. Prints
    what differs and exits with 1, or says that all is equal. Workers may run meanwhile.
    """
    registry = load_registry(sources)
    result = run(_verify(settings_for(to), registry, load_rules(rules, registry), wait))
    if as_json:
        print_json(result)
    else:
        for flow, place, what in result.differences:
            out.print(f"{flow}: {place}: {what}", markup=False, highlight=False, soft_wrap=True)
        looked = f"{counted(result.flows, 'flow')} and {counted(result.alerts, 'alert')}"
        summary = (
            f"{counted(len(result.differences), 'difference')} among {looked}"
            if result.differences
            else f"{looked} on the topics and in Redis are what {counted(result.reports, 'report')} come to"
        )
        out.print(summary, markup=False, highlight=False, soft_wrap=True)
    if result.differences:
        raise typer.Exit(1)


async def _verify(settings: Settings, registry: Registry, rules: Rules, wait_s: float) -> Verification:
    """Compare until nothing differs or the wait is over. A flow that was equal once is not looked at again.

    A pipeline that works is never equal as a whole at one moment, since reports keep coming.
    """
    deadline = time.monotonic() + wait_s
    ledgers, topics = ReplayLedgers(registry, rules), Topics(settings.topic_prefix)
    reports = ReportsByHour(registry, Limits.of(settings), word_reader(registry, load_extractor(settings.extractor)))
    read: dict[TopicPartition, range] = {}
    number, equal = 0, set[tuple[str, str]]()
    while True:
        async for some in report_log(settings, read=read):
            reports.add(some)
            number += len(some)
        for hour in reports.drain():
            for _ in ledgers.apply(hour.claims, hour.readings):
                pass
        totals = await _states(settings, topics.totals)
        alerts = await _alerts(settings, topics.alerts)
        places, differences = await _differences(settings, ledgers, totals, alerts)
        differences = [each for each in differences if (each.flow, each.place) not in equal]
        equal |= places - {(each.flow, each.place) for each in differences}
        if not differences or time.monotonic() > deadline:
            break
        await asyncio.sleep(LOOK_S)
    for tp, offsets in sorted(read.items()):
        if offsets.start:
            gone = f"verify: {tp.topic}/{tp.partition}: the reports before offset {offsets.start} are not on Kafka"
            err.print(f"{gone} any more; figures that rest on them differ", highlight=False, soft_wrap=True)
    return Verification(number, len(ledgers.states), len(meanings(ledgers.log)), sorted(differences))


States = Mapping[str, tuple[bytes, FlowState]]
"""The newest record of each flow, as it is and decoded."""

Told = list[tuple[bytes, Alert]]
"""The alert records, as they are and decoded."""


async def _differences(
    settings: Settings,
    ledgers: ReplayLedgers,
    totals: Mapping[str, tuple[bytes, FlowState]],
    alerts: list[tuple[bytes, Alert]],
) -> tuple[set[tuple[str, str]], list[Disagreement]]:
    """The flows and places that were looked at, and what differs."""
    states = {str(flow): state for flow, state in ledgers.states.items()}
    differences = []
    for flow in states.keys() | totals.keys():
        _, state = totals.get(flow, (b"", None))
        if what := state_difference(states.get(flow), state):
            differences.append(Disagreement(flow, "totals", what))
    told = alert_differences(meanings(ledgers.log), meanings(alert for _, alert in alerts))
    differences += [Disagreement(flow, "alerts", what) for flow, what in told]
    differences += await _in_redis(settings, totals, alerts)
    flows = {each.flow for each in differences} | states.keys() | totals.keys()
    return {(flow, place) for flow in flows for place in ("totals", "alerts", "Redis")}, differences


async def _in_redis(settings: Settings, totals: States, alerts: Told) -> list[Disagreement]:
    """How Redis differs from the topics."""
    redis: Any = Redis.from_url(**redis_options(settings), socket_timeout=5, socket_connect_timeout=5)
    newest: dict[str, tuple[bytes, Alert]] = {}
    for raw, alert in alerts:
        if alert.id not in newest or newest[alert.id][1].seq < alert.seq:
            newest[alert.id] = raw, alert
    try:
        listed = {flow.decode("utf-8", "replace") for flow in await redis.smembers(FLOWS)}
        flows = sorted(listed | totals.keys())
        async with redis.pipeline(transaction=False) as pipe:
            for flow in flows:
                pipe.hget(flow_key(flow), "state")
            values = await pipe.execute(raise_on_error=False)
        open_alerts = await redis.hgetall(ALERTS)
    except RedisError as error:
        return [Disagreement("(all)", "Redis", f"does not answer as it should: {error}")]
    finally:
        await redis.aclose()
    differences = []
    for flow, value in zip(flows, values, strict=True):
        raw, state = totals.get(flow, (b"", None))
        wanted = None if state is None or state.gone else raw
        if value != wanted or (flow in listed) != (wanted is not None):
            differences.append(Disagreement(flow, "Redis", _wrong(value, wanted)))
    for name in sorted({key.decode("utf-8", "replace") for key in open_alerts} | newest.keys()):
        value, told = open_alerts.get(name.encode()), newest.get(name)
        if value != (None if told is None else told[0]):
            flow = "(unknown)" if told is None else told[1].flow
            differences.append(Disagreement(flow, "Redis", f"alert {name} {_wrong(value, told)}"))
    return differences


def _wrong(value: object, wanted: object) -> str:
    return "is missing" if value is None else "has no record" if wanted is None else "is not the newest record"


async def _states(settings: Settings, topic: str) -> dict[str, tuple[bytes, FlowState]]:
    """The newest record of each flow that can be read."""
    newest: dict[str, tuple[bytes, FlowState]] = {}
    async for record in each_record(settings, topic):
        with suppress(msgspec.MsgspecError):  # delivery names it
            state = msgspec.json.decode(record.value or b"", type=FlowState)
            newest[state.flow] = record.value, state
    return newest


async def _alerts(settings: Settings, topic: str) -> list[tuple[bytes, Alert]]:
    """Return the alerts of a topic with their bytes; records that cannot be read are left out."""
    alerts = []
    async for record in each_record(settings, topic):
        with suppress(msgspec.MsgspecError):  # delivery names it
            alerts.append((record.value, msgspec.json.decode(record.value or b"", type=Alert)))
    return alerts
