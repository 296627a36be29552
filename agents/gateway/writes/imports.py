"""POST /v1/imports: a spreadsheet and the name of a mapping in; its reports on Kafka and the summary out."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec
from aiohttp import web

from bordertally.agents.gateway.guard import CALLER
from bordertally.agents.gateway.parameters import AskImport, asked
from bordertally.agents.gateway.problems import bad
from bordertally.agents.gateway.responses import BatchFault, ImportResult
from bordertally.agents.gateway.writes.admission import Admission
from bordertally.agents.gateway.writes.bodies import JSON, read_body, too_large
from bordertally.agents.gateway.writes.forms import FORM, form_parts
from bordertally.agents.gateway.writes.store import Store
from bordertally.agents.imports.files import import_tables
from bordertally.agents.imports.importing import Imported, imported, imported_edition, load_mapping, published_at
from bordertally.agents.imports.workbooks import unpacked_bytes
from bordertally.agents.kafka.producer import Record
from bordertally.agents.runtime.problems import ProblemError
from bordertally.streams.errors import BordertallyError
from bordertally.streams.imports.mapping import ImportMap
from bordertally.streams.imports.tables import Importer

MAPS = "maps"
"""The folder of mappings, beside the source registry."""

MEDIA_TYPES = (
    *("text/csv", "text/tab-separated-values", JSON, "application/octet-stream"),
    *("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/vnd.ms-excel"),
    "application/vnd.oasis.opendocument.spreadsheet",
    FORM,
)
"""The content types of a request. The bytes decide what kind of file it is; a form may also hold an earlier edition."""

UNPACKED = 10
"""How many times as large as a body may be a workbook is when it is unpacked."""

AT_ONCE = 1
"""Files that a gateway reads at the same time: reading takes a core."""

FILE, PREVIOUS = "file", "previous"
"""The parts of a form, and what issues and the summary call the file and the edition before."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")


class Importing:
    """The route. Mappings are read anew for each request."""

    def __init__(self, admission: Admission, store: Store) -> None:
        self.admission, self.store = admission, store
        sources = admission.settings.sources
        self.maps = None if sources is None else Path(sources).parent / MAPS
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Store the reports of a file, or of what it changes against the edition before; the response is the summary.

        200: nothing was to be stored (`check`). 202: every cell was read and every report stored. 207: some cells are
        bad, or reports refused; the others are stored. 422: nothing is stored.
        """
        question, caller = asked(request, AskImport), request[CALLER]
        mapping = self._mapping(question)
        self.admission.check_source(caller, mapping.source)
        most = self.admission.settings.gateway_body_bytes
        raw = await read_body(request, "a file", most, MEDIA_TYPES)
        if raw is None:
            raise too_large(request, "this file", most)
        files = _files(request, raw)
        for file in files.values():
            if (size := unpacked_bytes(file)) > UNPACKED * most:
                raise ProblemError(
                    413, f"this workbook has {size:,} bytes unpacked; at most {UNPACKED * most:,} are allowed"
                )
        if PREVIOUS in files and not question.published:
            _check_later(mapping)
        async with self._turns:
            try:
                done = await asyncio.to_thread(_imported, files, mapping, historic=bool(question.historic))
            except BordertallyError as error:
                raise ProblemError(422, str(error)) from None
        reports, summary = done
        wanted = not question.check and not (question.strict and summary.bad)
        records, faults = await self._checked(done) if wanted else ([], [])
        if records:
            await self.admission.limit(mapping.source, len(records))
            await self.store.write_all(records)
        summary.reports = len(records)
        whole = not summary.bad and not faults
        status = 200 if question.check else 422 if not records and reports.number else 202 if whole else 207
        body = msgspec.json.encode(ImportResult(summary, faults))
        return web.Response(body=body, status=status, content_type=JSON)

    def _mapping(self, question: AskImport) -> ImportMap:
        """The mapping of the name asked for. Raises ProblemError: 400, 404, or 422 where it is no mapping."""
        if not _NAME.fullmatch(question.map):
            raise bad("map", question.map, "write small letters, digits and hyphens")
        path = None if self.maps is None else self.maps / f"{question.map}.toml"
        if path is None or not path.is_file():
            why = f"there is no {MAPS}/{question.map}.toml beside the source registry (BORDERTALLY_SOURCES)"
            raise ProblemError(404, why, field="map", value=question.map)
        try:
            mapping = load_mapping(path)
            mapping.published = question.published or mapping.published
            published_at(mapping)
        except BordertallyError as error:
            raise ProblemError(422, str(error).replace(str(path), path.name), field="map", value=question.map) from None
        if question.sheet is not None:
            mapping.sheet = question.sheet
        return mapping

    async def _checked(self, done: Imported) -> tuple[list[Record], list[BatchFault]]:
        """The records of the reports that the intake will accept, and the faults of the others by their number."""
        records, faults = list[Record](), list[BatchFault]()
        for number, raw in enumerate(done.reports, 1):
            await asyncio.sleep(0)
            try:
                await self.admission.check(raw)
            except ProblemError as error:
                faults.append(BatchFault.of(number, error.problem))
            else:
                records.append(self.admission.record(raw))
        return records, faults


def _files(request: web.Request, raw: bytes) -> dict[str, bytes]:
    """The file in a body, and the edition before where the body is a form. Raises ProblemError (400)."""
    if request.content_type != FORM:
        return {FILE: raw}
    files = form_parts(raw, request.headers["Content-Type"])
    if wrong := sorted(files.keys() - {FILE, PREVIOUS}):
        raise bad("name", wrong[0], f"the parts of the form are called {FILE} and {PREVIOUS}")
    if FILE not in files:
        raise ProblemError(400, f"the form has no part called {FILE}")
    return files


def _check_later(mapping: ImportMap) -> None:
    """Refuse an edition by a mapping with a fixed time of publication. Raises ProblemError (422)."""
    if mapping.published not in {"now", "file"} and not mapping.published.startswith("column:"):
        why = "this edition and the one before are both of this time, so corrections would not count; give published"
        raise ProblemError(422, f"published: {why}", field="published", value=mapping.published)


def _imported(files: Mapping[str, bytes], mapping: ImportMap, *, historic: bool) -> Imported:
    """The reports and the summary of a file. Raises BordertallyError where nothing can be read."""
    published = published_at(mapping)
    read = {name: _read(name, file, mapping, published) for name, file in files.items()}
    if PREVIOUS in read:
        return imported_edition(read[FILE], read[PREVIOUS], PREVIOUS, historic=historic)
    return imported(read[FILE], historic=historic)


def _read(name: str, file: bytes, mapping: ImportMap, published: datetime) -> Importer:
    importer = Importer(mapping, published)
    import_tables(io.BytesIO(file), name, importer)
    importer.finish()
    return importer
