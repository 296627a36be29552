"""Watching a folder: its files are imported as they appear, each whole or not at all."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from aiokafka.errors import KafkaError

from bordertally.agents.cli.publish.sending import ImportSender, refusal
from bordertally.agents.imports.importing import Imported, check_later, import_files
from bordertally.agents.imports.inbox import REPORT, Inbox
from bordertally.agents.terminal.console import StoppedError, counted, err
from bordertally.streams.errors import BordertallyError
from bordertally.streams.imports.mapping import ImportMap
from bordertally.streams.imports.summary import lines

EVERY_S = 2.0
"""Seconds between two looks at the folder."""


def watch_folder(folder: Path, mapping: Callable[[], ImportMap], sender: ImportSender, *, historic: bool) -> None:
    """Import the files that appear in a folder until SIGTERM or Ctrl-C. `mapping` is called for each file."""
    inbox, stop = Inbox(folder), threading.Event()
    mapping()  # what is wrong with it is said now
    err.print(f"watching {folder}; files end in {inbox.done.name} or {inbox.failed.name}", highlight=False)
    before = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        while not stop.is_set():
            _import_ready(
                inbox, stop, partial(import_one, inbox=inbox, mapping=mapping, sender=sender, historic=historic)
            )
            stop.wait(EVERY_S)
    except KeyboardInterrupt:
        raise StoppedError("stopped") from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _import_ready(inbox: Inbox, stop: threading.Event, import_file: Callable[[Path], Path]) -> None:
    """Import the files that are ready now, up to one whose sending is interrupted."""
    for path in inbox.ready():
        if stop.is_set():
            return
        try:
            import_file(path)
        except StoppedError:
            raise
        except (BordertallyError, KafkaError, OSError) as error:
            err.print(f"{path.name}: {error}; it is sent again", markup=False, highlight=False, soft_wrap=True)
            return


def import_one(
    path: Path, inbox: Inbox, mapping: Callable[[], ImportMap], sender: ImportSender, *, historic: bool = False
) -> Path:
    """Import a file of an inbox: it ends in `done` if all of it was sent, else in `failed`, and nothing was sent.

    A file of the name of one in `done` is its next edition: only what changed is sent. Returns where the file lies now.
    Raises KafkaError or BordertallyError if sending was interrupted; the file is then ready again.
    """
    try:
        result = _read(path, inbox, mapping(), historic=historic)
    except (BordertallyError, OSError) as error:
        return _end(path, inbox, [str(error)], well=False)
    report = list(lines(result.summary))
    if result.summary.bad or not result.summary.taken:
        return _end(path, inbox, [*report, "nothing was sent, as not every cell could be read"], well=False)
    faults = [refusal(error) for error in sender.refused(result.reports)]
    if faults:
        return _end(path, inbox, [*report, *faults, "nothing was sent"], well=False)
    path = inbox.begin(path)
    sender.send(result)
    sent = f"{counted(result.summary.claims, 'claim')} in {counted(result.summary.reports, 'report')}"
    return _end(path, inbox, [*report, sent], well=True)


def _read(path: Path, inbox: Inbox, mapping: ImportMap, *, historic: bool) -> Imported:
    previous = inbox.previous(path)
    if previous is not None:
        check_later(mapping, path, previous)
    return import_files([path], mapping, previous, historic=historic)


def _end(path: Path, inbox: Inbox, report: list[str], *, well: bool) -> Path:
    if not well and path.parent == inbox.sending:  # it could be read when it was begun
        raise BordertallyError(f"{report[-1]}, and some of it was sent before; mend the mapping or the registry")
    place = inbox.end(path, "".join(f"{line}\n" for line in report), well=well)
    err.print(f"{path.name}: {place.parent.name}; see {place}{REPORT}", markup=False, highlight=False, soft_wrap=True)
    return place
