"""The command `bordertally`."""

from __future__ import annotations

import enum
import json
import sys
from importlib import metadata
from typing import Annotated

import typer
from rich.table import Table

from bordertally.agents.cli.examples import add_examples
from bordertally.agents.cli.inspect.backtest import backtest
from bordertally.agents.cli.inspect.replay import replay
from bordertally.agents.cli.inspect.rules import rules as rules_commands
from bordertally.agents.cli.inspect.watch import watch
from bordertally.agents.cli.inspect.why import why
from bordertally.agents.cli.operate.doctor import doctor
from bordertally.agents.cli.operate.gateway import gateway
from bordertally.agents.cli.operate.rejected import rejected
from bordertally.agents.cli.operate.silences import silences
from bordertally.agents.cli.operate.tokens import token
from bordertally.agents.cli.operate.webhooks import webhooks
from bordertally.agents.cli.publish.follow import follow
from bordertally.agents.cli.publish.keys import keygen
from bordertally.agents.cli.publish.publish import check, publish_command
from bordertally.agents.cli.publish.series_reports import reports
from bordertally.agents.cli.publish.statements import read, review
from bordertally.agents.cli.running import guarded, work
from bordertally.agents.cli.schema import asyncapi, report_schema
from bordertally.agents.kafka.topics import create_topics
from bordertally.agents.terminal.console import AsJson, err, out, run
from bordertally.streams.settings import documented, load_settings
from bordertally.streams.topics import Topics

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


cli.command()(check)
cli.command(name="publish")(publish_command)
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


class SchemaDocument(enum.StrEnum):
    """What `bordertally schema` prints."""

    REPORT = "report"
    ASYNCAPI = "asyncapi"


@cli.command()
def schema(
    what: Annotated[
        SchemaDocument, typer.Argument(help="report: JSON Schema; asyncapi: all topics.")
    ] = SchemaDocument.REPORT,
) -> None:
    """Print the JSON Schema of a report, or the AsyncAPI 3 document of all topics."""
    document = report_schema() if what is SchemaDocument.REPORT else asyncapi()
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
    from bordertally.agents.demo.run import Ports, run_demo  # noqa: PLC0415 - the demo's servers are only for it

    run(run_demo(Ports(broker_port, redis_port, http_port, gateway_port), keep=keep, as_json=as_json, out=out, err=err))


add_examples(cli)


if __name__ == "__main__":
    guarded(cli)
