"""The command `import`: a file of people crossing borders becomes reports, by a mapping."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bordertally.agents.cli.publish.keys import KeyFile
from bordertally.agents.imports.errors import UnreadableError
from bordertally.agents.imports.files import import_file
from bordertally.agents.imports.sniffing import sniff
from bordertally.agents.producing.keys import read_key
from bordertally.agents.producing.publish import publish
from bordertally.agents.runtime.context import load_registry
from bordertally.agents.terminal.console import (
    Sources,
    counted,
    err,
    instant,
    out,
    print_json,
    run,
    write,
    write_json,
)
from bordertally.streams.errors import BordertallyError, RefusedError
from bordertally.streams.imports.editions import Edition
from bordertally.streams.imports.guessing import guess_mapping
from bordertally.streams.imports.mapping import ImportMap, read_mapping
from bordertally.streams.imports.parts import ImportClaim, all_claims, report_parts
from bordertally.streams.imports.summary import EditionSummary, Summary, lines, summarize
from bordertally.streams.imports.tables import Importer
from bordertally.streams.reports.signatures import check_signature, signature
from bordertally.streams.reports.validation import Limits, claims_of, decode_report
from bordertally.streams.settings import load_settings
from bordertally.streams.topics import Topics

TableFiles = Annotated[
    list[Path],
    typer.Argument(help="Tables: CSV, TSV, XLSX, XLS, ODS or JSON; - is standard input."),
]
MapFile = Annotated[Path | None, typer.Option("--map", help="The mapping (TOML): which columns mean what.")]


def import_command(  # noqa: PLR0913, PLR0917 - the options of a command
    files: TableFiles,
    map_file: MapFile = None,
    guess: Annotated[
        bool, typer.Option("--guess", help="Print a mapping for the file, with what you must decide; write no reports.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Print the summary only; write no reports.")] = False,
    sheet: Annotated[str | None, typer.Option(help="The sheet to read, or * for every sheet.")] = None,
    cells: Annotated[str | None, typer.Option("--range", help="The part of the sheet, such as A1:N23.")] = None,
    published: Annotated[str | None, typer.Option(help="When it was published: now, file or a time.")] = None,
    previous: Annotated[
        Path | None, typer.Option(help="The edition before: only what changed against it is written.")
    ] = None,
    historic: Annotated[
        bool, typer.Option("--historic", help="Of past days: nobody is notified of alerts of these figures alone.")
    ] = False,
    to: Annotated[
        str | None, typer.Option("--to", help="Send the reports to these brokers at once, as host:port,host:port.")
    ] = None,
    sources: Sources = None,
    key: KeyFile = None,
    strict: Annotated[bool, typer.Option("--strict", help="Write nothing if any cell is bad.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the summary as one JSON object.")] = False,
) -> None:
    """Turn a spreadsheet (CSV, XLSX, ODS or JSON) into reports, by a mapping.

    The reports go to standard output, or with --to to Kafka; the summary goes to standard error. The exit code is 0 if
    every cell was read, 1 if some are bad and the others were written, and 2 if nothing could be read.
    """
    if guess:
        write(guess_mapping(*sniff(files[0], sheet)))
        return
    if map_file is None:
        raise BordertallyError("give a mapping with --map; --guess prints one to begin with")
    mapping = _mapping(map_file)
    for name, value in (("sheet", sheet), ("range", cells), ("published", published)):
        if value is not None:
            setattr(mapping, name, value)
    importer = _read(files, mapping, _published(mapping, files))
    summary = summarize(importer)
    summary.claims = sum(series.claims for series in summary.series)
    claims: Callable[[], Iterable[ImportClaim]] = partial(all_claims, importer.series)
    if previous is not None:
        edition = Edition(_read([previous], mapping, importer.published), importer)
        claims = edition.claims
        counts = (edition.unchanged, edition.corrected, edition.added, edition.withdrawn, edition.withheld)
        summary.edition = EditionSummary(str(previous), *counts)
        summary.claims = edition.corrected + edition.added + edition.withdrawn
    wrong = bool(summary.bad)
    if not check and not (strict and wrong):
        reports = report_parts(claims, mapping.source, historic=historic)
        if to is None:
            _write(summary, reports)
        else:
            wrong |= not _send(summary, reports, to, sources, key)
    _show(summary, check=check, as_json=as_json)
    if not summary.taken:
        raise typer.Exit(2)
    if wrong:
        raise typer.Exit(1)


def _mapping(path: Path) -> ImportMap:
    try:
        return read_mapping(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnreadableError(f"{path}: a mapping is written in UTF-8") from None


def _published(mapping: ImportMap, files: list[Path]) -> datetime:
    """The time of publication of every row that has none of its own."""
    if mapping.published == "file":
        times = [path.stat().st_mtime for path in files if path.is_file()]
        if times:
            return datetime.fromtimestamp(max(times), UTC)
    elif mapping.published != "now" and not mapping.published.startswith("column:"):
        return datetime.fromtimestamp(instant(mapping.published, "published"), UTC)
    return datetime.now(UTC).replace(microsecond=0)


def _read(files: list[Path], mapping: ImportMap, published: datetime) -> Importer:
    importer = Importer(mapping, published)
    gc.disable()  # rows leave no cycles, and looking for them takes a tenth of the time
    try:
        for path in files:
            with _progress(path) as progress:
                import_file(path, importer, progress)
    finally:
        gc.enable()
    importer.finish()
    return importer


@contextmanager
def _progress(path: Path) -> Iterator[Callable[[int], None]]:
    """A progress bar of the bytes of a file, on a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task(f"reading {path.name}", total=path.stat().st_size if path.is_file() else None)
        yield lambda done: progress.update(task, completed=done)


def _write(summary: Summary, reports: Iterable[bytes]) -> None:
    for report in reports:
        write_json(report)
        summary.reports += 1


def _send(summary: Summary, reports: Iterable[bytes], to: str, sources: Path | None, key: Path | None) -> bool:
    """Send the reports that the intake will accept; list the others. Returns whether all were sent."""
    registry, settings = load_registry(sources), load_settings(brokers=to)
    private = None if key is None else read_key(key)
    good: list[bytes] = []
    refused = 0
    for raw in reports:
        try:
            report = decode_report(raw, Limits.of(settings))
            claims_of(report, registry, time.time(), Limits.of(settings))
            check_signature(registry.keys, report.source, raw, [] if private is None else [signature(private, raw)])
        except RefusedError as error:
            refused += 1
            err.print(f"{error.report}: not sent: {error}", markup=False, highlight=False, soft_wrap=True)
        else:
            good.append(raw)

    async def send() -> None:
        columns = (TextColumn("publishing"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
            task = progress.add_task("", total=len(good))
            async for done in publish(settings, good, registry, Topics(settings.topic_prefix), private):
                progress.update(task, completed=done)
                summary.reports = done

    run(send())
    return not refused


def _show(summary: Summary, *, check: bool, as_json: bool) -> None:
    if as_json:
        if check:
            print_json(summary)
        else:
            write_json(msgspec.json.encode(summary), stream=sys.stderr)
        return
    console = out if check else err
    for line in lines(summary):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if not check:
        written = f"{counted(summary.claims, 'claim')} in {counted(summary.reports, 'report')}"
        console.print(written, markup=False, highlight=False)
