"""Workbooks: rows of the sheets of XLSX, XLS and ODS files."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from typing import Any, BinaryIO

from bordertally.agents.imports.errors import UnreadableError
from bordertally.agents.imports.workbook_errors import error_cells
from bordertally.streams.errors import shown, some
from bordertally.streams.imports.figures import Cell
from bordertally.streams.imports.mapping import Words, listed
from bordertally.streams.imports.tables import Row

_RANGE = re.compile(r"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{0,7})", re.IGNORECASE)
EVERY_SHEET = "*"


def sheets(file: BinaryIO, name: str, wanted: Words, cut: str) -> Iterator[tuple[str, Iterator[Row]]]:
    """The name and the rows of the wanted sheets: by default the only one, `*` for all. `cut`: a range such as A1:N23.

    Raises UnreadableError.
    """
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - only for workbooks

    area = _area(cut, name)
    try:
        book = CalamineWorkbook.from_filelike(file)
        for sheet in _wanted(book.sheet_names, listed(wanted), name):
            cells = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
            for (row, column), error in error_cells(file, sheet).items():
                if row < len(cells) and column < len(cells[row]):
                    cells[row][column] = error
            yield sheet, _rows(cells, area)
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


def _rows(cells: Sequence[Sequence[Any]], area: tuple[int, int, int, int | None]) -> Iterator[Row]:
    first_column, first_row, last_column, last_row = area
    for number, row in enumerate(cells[first_row:last_row], 1):
        yield number, [_cell(value) for value in row[first_column:last_column]]


def _cell(value: Any) -> Cell:
    if isinstance(value, bool | time | timedelta):
        return str(value)
    if isinstance(value, str | int | float | date):
        return value
    return None if value is None else str(value)


def _area(text: str, name: str) -> tuple[int, int, int, int | None]:
    """The first column and row of a range, and those after its last ones, from 0."""
    if not text:
        return 0, 0, 1 << 14, None
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        raise UnreadableError(f"{name}: range: {shown(text)} is not of the form A1:N23")
    left, top, right, bottom = found.groups()
    first, last = _column(left), _column(right)
    if last < first or int(top) < 1 or (bottom and int(bottom) < int(top)):
        raise UnreadableError(f"{name}: range: {shown(text)} ends before it begins")
    return first, int(top) - 1, last + 1, int(bottom) if bottom else None


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def unpacked_bytes(raw: bytes) -> int:
    """Return the unpacked size in bytes that a workbook states; 0 for any other file."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as parts:
            return sum(part.file_size for part in parts.infolist())
    except zipfile.BadZipFile:
        return 0
