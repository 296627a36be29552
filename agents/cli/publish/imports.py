"""The command `import`: a file of people crossing borders becomes reports, by a mapping."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bordertally.agents.imports.errors import UnreadableError
from bordertally.agents.imports.files import import_file
from bordertally.agents.terminal.console import counted, err, instant, out, print_json
from bordertally.streams.errors import BordertallyError
from bordertally.streams.imports.editions import Edition
from bordertally.streams.imports.mapping import ImportMap, read_mapping
from bordertally.streams.imports.parts import ImportClaim, all_claims, report_parts
from bordertally.streams.imports.summary import EditionSummary, Summary, lines, summarize
from bordertally.streams.imports.tables import Importer

TableFiles = Annotated[
    list[Path],
    typer.Argument(help="Tables: CSV, TSV, XLSX, XLS, ODS or JSON; - is standard input."),
]
MapFile = Annotated[Path | None, typer.Option("--map", help="The mapping (TOML): which columns mean what.")]


def import_command(  # noqa: PLR0913, PLR0917 - the options of a command
    files: TableFiles,
    map_file: MapFile = None,
    check: Annotated[bool, typer.Option("--check", help="Print the summary only; write no reports.")] = False,
    sheet: Annotated[str | None, typer.Option(help="The sheet to read, or * for every sheet.")] = None,
    cells: Annotated[str | None, typer.Option("--range", help="The part of the sheet, such as A1:N23.")] = None,
    published: Annotated[str | None, typer.Option(help="When it was published: now, file or a time.")] = None,
    previous: Annotated[
        Path | None, typer.Option(help="The edition before: only what changed against it is written.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Write nothing if any cell is bad.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the summary as one JSON object.")] = False,
) -> None:
    """Turn a spreadsheet (CSV, XLSX, ODS or JSON) into reports, by a mapping.

    The reports go to standard output, the summary to standard error. The exit code is 0 if every cell was read, 1 if
    some are bad and the others were written, and 2 if nothing could be read.
    """
    if map_file is None:
        raise BordertallyError("give a mapping with --map")
    mapping = _mapping(map_file)
    for name, value in (("sheet", sheet), ("range", cells), ("published", published)):
        if value is not None:
            setattr(mapping, name, value)
    importer = _read(files, mapping, _published(mapping, files))
    summary = summarize(importer)
    claims: Callable[[], Iterable[ImportClaim]] = partial(all_claims, importer.series)
    if previous is not None:
        edition = Edition(_read([previous], mapping, importer.published), importer)
        claims = edition.claims
        counts = (edition.unchanged, edition.corrected, edition.added, edition.withdrawn, edition.withheld)
        summary.edition = EditionSummary(str(previous), *counts)
    wrong = bool(summary.bad)
    if not check and not (strict and wrong):
        _write(summary, report_parts(claims, mapping.source))
    summary.claims = sum(1 for _ in claims())
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
        sys.stdout.buffer.write(report + b"\n")
        summary.reports += 1


def _show(summary: Summary, *, check: bool, as_json: bool) -> None:
    if as_json:
        if check:
            print_json(summary)
        else:
            sys.stderr.write(msgspec.json.encode(summary).decode() + "\n")
        return
    console = out if check else err
    for line in lines(summary):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if not check:
        written = f"{counted(summary.claims, 'claim')} in {counted(summary.reports, 'report')}"
        console.print(written, markup=False, highlight=False)
