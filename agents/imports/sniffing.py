"""Sniffing: the first rows of a file, and what is known of it without a mapping."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from bordertally.agents.imports.files import kind_of, opened
from bordertally.agents.imports.json_cubes import is_cube
from bordertally.agents.imports.json_tables import json_document, json_rows, lists_in
from bordertally.agents.imports.text_tables import encoding_of, suggested_encoding
from bordertally.agents.imports.workbooks import sheet_names, sheets
from bordertally.streams.imports.figures import Cell

MOST_ROWS = 2_000
"""Rows from which a mapping is guessed."""
MOST_BYTES = 1_000_000
"""Bytes of a text file that are looked at."""

DELIMITERS = ",;\t|"


def sniff(path: Path, sheet: str | None) -> tuple[list[Sequence[Cell]], dict[str, str]]:
    """The first rows of a file, and the keys of a mapping that follow from it. Raises UnreadableError."""
    with opened(path) as file:
        head = file.read(64)
        file.seek(0)
        kind = kind_of(head, str(path))
        if kind == "workbook":
            names = sheet_names(file, str(path))
            tables = {
                sheet: [row for _, row in islice(rows, MOST_ROWS)]
                for sheet, rows in sheets(file, str(path), sheet or "*", "")
            }
            chosen = max(tables, key=lambda name: sum(map(len, tables[name])))
            return list(tables[chosen]), {"sheet": chosen} if len(names) > 1 else {}
        raw = file.read() if kind == "json" else file.read(MOST_BYTES)
    if kind == "json":
        document = json_document(raw, str(path))
        records = "" if is_cube(document) or isinstance(document, list) else next(iter(lists_in(document)), "")
        rows = json_rows(document, str(path), records)
        return [row for _, row in islice(rows, MOST_ROWS)], {"records": records} if records else {}
    return _text(raw)


def _text(raw: bytes) -> tuple[list[Sequence[Cell]], dict[str, str]]:
    facts: dict[str, str] = {}
    encoding = encoding_of(raw, "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        encoding = suggested_encoding(raw) or "cp1252"
        text = raw.decode(encoding, "replace")
        facts["encoding"] = encoding
    lines = text.splitlines()[:MOST_ROWS]
    delimiter = max(DELIMITERS, key=lambda sign: _fit(lines, sign))
    if delimiter != ",":
        facts["delimiter"] = delimiter
    rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter))
    if delimiter == "\t" and rows and "," in rows[0][0]:
        facts["split"] = ","
        rows = [[*row[0].split(","), *row[1:]] if row else row for row in rows]
    return list(rows), facts


def _fit(lines: Sequence[str], sign: str) -> tuple[int, int]:
    """How many lines have the usual number of cells at a delimiter, if that is more than one, and that number."""
    widths = [len(row) for row in csv.reader(lines, delimiter=sign) if row]
    usual = max(set(widths), key=widths.count, default=1)
    return (widths.count(usual), usual) if usual > 1 else (0, 0)
