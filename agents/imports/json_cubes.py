"""JSON cubes: the figures of JSON-stat and of PxWeb documents as rows, the codes of the dimensions as columns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any

from bordertally.agents.imports.errors import UnreadableError
from bordertally.streams.imports.figures import Cell


def cube_rows(document: Any, name: str) -> list[list[Cell]] | None:
    """The rows of a JSON-stat or PxWeb document, the names of the columns first; None for any other document.

    The columns of JSON-stat are called as its dimensions (`geo`), their cells by the labels of the categories, and the
    last two columns are `value` and `status`. Raises UnreadableError where the parts of a document contradict.
    """
    if (cube := _json_stat(document)) is not None:
        return _of_json_stat(cube, name)
    return _of_pxweb(document, name) if _is_pxweb(document) else None


def is_cube(document: Any) -> bool:
    """Whether `cube_rows` has rows for a document, without making them."""
    return _json_stat(document) is not None or _is_pxweb(document)


def _json_stat(document: Any) -> dict[str, Any] | None:
    """The cube of a JSON-stat document; None for any other document."""
    cube = document.get("dataset", document) if isinstance(document, dict) else None
    is_one = isinstance(cube, dict) and isinstance(cube.get("dimension"), dict) and "value" in cube
    return cube if is_one else None


def _is_pxweb(document: Any) -> bool:
    return isinstance(document, dict) and all(isinstance(document.get(part), list) for part in ("columns", "data"))


def _of_json_stat(cube: dict[str, Any], name: str) -> list[list[Cell]]:
    dimensions = cube["dimension"]
    ids: list[str] = cube.get("id", dimensions.get("id", []))
    labels = [_labels(dimensions.get(each, {}).get("category", {})) for each in ids]
    sizes: list[int] = cube.get("size", dimensions.get("size", []))
    if not ids or [len(each) for each in labels] != sizes:
        raise UnreadableError(f"{name}: this JSON-stat does not describe its dimensions; download the table as CSV")
    values, status = _by_place(cube["value"]), _by_place(cube.get("status", {}))
    if isinstance(cube["value"], list) and len(cube["value"]) != prod(sizes):
        number = len(cube["value"])
        raise UnreadableError(f"{name}: this JSON-stat has {number:,} values for {prod(sizes):,} cells")
    rows: list[list[Cell]] = [[*ids, "value", "status"]]
    rows += ([*cells, values.get(place), status.get(place)] for place, cells in enumerate(product(*labels)))
    return rows


def _labels(category: dict[str, Any]) -> list[str]:
    """The labels of the categories of a dimension, in the order of its index."""
    labels = category.get("label", {})
    index = category.get("index", list(labels))
    codes = sorted(index, key=index.__getitem__) if isinstance(index, dict) else index
    return [str(labels.get(code, code)) for code in codes]


def _by_place(cells: Any) -> dict[int, Cell]:
    """The cells by their place in the cube, from 0; a document lists all of them, or some by place."""
    pairs: Iterator[tuple[Any, Any]] = iter(cells.items()) if isinstance(cells, dict) else enumerate(cells)
    return {int(place): cell for place, cell in pairs if cell is not None}


def _of_pxweb(document: dict[str, Any], name: str) -> list[list[Cell]]:
    columns = document["columns"]
    if not all(isinstance(column, dict) and "code" in column for column in columns):
        raise UnreadableError(f"{name}: this PxWeb table does not name its columns; download it as CSV")
    rows: list[list[Cell]] = [[column["code"] for column in columns]]
    rows += ([*record.get("key", ()), *record.get("values", ())] for record in document["data"])
    if any(len(row) != len(columns) for row in rows):
        raise UnreadableError(f"{name}: a row of this PxWeb table has not {len(columns)} cells; download it as CSV")
    return rows
