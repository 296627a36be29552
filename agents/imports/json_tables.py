"""JSON tables: rows of the records of a data portal, wherever they stand in the document, or of a cube of figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from bordertally.agents.imports.errors import UnreadableError
from bordertally.agents.imports.json_cubes import cube_rows, is_cube
from bordertally.streams.errors import some
from bordertally.streams.imports.tables import Row

CUBES = ("", "data", "dataset")
"""Where the figures of a cube may be said to stand: its other parts say what they are."""
PAGES = ("maxPages", "totalPages", "total_pages", "pages", "last_page", "pageCount")
NUMBERS = ("total", "count", "numFound", "totalCount", "total_count", "recordsTotal")
"""What documents call the number of their pages, and of all records."""
LIMITS = (1_000, 2_000, 5_000, 10_000, 32_000, 50_000, 100_000)
"""Numbers of records at which portals cut what they send."""


def json_document(raw: bytes, name: str) -> Any:
    """A JSON document. Raises UnreadableError for the file `name`."""
    try:
        return msgspec.json.decode(raw.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableError(f"{name}: this is no JSON: {error}") from None


def json_rows(document: Any, name: str, path: str) -> Iterator[Row]:
    """The rows of a list of records: row 1 has the names, nested ones joined by a dot, each further row a record.

    `path`: where the list stands, such as data.timeseries; empty: the document itself, also one of JSON-stat or of
    PxWeb. Raises UnreadableError.
    """
    if path in CUBES and (cube := cube_rows(document, name)) is not None:
        yield from enumerate(cube, 1)
        return
    if _is_sdmx(document):
        raise UnreadableError(f"{name}: this is SDMX-JSON; download the table as SDMX-CSV (format=csvdata) instead")
    records = _at(document, path, name)
    if records and all(isinstance(record, list) for record in records):
        yield from enumerate(records, 1)
        return
    flat = [_flat(record) if isinstance(record, dict) else {"value": record} for record in records]
    names = list(dict.fromkeys(key for record in flat for key in record))
    yield 1, names
    for number, record in enumerate(flat, 2):
        yield number, [record.get(key) for key in names]


def _is_sdmx(document: Any) -> bool:
    """Whether a document is of SDMX-JSON, whose figures are keyed by the places of their dimensions."""
    body = document.get("data", document) if isinstance(document, dict) else None
    return isinstance(body, dict) and "dataSets" in body and bool(body.keys() & {"structure", "structures"})


def cut_off(document: Any, path: str) -> tuple[str, int] | None:
    """A sentence, and of how many, where a document seems to hold only some of its records.

    It counts several pages or more records, or has exactly as many as portals send at most.
    """
    if is_cube(document):
        return None
    records = _at(document, path, "")
    above = [document]
    for step in path.split(".")[:-1] if path else ():
        above.append(above[-1][int(step)] if isinstance(above[-1], list) else above[-1][step])
    facts = {key: value for part in above if isinstance(part, dict) for key, value in part.items()}
    facts |= {key: value for part in facts.values() if isinstance(part, dict) for key, value in part.items()}
    for key in PAGES:
        if isinstance(number := facts.get(key), int) and number > 1:
            return f"pages of records by {key}, of which the file holds one; import all of them", number
    for key in NUMBERS:
        if isinstance(number := facts.get(key), int) and number > len(records):
            return f"records by {key}, of which the file holds {len(records):,}; import all of them", number
    if len(records) in LIMITS:
        return "records exactly: was the download cut at a limit?", len(records)
    return None


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
