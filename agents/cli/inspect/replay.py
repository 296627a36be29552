"""The command `bordertally replay`: reports from files or from Kafka, and what they come to."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import track

from bordertally.agents.cli.inspect.rebuild import write_topics
from bordertally.agents.cli.inspect.report_log import report_log
from bordertally.agents.producing.publish import read_lines
from bordertally.agents.runtime.context import load_registry, load_rules
from bordertally.agents.runtime.languages import load_extractor, word_reader
from bordertally.agents.terminal.console import AsJson, RulesFile, Sources, err, instant, out, print_json, run
from bordertally.agents.terminal.totals import normal_levels, show_outcome
from bordertally.streams.errors import BordertallyError
from bordertally.streams.moments import MICRO
from bordertally.streams.replay.desk import Read, ReplayLedgers, read_all, read_arrived
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import Limits
from bordertally.streams.settings import Settings, load_settings

Files = Annotated[list[Path] | None, typer.Argument(help="NDJSON files of reports; - is standard input.")]
FromKafka = Annotated[bool, typer.Option("--from-kafka", help="Read the report topics on BORDERTALLY_BROKERS instead.")]
Until = Annotated[
    str | None,
    typer.Option(
        "--until",
        help="What was known then: a date (its beginning, UTC) or a date-time with an offset. By arrival at the broker "
        "with --from-kafka, by `published` with files.",
    ),
]
Out = Annotated[Path | None, typer.Option("--out", help="Write the JSON object into this file.")]
ToPrefix = Annotated[
    str | None,
    typer.Option("--to-prefix", help="Write totals and alerts into fresh topics whose names begin so."),
]


def replay(  # noqa: PLR0913 - the options of a command
    files: Files = None,
    sources: Sources = None,
    rules: RulesFile = None,
    *,
    from_kafka: FromKafka = False,
    until: Until = None,
    as_json: AsJson = False,
    into: Out = None,
    to_prefix: ToPrefix = None,
) -> None:
    """Compute totals and alerts from reports in files or in Kafka.

    Reports are applied in order of publication, with the arithmetic of the pipeline.
    """
    if from_kafka == bool(files):
        raise BordertallyError("replay: name files of reports, or --from-kafka, and not both")
    registry = load_registry(sources)
    moment = None if until is None else instant(until)
    if from_kafka:
        settings = load_settings()
        read = run(_from_kafka(settings, registry, moment))
    else:
        read = _from_files(files or [], registry, moment)
    desk = ReplayLedgers(registry, load_rules(rules, registry))
    for claims in track(read.reports, "replaying", console=err, transient=True, disable=not err.is_terminal):
        for _ in desk.apply(claims):
            pass
    outcome = desk.outcome(read.refused)
    if to_prefix is not None:
        written = run(write_topics(load_settings(), to_prefix, desk))
        err.print(f"{written.states} states and {written.alerts} alert records in topics {to_prefix}*", highlight=False)
    if into is not None:
        try:
            into.write_bytes(msgspec.json.encode(outcome) + b"\n")
        except OSError as error:
            raise BordertallyError(f"--out {into}: {error.strerror}") from None
    if as_json:
        print_json(outcome)
    elif into is None:
        show_outcome(out, outcome, normal_levels(list(desk.states.values())), _quotes(read.reports))


def _from_files(files: Iterable[Path], registry: Registry, until: float | None) -> Read:
    read = read_all((raw for _, raw in read_lines(files)), registry, time.time(), words=word_reader(registry))
    if until is None:
        return read
    return read._replace(reports=[claims for claims in read.reports if claims[0].published <= until * MICRO])


async def _from_kafka(settings: Settings, registry: Registry, until: float | None) -> Read:
    limits = Limits(settings.report_bytes, settings.period_days, settings.skew_s)
    words = word_reader(registry, load_extractor(settings.extractor))
    arrived = [one async for one in report_log(settings, until)]
    return read_arrived(arrived, registry, limits, words)


def _quotes(reports: Iterable[list[Claim]]) -> dict[str, list[str]]:
    """By report, the words in which its claims were put."""
    quotes: dict[str, list[str]] = {}
    for claim in (claim for claims in reports for claim in claims if claim.text is not None):
        quotes.setdefault(claim.report, []).append(claim.text or "")
    return quotes
