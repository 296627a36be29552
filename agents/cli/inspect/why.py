"""The command `why`: the claims and reports behind the people on a flow."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bordertally.agents.cli.inspect.reading import print_refused, reports_of
from bordertally.agents.delivery.redis.evidence_reader import evidence_of
from bordertally.agents.kafka.clients import redis_options
from bordertally.agents.runtime.context import load_registry, load_rules
from bordertally.agents.terminal.console import AsJson, RulesFile, Sources, out, print_json, run
from bordertally.agents.terminal.evidence import show_evidence
from bordertally.streams.errors import BordertallyError, ConfigError, shown
from bordertally.streams.evidence.records import Evidence
from bordertally.streams.evidence.trace import trace
from bordertally.streams.flows import nested, parse_flow
from bordertally.streams.replay.ledgers import ReplayLedgers, kept_by
from bordertally.streams.reports.sources import Registry
from bordertally.streams.rules.config import Rules
from bordertally.streams.security import redis_place
from bordertally.streams.settings import load_settings
from bordertally.streams.totals.calendar import period_named


def _day(text: str) -> date:
    """The day that an option names. Raises BadParameter."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{shown(text)} is not a date such as 2022-09-21") from None


def why(  # noqa: PLR0913, PLR0917 - the options of a command
    flow: Annotated[str, typer.Argument(help="A flow such as RU:GE.")],
    from_: Annotated[
        date | None,
        typer.Option("--from", parser=_day, metavar="<date>", help="The first day. Default: the last week."),
    ] = None,
    to: Annotated[
        date | None, typer.Option("--to", parser=_day, metavar="<date>", help="The day after the last one.")
    ] = None,
    period: Annotated[
        str | None,
        typer.Option("--period", help="A week (2022-W38), month (2022-09) or year instead of --from and --to."),
    ] = None,
    files: Annotated[
        list[Path] | None,
        typer.Option("--files", help="Ask reports in a file (NDJSON) instead of Redis; may be repeated."),
    ] = None,
    sources: Sources = None,
    rules: RulesFile = None,
    as_json: AsJson = False,
) -> None:
    """Explain a total: the claims and reports behind it, and the part each plays."""
    registry = load_registry(sources)
    flow = registry.place(nested(parse_flow(flow), registry.blocs))
    first, end = (None if day is None else day.toordinal() for day in (from_, to))
    if period is not None:
        if (first, end) != (None, None):
            raise ConfigError("why: give either --period or --from and --to")
        _, first, end = period_named(period)
    if first is not None and end is not None and end <= first:
        raise ConfigError(f"--to: {to} must be after --from ({from_})")
    if files:
        evidence = _replayed(files, registry, load_rules(rules, registry), flow, (first, end))
    else:
        evidence = run(_asked(registry, flow, first, end))
    if as_json:
        print_json(evidence)
    else:
        show_evidence(out, evidence)


def _replayed(
    files: list[Path], registry: Registry, rules: Rules, flow: str, days: tuple[int | None, int | None]
) -> Evidence:
    reports = reports_of("why", files, registry)
    print_refused("why", reports)
    ledgers = ReplayLedgers(registry, rules)
    for hour in reports.drain():
        ledgers.ledger.add(hour.claims, hour.readings)
    for _ in ledgers.apply(()):
        pass
    return trace(flow, kept_by(ledgers), ledgers.names, *days)


async def _asked(registry: Registry, flow: str, first: int | None, end: int | None) -> Evidence:
    settings = load_settings()
    redis = Redis.from_url(**redis_options(settings), socket_timeout=5, socket_connect_timeout=5)
    try:
        return await evidence_of(redis, registry, flow, first, end)
    except RedisError as error:
        at = redis_place(settings)
        raise BordertallyError(
            f"Redis at {at} does not answer ({error}); start it, set BORDERTALLY_REDIS_URL, or ask files with --files"
        ) from None
    finally:
        await redis.aclose()
