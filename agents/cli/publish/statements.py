"""The commands `read` and `review`, for statements in words."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import typer
from msgspec import UNSET

from bordertally.agents.cli.publish.keys import KeyFile
from bordertally.agents.producing.keys import read_key
from bordertally.agents.producing.review import Reviewer, decide, load_docket, send, take_turns
from bordertally.agents.runtime.context import load_registry
from bordertally.agents.runtime.languages import load_reader, word_reader
from bordertally.agents.terminal.console import AsJson, Sources, To, err, out, print_json, run, settings_for, table
from bordertally.agents.terminal.statement import people, show_statement
from bordertally.streams.errors import BordertallyError, Reason, RefusedError, shown
from bordertally.streams.reports.records import Report
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import Limits
from bordertally.streams.settings import load_settings
from bordertally.streams.statements.reader import Speaker
from bordertally.streams.statements.records import Statement
from bordertally.streams.statements.review import Verdict
from bordertally.streams.topics import Topics

review = typer.Typer(help="Accept, correct or reject uncertain claims from statements.", no_args_is_help=True)

By = Annotated[str, typer.Option("--as", help="Your source in the registry; the decision is published as its report.")]
Note = Annotated[str, typer.Option("--note", help="The reason, in your words; kept with the decision.")]
Name = Annotated[list[str], typer.Argument(help="Ids of items, or the beginnings of them.")]


def read(
    file: Annotated[Path, typer.Argument(help="A text, or reports with text (NDJSON); - is standard input.")],
    source: Annotated[
        str | None, typer.Option("--source", help="The source in the registry whose words the text is.")
    ] = None,
    published: Annotated[
        datetime | None, typer.Option("--published", help="When the text was published. Default: now.")
    ] = None,
    sources: Sources = None,
    as_json: AsJson = False,
) -> None:
    """Show the claims that a statement in words makes.

    Each claim comes with the words that make it; figures that are no claims come with the reason.
    """
    registry = load_registry(sources)
    text = _text(file)
    if text.lstrip().startswith("{"):
        statements = [_reported(line, registry) for line in text.splitlines() if line.strip()]
    else:
        statements = [_plain(text.strip(), source, published, registry)]
    if as_json:
        print_json({"statements": [_as_json(statement) for statement in statements]})
        return
    for row in statements:
        show_statement(out, row)


def _text(file: Path) -> str:
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise BordertallyError(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BordertallyError(f"{file}: not UTF-8: {error}") from None


def _plain(text: str, source: str | None, published: datetime | None, registry: Registry) -> Statement:
    if source is None:
        moment = published or datetime.now(UTC)
        return load_reader().read(text, moment.replace(tzinfo=moment.tzinfo or UTC), Speaker(ZoneInfo("UTC")))
    if source not in registry.sources:
        raise BordertallyError(f"--source: {shown(source)} is not in the registry")
    zone = registry.zones[source]
    moment = published or datetime.now(zone)
    report = Report(id="read", source=source, published=moment.replace(tzinfo=moment.tzinfo or zone), text=text)
    return word_reader(registry).judged(report, time.time(), Limits.of(load_settings()))


def _reported(line: str, registry: Registry) -> Statement:
    try:
        report = msgspec.json.decode(line, type=Report)
    except msgspec.MsgspecError as error:
        raise BordertallyError(f"{shown(line)}: not a report: {error}") from None
    if not isinstance(report.text, str):
        raise RefusedError(Reason.MISSING_FIELD, "text", None, "the report has no text to read", report.id)
    if report.source not in registry.sources:
        raise RefusedError(Reason.UNKNOWN_SOURCE, "source", report.source, "this source is not in the registry")
    return word_reader(registry).judged(report, time.time(), Limits.of(load_settings()))


def _as_json(statement: Statement) -> dict[str, Any]:
    text = statement.text
    left = [{"text": text[a:b], "span": [a, b], "why": why.value} for (a, b), why in statement.left_out]
    return {"language": statement.language, "claims": statement.found, "left_out": left}


# --- the review ------------------------------------------------------------------------------------------------


@review.command(name="list")
def list_items(to: To = None, as_json: AsJson = False) -> None:
    """List the items that are not decided, the most confident first."""
    settings = settings_for(to)
    docket = run(load_docket(settings, Topics(settings.topic_prefix)))
    if as_json:
        print_json({"items": docket.open})
        return
    listed = table(
        "id", "source", "flow", "period", "people", "doubts", "confidence", "in these words", whole=["people"]
    )
    for item in docket.open:
        claim = item.claim
        flow, period = ("?" if field is UNSET else str(field) for field in (claim.flow, claim.period))
        doubts = ", ".join(item.doubts) + (f" ({item.why})" if item.why else "")
        words = claim.text if isinstance(claim.text, str) else ""
        listed.add_row(item.id, item.source, flow, period, people(claim), doubts, f"{item.confidence:.2f}", words)
    out.print(listed)
    out.print(f"{len(docket.open)} to decide on, {len(docket.decisions)} decided", highlight=False)


@review.command()
def accept(  # noqa: PLR0913, PLR0917 - the options of a command
    names: Name, by: By, to: To = None, sources: Sources = None, note: Note = "", key: KeyFile = None
) -> None:
    """Publish items unchanged, as a report of your source."""
    _decide(names, _reviewer(by, to, sources, key), _Order("accepted", note))


@review.command()
def reject(names: Name, by: By, to: To = None, sources: Sources = None, note: Note = "") -> None:
    """Close items without publishing a claim."""
    _decide(names, _reviewer(by, to, sources), _Order("rejected", note))


@review.command()
def edit(  # noqa: PLR0913, PLR0917 - the options of a command
    name: Annotated[str, typer.Argument(help="The id of an item, or the beginning of it.")],
    by: By,
    put: Annotated[
        list[str],
        typer.Option(
            "--set", help="FIELD=VALUE, a field of the claim as in a report; null removes it. May be repeated."
        ),
    ],
    to: To = None,
    sources: Sources = None,
    note: Note = "",
    key: KeyFile = None,
) -> None:
    """Correct an item and publish it as a report of your source."""
    _decide(
        [name], _reviewer(by, to, sources, key), _Order("edited", note, dict(_edit(assignment) for assignment in put))
    )


def _edit(text: str) -> tuple[str, Any]:
    """Parse `flow=RU:KZ` or `people=[5000,6000]`; the value is JSON if it can be, else text."""
    name, equals, value = text.partition("=")
    if not equals:
        raise BordertallyError(f"--set: write FIELD=VALUE (got {shown(text)})")
    try:
        return name, msgspec.json.decode(value.encode())
    except msgspec.MsgspecError:
        return name, value


class _Order(NamedTuple):
    """A decision: the verdict, the reason, and the edits."""

    verdict: Verdict
    note: str
    edits: dict[str, Any] | None = None


def _reviewer(by: str, to: str | None, sources: Path | None, key: Path | None = None) -> Reviewer:
    private = None if key is None else read_key(key)
    settings = settings_for(to)
    return Reviewer(by, load_registry(sources), Topics(settings.topic_prefix), settings, key=private)


def _decide(names: list[str], reviewer: Reviewer, order: _Order) -> None:
    async def work() -> dict[str, str | None]:
        docket = await load_docket(reviewer.settings, reviewer.topics)
        items = list(dict.fromkeys(docket.item(name).id for name in names))
        before = {item: docket.decided(item) for item in items}
        rulings = {
            item: decide(reviewer, docket.items[item], order.verdict, order.edits, order.note)
            for item in items
            if before[item] is None
        }
        before |= await take_turns(reviewer, list(rulings)) if rulings else {}
        for item, records in rulings.items():
            if before[item] is None:
                await send(reviewer, records)
        return before

    for item, before in run(work()).items():
        verdict = order.verdict if before is None else f"not decided: {before}"
        err.print(f"{item}: {verdict}", markup=False, highlight=False, soft_wrap=True)
