"""The command `bordertally`."""

from __future__ import annotations

import enum
import json
import sys
from importlib import metadata
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from agents.backtest import backtest
from agents.console import AsJson, Files, Sources, err, out, run
from agents.context import load_registry
from agents.doctor_cli import doctor
from agents.entry import guarded, work
from agents.examples import add_examples
from agents.follow_cli import follow
from agents.gateway_cli import gateway
from agents.keys_cli import KeyFile, keygen, read_key
from agents.publish import checked, publish
from agents.rejected_cli import rejected
from agents.replay_cli import replay
from agents.reports_cli import reports
from agents.rules_cli import rules as rules_commands
from agents.schema import asyncapi, report_schema
from agents.silences_cli import silences
from agents.tokens_cli import token
from agents.topics import create_topics
from agents.watch_cli import watch
from agents.webhooks_cli import webhooks
from agents.why_cli import why
from agents.words_cli import read, review
from streams.settings import documented, load_settings
from streams.topics import Topics

cli = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"bordertally {metadata.version('bordertally')}\n")
        raise typer.Exit


@cli.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Live, defensible totals of people crossing borders."""


cli.command()(read)
cli.command()(follow)
cli.command()(doctor)
cli.command()(keygen)
cli.command()(gateway)
cli.command()(watch)
cli.command()(token)
cli.command()(why)
cli.add_typer(review, name="review")
cli.add_typer(silences, name="silences")
cli.add_typer(webhooks, name="webhooks")
cli.add_typer(rules_commands, name="rules")
cli.add_typer(rejected, name="rejected")
cli.command()(replay)
cli.command()(reports)
cli.command()(backtest)


@cli.command()
def check(files: Files, sources: Sources = None) -> None:
    """Validate reports only: one line a fault, exit code 1 if there is any."""
    faults = count = 0
    for line in checked(files, load_registry(sources)):
        count += 1
        if line.fault is not None:
            faults += 1
            report = f" [{line.fault.report}]" if line.fault.report else ""
            sys.stdout.write(f"{line.where}:{report} {line.fault.reason.value}: {line.fault}\n")
    err.print(f"{count} reports, {faults} with a fault", highlight=False)
    if faults:
        raise typer.Exit(1)


@cli.command(name="publish")
def publish_command(
    files: Files,
    to: Annotated[str, typer.Option("--to", help="Kafka bootstrap servers, host:port.")],
    sources: Sources = None,
    faulty: Annotated[bool, typer.Option("--faulty", help="Send faulty reports too: the intake refuses them.")] = False,
    key: KeyFile = None,
) -> None:
    """Validate reports and send each to the topic of its source; faulty ones are named and not sent."""
    registry, settings = load_registry(sources), load_settings(brokers=to)
    private = None if key is None else read_key(key)
    lines = list(checked(files, registry, private, signed=True))
    for line in lines:
        if line.fault is not None:
            what = "faulty" if faulty else "not sent"
            err.print(f"{line.where}: {what}: {line.fault}", markup=False, highlight=False, soft_wrap=True)
    good = [line.raw for line in lines if faulty or line.fault is None]

    async def send() -> None:
        with _progress() as progress:
            task = progress.add_task("publishing", total=len(good))
            async for done in publish(settings, good, registry, Topics(settings.topic_prefix), private):
                progress.update(task, completed=done)

    run(send())
    unsent = len(lines) - len(good)
    err.print(f"{len(good)} reports acknowledged, {unsent} not sent", highlight=False)
    if unsent:
        raise typer.Exit(1)


@cli.command()
def topics(
    create: Annotated[bool, typer.Option("--create", help="Create those that are missing.")] = False,
    to: Annotated[
        str | None, typer.Option("--to", help="Kafka bootstrap servers; default BORDERTALLY_BROKERS.")
    ] = None,
) -> None:
    """List the topics of the pipeline, or create them."""
    settings = load_settings(**({"brokers": to} if to else {}))
    made = {}
    if create:
        made = dict(run(create_topics(settings)))
    table = Table("topic", "partitions", "settings", "meaning", *(["now"] if create else []))
    for spec in Topics(settings.topic_prefix).specs(settings.partitions, settings.replication):
        config = ", ".join(f"{key}={value}" for key, value in spec.config.items() if key != "max.message.bytes")
        row = [spec.name, str(spec.partitions), config, spec.meaning]
        table.add_row(*row, *([made[spec.name]] if create else []))
    out.print(table)


class Document(enum.StrEnum):
    """What `bordertally schema` prints."""

    REPORT = "report"
    ASYNCAPI = "asyncapi"


@cli.command()
def schema(
    what: Annotated[Document, typer.Argument(help="report: JSON Schema; asyncapi: all topics.")] = Document.REPORT,
) -> None:
    """Print the JSON Schema of a report, or the AsyncAPI 3 document of all topics."""
    document = report_schema() if what is Document.REPORT else asyncapi()
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


@cli.command()
def settings() -> None:
    """List every setting: environment variable, default, meaning."""
    table = Table("variable", "default", "meaning")
    for row in documented():
        table.add_row(*row)
    out.print(table)


@cli.command()
def worker() -> None:
    """Run a worker with the hops that BORDERTALLY_HOPS names."""
    work()


@cli.command()
def demo(  # noqa: PLR0913, PLR0917 - the options of a command
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave it running, with a gateway and its board, and print the addresses.")
    ] = False,
    as_json: AsJson = False,
    broker_port: Annotated[int | None, typer.Option(help="Port of the broker; default: any free one.")] = None,
    redis_port: Annotated[int | None, typer.Option(help="Port of Redis; default: any free one.")] = None,
    http_port: Annotated[int | None, typer.Option(help="Port of /metrics; default: any free one.")] = None,
    gateway_port: Annotated[
        int | None, typer.Option(help="Port of the board, with --keep; default: any free one.")
    ] = None,
) -> None:
    """Run everything on this machine with the sample week of 21-27 September 2022, then stop it."""
    from agents.demo.run import Ports, run_demo  # noqa: PLC0415 - as above

    run(run_demo(Ports(broker_port, redis_port, http_port, gateway_port), keep=keep, as_json=as_json, out=out, err=err))


add_examples(cli)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=not err.is_terminal, disable=not err.is_terminal)


if __name__ == "__main__":
    guarded(cli)
