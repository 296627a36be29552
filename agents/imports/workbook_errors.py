"""Errors in XLSX files: cells such as #REF!, and formulas without a stored value, which calamine reads as empty."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

_SHEET = re.compile(r"<(?:\w+:)?sheet\b[^>]*>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b[^>]*>")
_ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')
_CELL = re.compile(rb'<c\b(?=[^>]*\br="([A-Z]{1,3})(\d{1,7})")([^>/]*)>(.{0,4000}?)</c>', re.DOTALL)
_VALUE = re.compile(rb"<v>([^<]*)</v>")
NO_VALUE = "a formula without a stored value"


def error_cells(file: BinaryIO, sheet: str) -> dict[tuple[int, int], str]:
    """By row and column, from 0, the cells of a sheet of an XLSX file that hold an error. Leaves the file at its start.

    Empty for workbooks of other kinds.
    """
    try:
        with zipfile.ZipFile(file) as parts:
            names = set(parts.namelist())
            if "xl/workbook.xml" not in names:
                return {}
            path = _path_of(parts, sheet)
            return dict(_errors(parts.read(path))) if path in names else {}
    except (zipfile.BadZipFile, KeyError):
        return {}
    finally:
        file.seek(0)


def _path_of(parts: zipfile.ZipFile, sheet: str) -> str:
    relations = {
        fields["Id"]: fields["Target"]
        for tag in _RELATION.findall(parts.read("xl/_rels/workbook.xml.rels").decode())
        if (fields := dict(_ATTRIBUTE.findall(tag))).keys() >= {"Id", "Target"}
    }
    for tag in _SHEET.findall(parts.read("xl/workbook.xml").decode()):
        fields = dict(_ATTRIBUTE.findall(tag))
        if _plain(fields.get("name", "")) == sheet:
            target = next((relations[value] for key, value in fields.items() if key.endswith(":id")), "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return ""


def _plain(text: str) -> str:
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(entity, sign)
    return text


def _errors(body: bytes) -> Iterator[tuple[tuple[int, int], str]]:
    for found in _CELL.finditer(body):
        letters, row, attributes, inside = found.groups()
        value = _VALUE.search(inside)
        if b't="e"' in attributes:
            text = value[1].decode() if value else "#ERROR"
        elif b"<f" in inside and value is None and b"<is>" not in inside:
            text = NO_VALUE
        else:
            continue
        column = 0
        for letter in letters:
            column = column * 26 + letter - 64
        yield (int(row) - 1, column - 1), text
