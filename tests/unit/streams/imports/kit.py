"""What the tests of imports share: a short mapping, and reading rows by it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bordertally.streams.imports.figures import Cell
from bordertally.streams.imports.mapping import ImportMap, read_mapping
from bordertally.streams.imports.tables import Importer

PUBLISHED = datetime(2026, 1, 1, tzinfo=UTC)

PLAIN = """
source = "police"
{top}
[period]
columns = "Day"
unit = "day"
[flow]
path = "BR:UY:{{Gate}}"
[claims.entries]
column = "In"
{claims}
"""


def plain(top: str = "", claims: str = "") -> ImportMap:
    """The mapping of a table with the columns Day, Gate and In, with more lines at its top and in its claims."""
    return read_mapping(PLAIN.format(top=top, claims=claims), "map.toml")


def imported(mapping: ImportMap, *rows: Sequence[Cell], sheet: str = "") -> Importer:
    """What an importer makes of the rows of a table, the names of the columns first."""
    importer = Importer(mapping, PUBLISHED)
    importer.add_table("in.csv", sheet, enumerate(rows, 1))
    importer.finish()
    return importer


def figures(importer: Importer) -> dict[tuple[str, str, str], object]:
    """People by flow, population and period."""
    return {
        (key.flow, key.population, span.text()): kept.people
        for key, series in importer.series.items()
        for span, kept in series.claims.items()
    }


def complaints(importer: Importer) -> list[str]:
    """The issues of an importer as text."""
    return [str(issue) for issue in importer.issues]
