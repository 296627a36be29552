"""The command `watch`: alerts, and totals if asked for, in the terminal as they are published."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

import msgspec
import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from rich.text import Text

from bordertally.agents.kafka.clients import kafka_options
from bordertally.agents.kafka.topic_reader import partitions_of, read_topic
from bordertally.agents.kafka.topics import creation
from bordertally.agents.runtime.context import load_registry, load_rules
from bordertally.agents.terminal.console import StoppedError, To, err, moment_of, out, run, settings_for, write_json
from bordertally.agents.terminal.totals import alert_line, people
from bordertally.streams.alerts.inhibition import OpenAlerts
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Silences, muted_alerts
from bordertally.streams.errors import BordertallyError, RefusedError
from bordertally.streams.flows import check_pattern, covers
from bordertally.streams.rules.config import Rules
from bordertally.streams.settings import Settings
from bordertally.streams.topics import BIGGEST, Topics
from bordertally.streams.totals.records import FlowState
from bordertally.streams.totals.windows import WEEK, total_in

_decode_alert = msgspec.json.Decoder(Alert).decode
_decode_state = msgspec.json.Decoder(FlowState).decode
POLL_MS = 500


class WatchOptions(NamedTuple):
    """What to show: since when, which flow and those below it, with totals or not, as JSON or as text."""

    since: datetime
    flow: str
    totals: bool
    as_json: bool


class Standing:
    """The silences and the open alerts."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.silences = Silences()
        self.open = OpenAlerts[Alert]()

    def take(self, value: bytes | None) -> None:
        """Apply a record of `alerts`."""
        with suppress(msgspec.MsgspecError):
            self.open.apply(_decode_alert(value or b""))

    def why_quiet(self, alert: Alert, now: datetime) -> str | None:
        """Why an alert is muted, in words; None if it is not."""
        quiet = muted_alerts([alert], self.silences.by_id.values(), now, self.open, self.rules).get(alert.id)
        if quiet is None:
            return None
        if quiet.silenced_by is not None:
            silence = self.silences.by_id[quiet.silenced_by]
            until = silence.until.astimezone(UTC)
            return f"silenced until {until:%Y-%m-%d %H:%M} by {silence.author}: {silence.comment}"
        assert quiet.inhibited_by is not None
        return f"inhibited by the {alert.rule} alert on {self.open.by_id[quiet.inhibited_by].flow}"


def watch(
    to: To = None,
    since: Annotated[str, typer.Option("--since", help="Begin at a time (ISO 8601), or 30m, 12h or 3d ago.")] = "1d",
    flow: Annotated[
        str, typer.Option("--flow", help="Only this flow and the flows below it; * stands for any one part.")
    ] = "*",
    totals: Annotated[
        bool, typer.Option("--totals", help=f"Also the {WEEK}-day total of each flow that changes.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the records as they are, one JSON object per line.")
    ] = False,
) -> None:
    """Follow alerts as they are published, until Ctrl-C."""
    settings = settings_for(to)
    try:
        registry = load_registry(settings.sources)
        place = registry.place(check_pattern(flow))
        wanted = WatchOptions(moment_of(since, "--since", datetime.now(UTC)), place, totals, as_json)
    except RefusedError as error:
        raise BordertallyError(f"--flow: {error.why} (got {error.value})") from None
    standing = Standing(load_rules(settings.rules, registry))
    try:
        run(_follow(settings, Topics(settings.topic_prefix), wanted, standing))
    except StoppedError:  # the only way in which this ends
        return
    except BrokenPipeError:  # the reader of the pipe has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def _follow(settings: Settings, topics: Topics, wanted: WatchOptions, standing: Standing) -> None:
    names = [topics.alerts, *([topics.totals] if wanted.totals else [])]
    parts = []
    for name in names:
        count = await partitions_of(settings, name)
        if not count:
            raise BordertallyError(f"topic {name} does not exist; make it with: {creation(settings)}")
        parts += [TopicPartition(name, number) for number in range(count)]
    read = await _stood(settings, topics, standing)
    consumer = AIOKafkaConsumer(
        **kafka_options(settings),
        enable_auto_commit=False,
        isolation_level="read_committed",
        max_partition_fetch_bytes=BIGGEST,
    )
    await consumer.start()
    try:
        consumer.assign([*parts, *read])
        begins = await consumer.offsets_for_times(dict.fromkeys(parts, int(wanted.since.timestamp() * 1000)))
        for tp in parts:
            if begins[tp] is None:
                await consumer.seek_to_end(tp)
            else:
                consumer.seek(tp, begins[tp].offset)
        for tp, offset in read.items():  # a silence that was set in the meantime is read, too
            consumer.seek(tp, offset)
        since = f"since {wanted.since:%Y-%m-%d %H:%M} UTC, until Ctrl-C"
        err.print(f"watching {' and '.join(names)} on {settings.brokers} {since}", markup=False, highlight=False)
        while True:
            batch = await consumer.getmany(timeout_ms=POLL_MS)
            for record in _news([record for some in batch.values() for record in some], standing, topics):
                _show(record, wanted, standing, alerts=record.topic == topics.alerts)
            sys.stdout.flush()
    finally:
        await consumer.stop()


async def _stood(settings: Settings, topics: Topics, standing: Standing) -> dict[TopicPartition, int]:
    """Read silences (and alerts) before the first alert is shown; returns the next offset of silences by partition."""
    count = await partitions_of(settings, topics.silences)
    read = {TopicPartition(topics.silences, number): 0 for number in range(count)}
    if read:
        for record in await read_topic(settings, topics.silences):
            standing.silences.apply(record.key, record.value)
            tp = TopicPartition(record.topic, record.partition)
            read[tp] = max(read[tp], record.offset + 1)
    for record in await read_topic(settings, topics.alerts):
        standing.take(record.value)
    return read


def _news(records: list[Any], standing: Standing, topics: Topics) -> list[Any]:
    """The records to show, in order of time, after all silences and alerts among them are applied."""
    ordered = sorted(records, key=lambda record: record.timestamp)
    for record in ordered:
        if record.topic == topics.silences:
            standing.silences.apply(record.key, record.value)
        elif record.topic == topics.alerts:
            standing.take(record.value)
    return [record for record in ordered if record.topic != topics.silences]


def _show(record: Any, wanted: WatchOptions, standing: Standing, *, alerts: bool) -> None:
    try:
        decoded: Alert | FlowState = (_decode_alert if alerts else _decode_state)(record.value or b"")
    except msgspec.MsgspecError:
        return
    if not covers(wanted.flow, decoded.flow):
        return
    if wanted.as_json:
        write_json(record.value)
        return
    line = Text(f"{datetime.fromtimestamp(record.timestamp / 1000, UTC):%Y-%m-%d %H:%M:%S}  ", style="dim")
    if isinstance(decoded, Alert):
        if not decoded.rings:
            return
        line.append_text(alert_line(decoded))
        why = standing.why_quiet(decoded, datetime.now(UTC))
        if why is not None:
            line.append(f" [{why}]", style="dim")
    elif (week := total_in(WEEK, decoded.totals)) is not None:
        line.append(f"{'= total':<12}", style="cyan")
        line.append(f"{decoded.flow} {people(week)} in the {WEEK} days to {week.as_of}")
    else:
        return
    out.print(line, soft_wrap=True)
