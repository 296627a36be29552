"""Workbooks: rows of the sheets of XLSX, XLS and ODS files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from typing import Any, BinaryIO

from bordertally.agents.imports.areas import area_of
from bordertally.agents.imports.errors import UnreadableError
from bordertally.agents.imports.workbook_errors import error_cells
from bordertally.streams.errors import shown, some
from bordertally.streams.imports.figures import Cell
from bordertally.streams.imports.mapping import Words, listed
from bordertally.streams.imports.tables import Row

EVERY_SHEET = "*"


def sheets(file: BinaryIO, name: str, wanted: Words, cut: str) -> Iterator[tuple[str, Iterator[Row]]]:
    """The name and the rows of the wanted sheets: by default the only one, `*` for all. `cut`: a range such as A1:N23.

    Raises UnreadableError.
    """
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - only for workbooks

    area = area_of(cut, name)
    try:
        book = CalamineWorkbook.from_filelike(file)
        for sheet in _wanted(book.sheet_names, listed(wanted), name):
            cells = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
            for (row, column), error in error_cells(file, sheet).items():
                if row < len(cells) and column < len(cells[row]):
                    cells[row][column] = error
            yield sheet, area.cut([_cell(value) for value in row] for row in cells)
    except CalamineError as error:
        raise UnreadableError(
            f"{name}: this workbook cannot be read: {error}; save it again, without a password"
        ) from None


def sheet_names(file: BinaryIO, name: str) -> list[str]:
    """The names of the sheets of a workbook. Raises UnreadableError."""
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - only for workbooks

    try:
        return list(CalamineWorkbook.from_filelike(file).sheet_names)
    except CalamineError as error:
        raise UnreadableError(f"{name}: this workbook cannot be read: {error}") from None
    finally:
        file.seek(0)


def _wanted(there: Sequence[str], wanted: Sequence[str], name: str) -> Sequence[str]:
    if EVERY_SHEET in wanted:
        return there
    if not wanted:
        if len(there) > 1:
            raise UnreadableError(
                f"{name}: the sheets are {some(list(there), 20)}; name one with sheet or --sheet, or * for all"
            )
        return there
    for sheet in wanted:
        if sheet not in there:
            raise UnreadableError(f"{name}: there is no sheet {shown(sheet)!r}; the sheets are {some(list(there), 20)}")
    return wanted


def _cell(value: Any) -> Cell:
    if isinstance(value, bool | time | timedelta):
        return str(value)
    if isinstance(value, str | int | float | date):
        return value
    return None if value is None else str(value)


def unpacked_bytes(raw: bytes) -> int:
    """Return the unpacked size in bytes that a workbook states; 0 for any other file."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as parts:
            return sum(part.file_size for part in parts.infolist())
    except zipfile.BadZipFile:
        return 0
