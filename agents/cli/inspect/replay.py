"""The command `replay`: totals and alerts of reports in files or in Kafka."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from bordertally.agents.cli.inspect.reading import print_refused, reports_of
from bordertally.agents.cli.inspect.rebuild import write_topics
from bordertally.agents.gateway.past.report_log import report_log
from bordertally.agents.runtime.context import load_registry, load_rules
from bordertally.agents.runtime.languages import load_extractor, word_reader
from bordertally.agents.runtime.memory import without_collector
from bordertally.agents.terminal.console import (
    AsJson,
    RulesFile,
    Sources,
    To,
    counted,
    err,
    instant,
    out,
    print_json,
    run,
    settings_for,
)
from bordertally.agents.terminal.progress import Progress
from bordertally.agents.terminal.totals import normal_levels, show_outcome
from bordertally.streams.errors import BordertallyError, ConfigError, shown
from bordertally.streams.imports.parts import PartsSeen
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.replay.reports_by_hour import ReportsByHour
from bordertally.streams.reports.notices import ReportNotice
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import Limits
from bordertally.streams.settings import Settings
from bordertally.streams.totals.calendar import KEPT, Each, period_named

Files = Annotated[list[Path] | None, typer.Argument(help="NDJSON files of reports; - is standard input.")]
FromKafka = Annotated[bool, typer.Option("--from-kafka", help="Read the report topics of --to instead of files.")]
Until = Annotated[
    str | None,
    typer.Option(
        "--until",
        help="Leave out later reports. A date (its beginning, UTC) or a date-time with an offset; compared with the "
        "arrival at the broker (--from-kafka) or with `published` (files).",
    ),
]
Out = Annotated[Path | None, typer.Option("--out", help="Write the JSON object into this file.")]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse reports with unknown fields.")]
InPeriod = Annotated[
    list[str] | None,
    typer.Option(
        "--period",
        help="Also total 2022-W38, 2022-09, 2022 or 2022-09-21/2022-09-28 (end exclusive); may be repeated.",
    ),
]
By = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        metavar="<week|month|year>",
        help="Also total every calendar week (ISO 8601), month or year; may be repeated.",
    ),
]
ToPrefix = Annotated[
    str | None,
    typer.Option("--to-prefix", help="Write totals and alerts into new topics with this prefix."),
]


def replay(  # noqa: PLR0913 - the options of a command
    files: Files = None,
    sources: Sources = None,
    rules: RulesFile = None,
    *,
    from_kafka: FromKafka = False,
    to: To = None,
    until: Until = None,
    period: InPeriod = None,
    by: By = None,
    as_json: AsJson = False,
    into: Out = None,
    to_prefix: ToPrefix = None,
    strict: Strict = False,
) -> None:
    """Compute totals and alerts from reports in files or in Kafka.

    Reports are applied in order of publication, hour by hour, with the arithmetic of the pipeline.
    """
    if from_kafka == bool(files):
        raise BordertallyError("replay: give either files of reports or --from-kafka")
    periods, kinds = [period_named(name) for name in period or ()], [_kind(name) for name in by or ()]
    registry = load_registry(sources)
    moment = None if until is None else instant(until)
    if from_kafka:
        reports = run(_from_kafka(settings_for(to), registry, moment, strict=strict))
    else:
        reports = reports_of("replay", files or [], registry, moment, strict=strict)
    ledgers = ReplayLedgers(registry, load_rules(rules, registry))
    quotes = _work_through(reports, ledgers)
    _print_notices(reports.notices + ledgers.notices)
    if reports.unstamped and ledgers.replaced:
        lines = counted(reports.unstamped, "report")
        what = f"{lines} without `arrived`: `published` is trusted to tell which version counts"
        err.print(f"replay: {what}", markup=False, highlight=False, soft_wrap=True)
    if as_json or into is not None:
        print_refused("replay", reports, "see rejected in the output")
    result = ledgers.outcome(reports.rejected, periods, kinds)
    if to_prefix is not None:
        written = run(write_topics(settings_for(to), to_prefix, ledgers))
        err.print(f"{written.states} states and {written.alerts} alert records in topics {to_prefix}*", highlight=False)
    if into is not None:
        try:
            into.write_bytes(msgspec.json.encode(result) + b"\n")
        except OSError as error:
            raise BordertallyError(f"--out {into}: {error.strerror}") from None
    if as_json:
        print_json(result)
    elif into is None:
        show_outcome(out, result, normal_levels(list(ledgers.states.values())), quotes)


def _kind(name: str) -> Each:
    """The kind of calendar period with this name. Raises ConfigError."""
    for kind in KEPT:
        if kind == name:
            return kind
    raise ConfigError(f"--by: {shown(name)} is none of {', '.join(KEPT)}")


def _print_notices(notices: Counter[tuple[str, ReportNotice]]) -> None:
    """Print each notice once, with its source and the number of its reports."""
    for (source, notice), number in sorted(notices.items()):
        message = f"{counted(number, 'report')} of {shown(source)}: {notice}"
        err.print(f"replay: {message}", markup=False, highlight=False, soft_wrap=True)


async def _from_kafka(settings: Settings, registry: Registry, until: float | None, *, strict: bool) -> ReportsByHour:
    words = word_reader(registry, load_extractor(settings.extractor))
    reports = ReportsByHour(registry, Limits.of(settings), words, strict=strict)
    with Progress("replay: reading", "reports") as progress:
        async for some in report_log(settings, until):
            reports.add(some)
            progress.advance(len(some))
    return reports


def _work_through(reports: ReportsByHour, ledgers: ReplayLedgers) -> dict[str, list[str]]:
    """Apply reports hour by hour; returns the quoted words of each report, by `source/id`."""
    quotes: dict[str, list[str]] = {}
    parts = PartsSeen()
    with without_collector(), Progress("replay", "claims", reports.count) as progress:
        for hour in reports.drain():
            for _ in ledgers.apply(hour.claims, hour.readings):
                pass
            for claim in hour.claims:
                parts.add(claim.report)
                if claim.text is not None:
                    quotes.setdefault(claim.citation, []).append(claim.text)
            progress.advance(hour.count)
    for warning in parts.warnings():
        err.print(f"replay: warning: {warning}", markup=False, highlight=False, soft_wrap=True)
    return quotes
