"""Importing: files and a mapping in; their reports, and the summary to hold against the files, out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bordertally.agents.imports.errors import UnreadableError
from bordertally.agents.imports.files import Progress, import_tables, opened
from bordertally.agents.runtime.memory import without_collector
from bordertally.streams.errors import BordertallyError, ConfigError, shown
from bordertally.streams.imports.editions import Edition
from bordertally.streams.imports.mapping import ImportMap, read_mapping
from bordertally.streams.imports.parts import ImportClaim, ReportParts, all_claims
from bordertally.streams.imports.summary import EditionSummary, Summary, summarize
from bordertally.streams.imports.tables import Importer
from bordertally.streams.moments import utc, utc_text

Watch = Callable[[Path], AbstractContextManager[Progress | None]]
"""Shows how far a file is read."""


class Imported(NamedTuple):
    """The reports of an import, and its summary."""

    reports: ReportParts
    summary: Summary


def load_mapping(path: Path) -> ImportMap:
    """The mapping in a file. Raises UnreadableError, or ConfigError with field, value and what to write."""
    try:
        return read_mapping(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnreadableError(f"{path}: a mapping is written in UTF-8") from None


def published_at(mapping: ImportMap, files: Iterable[Path] = ()) -> datetime:
    """When every row was published that names no time of its own. Raises ConfigError for a text that is no time."""
    if mapping.published == "file":
        times = [path.stat().st_mtime for path in files if path.is_file()]
        if times:
            return datetime.fromtimestamp(max(times), UTC)
    elif mapping.published != "now" and not mapping.published.startswith("column:"):
        return _moment(mapping.published)
    return datetime.now(UTC).replace(microsecond=0)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or (moment.tzinfo is None and len(text) > len("2022-09-27")):
        raise ConfigError(
            f"published: {shown(text)} is not now, file, column:NAME, a date, nor a date-time with an offset such as "
            "2022-09-27T09:00:00Z"
        )
    return utc(moment)


def read_files(files: Sequence[Path], mapping: ImportMap, published: datetime, watch: Watch | None = None) -> Importer:
    """What an importer makes of files. Raises UnreadableError, or ConfigError where a column is missing."""
    importer = Importer(mapping, published)
    with without_collector():
        for path in files:
            with watch(path) if watch else nullcontext() as progress, opened(path) as file:
                import_tables(file, str(path), importer, progress)
    importer.finish()
    return importer


@without_collector()
def import_files(
    files: Sequence[Path],
    mapping: ImportMap,
    previous: Path | None = None,
    *,
    historic: bool = False,
    watch: Watch | None = None,
) -> Imported:
    """The reports and the summary of files; of the changes only, where there is an edition before.

    Raises UnreadableError, or ConfigError where a column is missing.
    """
    importer = read_files(files, mapping, published_at(mapping, files), watch)
    if previous is None:
        return imported(importer, historic=historic)
    before = read_files([previous], importer.mapping, importer.published)
    return imported_edition(importer, before, str(previous), historic=historic)


def imported(importer: Importer, *, historic: bool = False) -> Imported:
    """The reports and the summary of what an importer has read."""
    summary = summarize(importer)
    summary.claims = sum(series.claims for series in summary.series)
    claims: Callable[[], Iterable[ImportClaim]] = partial(all_claims, importer.series)
    return Imported(ReportParts(claims, importer.mapping.source, historic=historic), summary)


def imported_edition(importer: Importer, before: Importer, name: str, *, historic: bool = False) -> Imported:
    """The reports and the summary of what changed since the edition before, which was read by the same mapping.

    `name`: what the summary calls that edition.
    """
    edition = Edition(before, importer)
    summary = summarize(importer)
    counts = (edition.unchanged, edition.corrected, edition.added, edition.withdrawn, edition.withheld)
    summary.edition = EditionSummary(name, *counts)
    summary.claims = edition.corrected + edition.added + edition.withdrawn
    return Imported(ReportParts(edition.claims, importer.mapping.source, historic=historic), summary)


def check_later(mapping: ImportMap, file: Path, previous: Path) -> None:
    """Refuse an edition that is published no later than the one before: its corrections would not count.

    Raises BordertallyError.
    """
    if mapping.published == "now" or mapping.published.startswith("column:"):
        return
    now, before = published_at(mapping, [file]), published_at(mapping, [previous])
    if now == before:
        raise BordertallyError(
            f"published: this edition and the one before are both of {utc_text(before)}, so corrections would not "
            "count; give the time of this edition with --published"
        )
    if now < before:
        raise BordertallyError(
            f"published: {file} is older than the edition before, {previous}; give its time with --published"
        )
