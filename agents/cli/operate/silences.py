"""The commands `silences add`, `silences list` and `silences expire`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer

from bordertally.agents.kafka.clients import connect
from bordertally.agents.kafka.producer import Record, by_kafka, make_producer, send_all
from bordertally.agents.kafka.topic_reader import read_topic
from bordertally.agents.runtime.context import load_registry
from bordertally.agents.terminal.console import AsJson, To, moment_of, out, print_json, run, settings_for, table
from bordertally.streams.alerts.silences import Silence, Silences, expired, make_silence
from bordertally.streams.errors import BordertallyError, shown
from bordertally.streams.moments import utc
from bordertally.streams.settings import Settings, load_settings
from bordertally.streams.topics import Topics

silences = typer.Typer(help="Mute alerts for a while.", no_args_is_help=True)

ACKNOWLEDGE_S = 60.0


@silences.command()
def add(  # noqa: PLR0913, PLR0917 - the options of a command
    flow: Annotated[str, typer.Argument(help="A flow, with all flows below it; * stands for any one part.")],
    until: Annotated[
        str,
        typer.Option(
            "--until", help="When it ends: a time (ISO 8601; UTC without an offset), or 30m, 2h, 3d or 1w from now."
        ),
    ],
    comment: Annotated[str, typer.Option("--comment", help="The reason; everybody sees it.")],
    author: Annotated[str, typer.Option("--author", envvar="USER", help="Who mutes the alerts.")],
    rule: Annotated[
        str | None, typer.Option("--rule", help="Mute only this rule, such as drop. Default: all rules.")
    ] = None,
    to: To = None,
) -> None:
    """Mute the alerts of a flow until a time; prints the id of the silence."""
    now = datetime.now(UTC)
    end = moment_of(until, "--until", now, ahead=True)
    settings = settings_for(to)
    place = load_registry(settings.sources).place(flow)
    silence = make_silence(place, until=end, author=author, comment=comment, now=now, rule=rule)
    run(_send(settings, silence))
    out.print(silence.id, markup=False, highlight=False)


@silences.command(name="list")
def list_silences(
    to: To = None,
    every: Annotated[bool, typer.Option("--all", help="List expired silences, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the silences in force, the next to end first."""
    now = datetime.now(UTC)
    silences = run(_load(settings_for(to)))
    listed = (
        sorted(silences.by_id.values(), key=lambda silence: (silence.until, silence.id))
        if every
        else silences.active(now)
    )
    if as_json:
        print_json({"silences": listed})
        return
    rows = table("id", "flow", "rule", "until", "author", "comment", *(["holds"] if every else []), whole=["id"])
    for entry in listed:
        row = [
            entry.id,
            entry.flow,
            entry.rule or "all",
            f"{utc(entry.until):%Y-%m-%d %H:%M} UTC",
            entry.author,
            entry.comment,
        ]
        rows.add_row(*row, *([("yes" if entry.active(now) else "no")] if every else []))
    out.print(rows)


@silences.command()
def expire(
    name: Annotated[str, typer.Argument(help="The id of a silence, or the beginning of it.")], to: To = None
) -> None:
    """End a silence now."""
    settings = settings_for(to)
    silences = run(_load(settings))
    if not any(known.startswith(name) for known in silences.by_id):
        hint = f"list them with: bordertally silences list --all --to {settings.brokers}"
        raise BordertallyError(f"no silence id begins with {shown(name)}; {hint}")
    silence = expired(silences.named(name), datetime.now(UTC))
    run(_send(settings, silence))
    out.print(silence.id, markup=False, highlight=False)


def _topic() -> str:
    return Topics(load_settings().topic_prefix).silences


async def _load(settings: Settings) -> Silences:
    silences = Silences()
    for record in await read_topic(settings, _topic()):
        silences.apply(record.key, record.value)
    return silences


async def _send(settings: Settings, silence: Silence) -> None:
    producer = make_producer(settings, 0.002)
    await connect(producer, settings)
    try:
        record = Record(_topic(), silence.id.encode(), msgspec.json.encode(silence))
        await send_all(by_kafka(producer), [record], ACKNOWLEDGE_S)
    finally:
        await producer.stop()
