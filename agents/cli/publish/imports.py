"""The command `import`: a file of people crossing borders becomes reports, by a mapping."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bordertally.agents.cli.publish.keys import KeyFile
from bordertally.agents.cli.publish.sending import ImportSender
from bordertally.agents.cli.publish.watching import watch_folder
from bordertally.agents.imports.importing import Imported, check_later, import_files, load_mapping
from bordertally.agents.imports.sniffing import sniff
from bordertally.agents.runtime.memory import without_collector
from bordertally.agents.terminal.console import (
    Sources,
    counted,
    err,
    out,
    print_json,
    write,
    write_json,
)
from bordertally.streams.errors import BordertallyError
from bordertally.streams.imports.guessing.guess import guess_mapping
from bordertally.streams.imports.mapping import ImportMap
from bordertally.streams.imports.summary import Summary, lines

TableFiles = Annotated[
    list[Path] | None,
    typer.Argument(help="Tables: CSV, TSV, XLSX, XLS, ODS or JSON; - is standard input."),
]
MapFile = Annotated[Path | None, typer.Option("--map", help="The mapping (TOML): which columns mean what.")]


def import_command(  # noqa: PLR0913, PLR0917 - the options of a command
    files: TableFiles = None,
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
    watch: Annotated[
        Path | None, typer.Option("--watch", help="A folder: import the files that appear in it, until Ctrl-C.")
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
    if guess and files:
        write(guess_mapping(*sniff(files[0], sheet)))
        return
    if map_file is None:
        raise BordertallyError("give a mapping with --map; --guess prints one to begin with")
    load = partial(_mapping, map_file, sheet, cells, published)
    if watch is not None:
        if files or check or previous or to is None:
            raise BordertallyError("--watch needs --to, and takes no files, --check nor --previous")
        watch_folder(watch, load, ImportSender(to, sources, key), historic=historic)
        return
    if not files:
        raise BordertallyError("give the files to import, or a folder with --watch")
    if previous is not None and published is None:
        check_later(load(), files[0], previous)
    result = import_files(files, load(), previous, historic=historic, watch=_progress)
    wrong = bool(result.summary.bad)
    if not check and not (strict and wrong):
        wrong |= not (_write(result) if to is None else ImportSender(to, sources, key).send(result))
    _show(result.summary, check=check, as_json=as_json)
    _exit(2 if not result.summary.taken else int(wrong))


def _mapping(file: Path, sheet: str | None, cells: str | None, published: str | None) -> ImportMap:
    """The mapping in a file, with what the options say in place of it."""
    mapping = load_mapping(file)
    for name, value in (("sheet", sheet), ("range", cells), ("published", published)):
        if value is not None:
            setattr(mapping, name, value)
    return mapping


def _exit(code: int) -> None:
    if code:
        raise typer.Exit(code)


@contextmanager
def _progress(path: Path) -> Iterator[Callable[[int], None]]:
    """A progress bar of the bytes of a file, on a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task(f"reading {path.name}", total=path.stat().st_size if path.is_file() else None)
        yield lambda done: progress.update(task, completed=done)


@without_collector()
def _write(result: Imported) -> bool:
    for report in result.reports:
        write_json(report)
        result.summary.reports += 1
    return True


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
