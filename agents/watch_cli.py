"""The command `watch`: alerts, and totals if wanted, in the terminal as they come."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

import msgspec
import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from rich.text import Text

from agents.console import StoppedError, out, run
from agents.reading import partitions_of, read_topic
from agents.security import kafka_options
from agents.show import alert_line, people
from agents.webhooks_cli import To, moment_of
from streams.errors import BordertallyError, RefusedError
from streams.flows import check_pattern, covers
from streams.records import Alert, FlowState
from streams.settings import Settings, load_settings
from streams.silences import OPEN, Silences, silenced
from streams.topics import BIGGEST, Topics

_decode_alert = msgspec.json.Decoder(Alert).decode
_decode_state = msgspec.json.Decoder(FlowState).decode
POLL_MS = 500


class Wanted(NamedTuple):
    """What to follow: since when, of which flow and all below it, with totals or without, as JSON or for a person."""

    since: datetime
    flow: str
    totals: bool
    as_json: bool


def watch(
    to: To = None,
    since: Annotated[str, typer.Option("--since", help="Begin there: a time (ISO 8601), or 30m, 12h, 3d ago.")] = "1d",
    flow: Annotated[str, typer.Option("--flow", help="This flow and all below it; * is any one part.")] = "*",
    totals: Annotated[bool, typer.Option("--totals", help="Also the seven days of each flow that changes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The records as they are, one JSON object a line.")] = False,
) -> None:
    """Follow alerts as they come, until Ctrl-C."""
    settings = load_settings(**({"brokers": to} if to else {}))
    try:
        wanted = Wanted(moment_of(since), check_pattern(flow), totals, as_json)
    except RefusedError as error:
        raise BordertallyError(f"--flow: {error.why} (got {error.value})") from None
    try:
        run(_follow(settings, Topics(settings.topic_prefix), wanted))
    except StoppedError:  # to be stopped is how this ends
        return
    except BrokenPipeError:  # whoever read along has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def _follow(settings: Settings, topics: Topics, wanted: Wanted) -> None:
    names = [topics.alerts, *([topics.totals] if wanted.totals else [])]
    parts, silences = [], Silences()
    for name in names:
        count = await partitions_of(settings, name)
        if not count:
            raise BordertallyError(f"topic {name} does not exist; bordertally topics --create makes it")
        parts += [TopicPartition(name, number) for number in range(count)]
    held = [TopicPartition(topics.silences, n) for n in range(await partitions_of(settings, topics.silences) or 0)]
    read = dict.fromkeys(held, 0)  # how far; what there is, before the first alert is shown
    if held:
        for record in await read_topic(settings, topics.silences):
            silences.take(record.key, record.value)
            tp = TopicPartition(record.topic, record.partition)
            read[tp] = max(read[tp], record.offset + 1)
    consumer = AIOKafkaConsumer(
        **kafka_options(settings),
        enable_auto_commit=False,
        isolation_level="read_committed",
        max_partition_fetch_bytes=BIGGEST,
    )
    await consumer.start()
    try:
        consumer.assign([*parts, *held])
        begins = await consumer.offsets_for_times(dict.fromkeys(parts, int(wanted.since.timestamp() * 1000)))
        for tp in parts:
            if begins[tp] is None:
                await consumer.seek_to_end(tp)
            else:
                consumer.seek(tp, begins[tp].offset)
        for tp, offset in read.items():  # none that was set meanwhile is missed
            consumer.seek(tp, offset)
        while True:
            batch = await consumer.getmany(timeout_ms=POLL_MS)
            for record in _news([one for some in batch.values() for one in some], silences, topics):
                _show(record, wanted, silences, alerts=record.topic == topics.alerts)
            sys.stdout.flush()
    finally:
        await consumer.stop()


def _news(records: list[Any], silences: Silences, topics: Topics) -> list[Any]:
    """What is to be shown, in order of time; silences are taken first."""
    for record in records:
        if record.topic == topics.silences:
            silences.take(record.key, record.value)
    return sorted([one for one in records if one.topic != topics.silences], key=lambda one: one.timestamp)


def _show(record: Any, wanted: Wanted, silences: Silences, *, alerts: bool) -> None:
    try:
        one: Alert | FlowState = (_decode_alert if alerts else _decode_state)(record.value or b"")
    except msgspec.MsgspecError:
        return
    if not covers(wanted.flow, one.flow):
        return
    if wanted.as_json:
        sys.stdout.write(record.value.decode() + "\n")
        return
    line = Text(f"{datetime.fromtimestamp(record.timestamp / 1000, UTC):%Y-%m-%d %H:%M:%S}  ", style="dim")
    if isinstance(one, Alert):
        line.append_text(alert_line(one))
        silence = silenced(one, silences.by_id.values(), datetime.now(UTC)) if one.state in OPEN else None
        if silence is not None:
            until = silence.until.astimezone(UTC)
            line.append(f" [silenced until {until:%Y-%m-%d %H:%M} by {silence.author}: {silence.comment}]", style="dim")
    elif one.totals:
        week = one.totals[1]
        line.append(f"{'= total':<12}", style="cyan")
        line.append(f"{one.flow} {people(week)} in the 7 days to {week.as_of}")
    else:
        return
    out.print(line, soft_wrap=True)
