"""The commands `email list`, `email test` and `email subscribe`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bordertally.agents.delivery.channel import UnreachableError
from bordertally.agents.delivery.email.config import check_email, links_of, load_subscribers, load_templates, secret_of
from bordertally.agents.delivery.email.smtp import AddressedMail, Smtp
from bordertally.agents.kafka.clients import connect
from bordertally.agents.kafka.producer import Record, by_kafka, make_producer, send_all
from bordertally.agents.kafka.topic_reader import read_topic
from bordertally.agents.runtime.context import load_registry
from bordertally.agents.terminal.console import AsJson, Sources, To, err, out, print_json, run, settings_for, table
from bordertally.streams.delivery.email import digest_mail
from bordertally.streams.delivery.email_subscribers import WEEKDAYS, Subscriber, note_unsubscribed
from bordertally.streams.errors import BordertallyError, shown
from bordertally.streams.settings import Settings
from bordertally.streams.topics import Topics

email = typer.Typer(help="Manage subscribers of e-mail (BORDERTALLY_EMAIL).", no_args_is_help=True)

File = Annotated[
    Path | None, typer.Option("--email", envvar="BORDERTALLY_EMAIL", help="The file of subscribers (TOML).")
]
Name = Annotated[str, typer.Argument(help="The name of a subscriber.")]
ACKNOWLEDGE_S = 60.0


@email.command(name="list")
def list_subscribers(file: File = None, to: To = None, sources: Sources = None, as_json: AsJson = False) -> None:
    """List the subscribers: what they receive, and whether they have unsubscribed."""
    subscribers, settings = _subscribers(file, sources), settings_for(to)
    left = run(_left(settings))
    rows = [
        {
            "name": subscriber.name,
            "to": subscriber.to,
            "flows": subscriber.flows,
            "severities": subscriber.severities if subscriber.alerts else (),
            "digest": _when(subscriber),
            "subscribed": subscriber.key not in left,
        }
        for subscriber in subscribers.values()
    ]
    if as_json:
        print_json({"subscribers": rows})
        return
    listed = table("subscriber", "to", "flows", "alerts", "digest", "subscribed")
    for subscriber, row in zip(subscribers.values(), rows, strict=True):
        alerts = ", ".join(subscriber.severities) if subscriber.alerts else "none"
        cells = [subscriber.name, subscriber.to, ", ".join(subscriber.flows), alerts, _when(subscriber) or "none"]
        listed.add_row(*cells, "yes" if row["subscribed"] else "no")
    out.print(listed)


@email.command(name="test")
def send_test(name: Name, file: File = None, sources: Sources = None) -> None:
    """Send a digest without figures to a subscriber, to test the SMTP server and the templates."""
    subscriber, settings = _one(name, _subscribers(file, sources)), settings_for(None)
    check_email(settings)
    links, template = links_of(settings, secret_of(settings), subscriber), load_templates(settings.email_templates)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    mail = digest_mail(subscriber, [], [], template.digest, links, f"test of {now}")
    try:
        taken = run(Smtp(settings).send([AddressedMail(subscriber, mail, links)]))[mail.id]
    except UnreachableError as error:
        raise BordertallyError(f"{name}: not sent: {error}") from None
    err.print(f"{name}: {'sent' if taken else 'refused for good by the SMTP server'}", markup=False, highlight=False)
    if not taken:
        raise typer.Exit(1)


@email.command()
def subscribe(name: Name, file: File = None, to: To = None, sources: Sources = None) -> None:
    """Send mail again to a subscriber who has unsubscribed."""
    subscriber, settings = _one(name, _subscribers(file, sources)), settings_for(to)

    async def send() -> None:
        producer = make_producer(settings, 0.002)
        await connect(producer, settings)
        try:
            record = Record(Topics(settings.topic_prefix).unsubscribed, subscriber.key.encode(), b"")
            await send_all(by_kafka(producer), [record], ACKNOWLEDGE_S)
        finally:
            await producer.stop()

    run(send())
    err.print(f"{name}: subscribed", markup=False, highlight=False)


def _when(subscriber: Subscriber) -> str | None:
    digest = subscriber.digest
    if digest is None:
        return None
    day = "daily" if digest.weekday is None else WEEKDAYS[digest.weekday]
    return f"{day} {digest.at:%H:%M} {digest.zone.key}"


async def _left(settings: Settings) -> set[str]:
    left = set[str]()
    for record in await read_topic(settings, Topics(settings.topic_prefix).unsubscribed):
        note_unsubscribed(left, record.key, record.value)
    return left


def _subscribers(file: Path | None, sources: Path | None) -> dict[str, Subscriber]:
    if file is None:
        raise BordertallyError("give --email or set BORDERTALLY_EMAIL: the file of subscribers")
    return load_subscribers(file, load_registry(sources))


def _one(name: str, subscribers: dict[str, Subscriber]) -> Subscriber:
    if name not in subscribers:
        raise BordertallyError(f"{shown(name)}: no such subscriber; there are {', '.join(subscribers) or 'none'}")
    return subscribers[name]
