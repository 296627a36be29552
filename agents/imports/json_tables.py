"""JSON tables: rows of the records of a data portal, wherever they stand in the document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from bordertally.agents.imports.errors import UnreadableError
from bordertally.streams.errors import some
from bordertally.streams.imports.tables import Row


def json_rows(raw: bytes, name: str, path: str) -> Iterator[Row]:
    """The rows of a list of records: row 1 has the names, nested ones joined by a dot, each further row a record.

    `path`: where the list stands, such as data.timeseries; empty: the document itself. Raises UnreadableError.
    """
    try:
        document = msgspec.json.decode(raw.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableError(f"{name}: this is no JSON: {error}") from None
    records = _at(document, path, name)
    if records and all(isinstance(record, list) for record in records):
        yield from enumerate(records, 1)
        return
    flat = [_flat(record) if isinstance(record, dict) else {"value": record} for record in records]
    names = list(dict.fromkeys(key for record in flat for key in record))
    yield 1, names
    for number, record in enumerate(flat, 2):
        yield number, [record.get(key) for key in names]


def _at(document: Any, path: str, name: str) -> list[Any]:
    value = document
    for step in path.split(".") if path else ():
        if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            raise UnreadableError(f"{name}: records: there is no {step!r} of {path!r}; {_advice(document)}")
    if not isinstance(value, list):
        raise UnreadableError(f"{name}: records: {path or 'the document'} is no list of records; {_advice(document)}")
    return value


def _advice(document: Any) -> str:
    lists = list(lists_in(document))
    return f"lists stand at {some(lists)}" if lists else "the document has no list"


def lists_in(document: Any, path: str = "", depth: int = 0) -> Iterator[str]:
    """The paths of the lists of records in a document, outermost first."""
    if isinstance(document, list):
        if path and document and isinstance(document[0], dict | list):
            yield path
    elif isinstance(document, dict) and depth < 6:
        for key, value in document.items():
            yield from lists_in(value, f"{path}.{key}" if path else key, depth + 1)


def _flat(record: dict[str, Any], above: str = "") -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            cells |= _flat(value, f"{above}{key}.")
        elif isinstance(value, bool) or not isinstance(value, str | int | float | None):
            cells[f"{above}{key}"] = str(value)
        else:
            cells[f"{above}{key}"] = value
    return cells
