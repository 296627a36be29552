"""Files: the tables of a file, by what its first bytes say it is."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from bordertally.agents.imports.areas import area_of
from bordertally.agents.imports.errors import UnreadableError
from bordertally.agents.imports.json_tables import cut_off, json_document, json_rows
from bordertally.agents.imports.text_tables import text_rows
from bordertally.agents.imports.workbooks import sheets
from bordertally.streams.imports.mapping import ImportMap
from bordertally.streams.imports.tables import Importer, Row

_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_NO_TABLES = (
    (b"%PDF", "a PDF: copy its table into a spreadsheet"),
    (b"<!DOCTYPE", "a web page: download the file that it links to, or open it with a spreadsheet and save it as XLSX"),
    (b"<html", "a web page: download the file that it links to, or open it with a spreadsheet and save it as XLSX"),
    (b"<table", "a web page with a table: open it with a spreadsheet and save it as XLSX"),
    (b"<meta", "a web page: open it with a spreadsheet and save it as XLSX"),
    (b"<?xml", "XML, as Excel 2003 wrote: open it with a spreadsheet and save it as XLSX, or download it as CSV"),
    (b"version https://git-lfs", "a pointer of Git LFS: fetch the file itself"),
    (b"\x1f\x8b", "compressed: unpack it first"),
)
Progress = Callable[[int], None]


def opened(path: Path) -> BinaryIO:
    """A file, open for reading bytes; `-` is standard input. Raises UnreadableError."""
    try:
        return io.BytesIO(sys.stdin.buffer.read()) if str(path) == "-" else path.open("rb")
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}") from None


def kind_of(head: bytes, name: str) -> str:
    """Whether the first bytes of a file are of a workbook, of json or of text. Raises UnreadableError."""
    if head.startswith(_WORKBOOKS):
        return "workbook"
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for mark, advice in _NO_TABLES:
        if bare[: len(mark)].lower() == mark.lower():
            raise UnreadableError(f"{name}: this is {advice}")
    return "json" if bare[:1] in (b"{", b"[") else "text"


def read_tables(
    file: BinaryIO, name: str, kind: str, mapping: ImportMap, progress: Progress | None = None
) -> Iterator[tuple[str, Iterator[Row]]]:
    """The name of the sheet, empty where there are none, and the rows of every table of a file of a kind.

    `progress` is called with the bytes read so far. Raises UnreadableError.
    """
    if kind == "workbook":
        yield from sheets(file, name, mapping.sheet, mapping.range)
    elif kind == "json":
        yield "", json_rows(json_document(file.read(), name), name, mapping.records)
    else:
        rows = text_rows(file, name, mapping.encoding, mapping.delimiter, progress)
        area = area_of(mapping.range, name)
        yield "", area.cut((row for _, row in rows), overflowing=True) if mapping.range else rows


def import_tables(file: BinaryIO, name: str, importer: Importer, progress: Progress | None = None) -> None:
    """Read every table of a file with an importer. Raises UnreadableError, or ConfigError where a column is missing."""
    head = file.read(64)
    file.seek(0)
    kind, empty = kind_of(head, name), True
    for sheet, rows in read_tables(file, name, kind, importer.mapping, progress):
        importer.add_table(name, sheet, rows, delimited=kind == "text")
        empty = False
    if kind == "json":
        file.seek(0)
        if doubt := cut_off(json_document(file.read(), name), importer.mapping.records):
            importer.doubts.update(dict([doubt]))
    if empty:
        raise UnreadableError(f"{name}: the file has no table")
