"""The commands `check` and `publish`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bordertally.agents.cli.publish.keys import KeyFile
from bordertally.agents.producing.keys import read_key
from bordertally.agents.producing.publish import checked, publish
from bordertally.agents.runtime.context import load_registry
from bordertally.agents.terminal.console import Files, Sources, To, counted, err, run, settings_for, write
from bordertally.streams.imports.parts import PartsSeen
from bordertally.streams.reports.notices import NoticeKind
from bordertally.streams.reports.validation import Limits
from bordertally.streams.settings import load_settings
from bordertally.streams.topics import Topics

Strict = Annotated[bool, typer.Option("--strict", help="An unknown field is a fault, not a warning.")]


def check(files: Files, sources: Sources = None, *, strict: Strict = False) -> None:
    """Check reports without sending them; print one line per fault or warning.

    The exit code is 1 if any report has a fault.
    """
    faults = warned = so_far = count = 0
    parts = PartsSeen()
    for line in checked(files, load_registry(sources), Limits.of(load_settings()), strict=strict):
        count += 1
        parts.add(line.report)
        for notice in line.notices:
            write(f"{line.where}: warning: {notice}\n")
        warned += bool(line.notices)
        so_far += sum(notice.kind is NoticeKind.UNFINISHED_PERIOD for notice in line.notices)
        if line.fault is not None:
            faults += 1
            report = f" [{line.fault.report}]" if line.fault.report else ""
            write(f"{line.where}:{report} {line.fault.reason.value}: {line.fault}\n")
    for warning in parts.warnings():
        write(f"warning: {warning}\n")
    warnings = f", {warned} with a warning" if warned else ""
    warnings += f"; {counted(so_far, 'figure')} became at_least" if so_far else ""
    err.print(f"{counted(count, 'report')}, {faults} with a fault{warnings}", highlight=False)
    if faults:
        raise typer.Exit(1)


def publish_command(  # noqa: PLR0913 - the options of a command
    files: Files,
    to: To = None,
    sources: Sources = None,
    faulty: Annotated[
        bool, typer.Option("--faulty", help="Send faulty reports, too; the intake refuses them.")
    ] = False,
    key: KeyFile = None,
    *,
    strict: Strict = False,
) -> None:
    """Check reports and send those without a fault to Kafka.

    Each report goes to the topic of its source. Faulty reports are listed and not sent; the exit code is then 1.
    """
    registry, settings = load_registry(sources), settings_for(to)
    private = None if key is None else read_key(key)
    lines = list(checked(files, registry, Limits.of(settings), private, signed=True, strict=strict))
    for line in lines:
        for notice in line.notices:
            err.print(f"{line.where}: warning: {notice}", markup=False, highlight=False, soft_wrap=True)
        if line.fault is not None:
            kind = "faulty" if faulty else "not sent"
            err.print(f"{line.where}: {kind}: {line.fault}", markup=False, highlight=False, soft_wrap=True)
    parts = PartsSeen()
    for line in lines:
        parts.add(line.report)
    for warning in parts.warnings():
        err.print(f"warning: {warning}", markup=False, highlight=False, soft_wrap=True)
    good = [line.raw for line in lines if faulty or line.fault is None]

    async def send() -> None:
        with _progress() as progress:
            task = progress.add_task("publishing", total=len(good))
            async for done in publish(settings, good, registry, Topics(settings.topic_prefix), private):
                progress.update(task, completed=done)

    run(send())
    unsent = len(lines) - len(good)
    err.print(f"{counted(len(good), 'report')} acknowledged, {unsent} not sent", highlight=False)
    if unsent:
        raise typer.Exit(1)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=not err.is_terminal, disable=not err.is_terminal)
