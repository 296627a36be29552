"""The mapping of an import: which columns of a table make the flow, the period and the figures of a claim."""

from __future__ import annotations

import enum
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from bordertally.streams.errors import ConfigError, shown
from bordertally.streams.qualifiers import Qualifier
from bordertally.streams.reports.diagnosis import complaint_of
from bordertally.streams.reports.records import Measure, Unit

MISSING = ("", "NA", "N/A", "n/a", "na", "NaN", "null", "None", ":", "-", "\u2013", "\u2014", "..", "...", "\u2026")
"""Cells that mean that there is no figure, unless a mapping names its own."""

Words = str | list[str]


class PeriodUnit(enum.StrEnum):
    """How long the period of a figure is. `since`: it began on a fixed day, so that the figures are cumulative.

    `week`: an ISO week, or the seven days from the day that is named, a Monday; other days are listed. `week-starting`,
    `week-ending`: the seven days from, or up to, any day that is named. `year-ending`: the twelve months up to the
    month.
    """

    DAY = "day"
    WEEK = "week"
    WEEK_STARTING = "week-starting"
    WEEK_ENDING = "week-ending"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    YEAR_ENDING = "year-ending"
    SINCE = "since"


class SameKey(enum.StrEnum):
    """What to do with several rows about one flow, period, population and unit.

    `once`: rows that are equal in every cell count once, others are refused.
    """

    REFUSE = "refuse"
    ONCE = "once"
    ADD = "add"
    LAST = "last"


class PeriodColumns(Struct, forbid_unknown_fields=True):
    """How the period of a row is written.

    `columns`: joined by a space. `format`: as for strptime, with %q for a quarter and %N for the day number of a
    spreadsheet; several are tried in turn; none: ISO 8601. `skip`: formats of periods that are left out, such as those
    of quarters beside months. `year`: that of periods that name none. `since`: the first day of cumulative
    figures. `fiscal_year_starts`: the first month of a year that is named after the calendar year in which it ends.
    `months`: the names of the twelve months, if they are not English.
    """

    columns: Words
    unit: PeriodUnit
    format: Words = ""
    skip: Words = ""
    year: Annotated[int, Meta(ge=1900, le=2100)] | None = None
    since: date | None = None
    fiscal_year_starts: Annotated[int, Meta(ge=1, le=12)] = 1
    months: list[str] = []

    @property
    def formats(self) -> list[str]:
        """The formats to try, in order; none for ISO 8601."""
        return listed(self.format)


class RowChoice(Struct, forbid_unknown_fields=True):
    """Which rows count: those with one of the values of every column of `only`, and with no value of `drop`.

    `fill_down`: columns whose empty cells mean the value above. `keep`: by column, names that are places or groups of
    their own although they look like totals of the other rows.
    """

    only: dict[str, Words] = {}
    drop: dict[str, Words] = {}
    fill_down: list[str] = []
    keep: dict[str, Words] = {}


class FlowPath(Struct, forbid_unknown_fields=True):
    """The flow of every row: a path with columns in braces, such as `BR:UY:{Gate}`."""

    path: str


class FigureColumn(Struct, forbid_unknown_fields=True):
    """One figure in a row. Without `column`, the figures are in the columns of `wide`; with `rows`, each row is one.

    `population`, `flow`: with columns in braces. `all`: values of the column of the population that mean all people.
    `times`: 1000 for figures in thousands; it must be given where the file says so. `only`: as in RowChoice, for this
    figure alone.
    """

    column: str = ""
    rows: bool = False
    flow: str = ""
    population: str = "people"
    unit: Unit = Unit.PEOPLE
    measure: Measure = Measure.CROSSINGS
    qualifier: Qualifier | None = None
    per: Literal["day"] | None = None
    times: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    all: Words = []
    only: dict[str, Words] = {}

    @property
    def factor(self) -> int:
        """How many people a figure of 1 means."""
        return self.times or 1

    @property
    def qualified(self) -> Qualifier:
        """The qualifier: a count, unless the figures are rounded to thousands or the mapping names another."""
        return self.qualifier or (Qualifier.COUNT if self.factor == 1 else Qualifier.STATED)


class WideColumns(Struct, forbid_unknown_fields=True):
    r"""Columns that each hold the figures of a month, a year or a place: a pattern of their names.

    Its named groups can be used like columns: `^(?P<month>[A-Z]{3})(?P<year>\d{4})$`.
    """

    columns: str


class ImportMap(Struct, forbid_unknown_fields=True):
    """A mapping. `published`: now, file (the time of the file), column:NAME, or a time.

    `header`: the row with the names of the columns, several rows whose names are joined, or 0 for none: columns are
    then called 1, 2, 3. `sheet`: a name, several, or * for every sheet; its name can be used as the column `sheet`.
    `range`: a part of a sheet, such as A1:N23. `records`: where the list of rows stands in a JSON file, such as
    data.timeseries. `split`: the sign between several columns that a file joins in its first one. `missing`: cells
    without a figure. `suppressed`: by cell, the range that it stands for. `flags`: letters that may stand behind or
    before a figure, and () for footnotes in brackets; p marks it as provisional. `group`: the sign between thousands;
    none: it was looked for, so that columns of three digits are none that a sign has made.
    `countries`, `places`: by name in the file, a country code, or a slug.
    """

    source: str
    period: PeriodColumns
    flow: FlowPath
    claims: Annotated[dict[str, FigureColumn], Meta(min_length=1)]
    published: str = "now"
    encoding: str = "utf-8"
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    header: int | list[int] = 1
    sheet: Words = ""
    range: str = ""
    records: str = ""
    split: Annotated[str, Meta(max_length=1)] = ""
    missing: list[str] = field(default_factory=lambda: list(MISSING))
    suppressed: dict[str, tuple[int, int]] = {}
    flags: str = ""
    group: Literal["", "none", ",", ".", " ", "'", "_"] = ""
    decimal: Literal[".", ","] = "."
    same_key: SameKey = SameKey.REFUSE
    rows: RowChoice = field(default_factory=RowChoice)
    wide: WideColumns | None = None
    countries: dict[str, str] = {}
    places: dict[str, str] = {}

    @property
    def thousands(self) -> str:
        """The sign between thousands; empty for none."""
        return "" if self.group == "none" else self.group

    @property
    def header_rows(self) -> list[int]:
        """The numbers of the rows with names, from 1; none where columns are called by number."""
        rows = self.header if isinstance(self.header, list) else [self.header]
        return [row for row in rows if row]


def listed(words: Words) -> list[str]:
    """One word or several, as a list without empty ones."""
    return [word for word in ([words] if isinstance(words, str) else words) if word]


def read_mapping(text: str, where: str) -> ImportMap:
    """The mapping in TOML text. `where`: its file, for errors.

    Raises ConfigError with field, value and what to write.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: {error}") from None
    try:
        mapping = msgspec.convert(table, ImportMap)
    except msgspec.ValidationError as error:
        at, value, why = complaint_of(str(error), table, ImportMap)
        raise ConfigError(f"{where}: {at}: {why}" + ("" if value is None else f" (got {shown(value)})")) from None
    for fault in _faults(mapping):
        raise ConfigError(f"{where}: {fault}")
    return mapping


def _faults(mapping: ImportMap) -> Iterator[str]:
    period = mapping.period
    if mapping.group == mapping.decimal:
        yield f"group: {mapping.group!r} is the decimal sign too; set decimal to the other one of . and ,"
    if (period.unit is PeriodUnit.SINCE) != (period.since is not None):
        yield 'period.since: give the first day of cumulative figures with unit = "since", and only then'
    if period.months and len(period.months) != 12:
        yield f"period.months: {len(period.months)} names; give all twelve, January first"
    for name, figure in mapping.claims.items():
        yield from (f"claims.{name}.{fault}" for fault in _figure_faults(mapping, figure))
    if wrong := sorted({sign for sign in mapping.flags if sign.isdecimal() or sign in ".,'_- "}):
        yield f"flags: {''.join(wrong)!r} may be a part of a figure; name letters only"
    for text, (low, high) in mapping.suppressed.items():
        if not 0 <= low <= high:
            yield f"suppressed.{text}: [{low}, {high}] is not a range [low, high]"
    yield from _pattern_faults(mapping.wide)
    yield from _undecided(mapping)


def _figure_faults(mapping: ImportMap, figure: FigureColumn) -> Iterator[str]:
    if figure.rows and (figure.column or figure.factor > 1 or mapping.same_key is not SameKey.ADD):
        yield 'rows: each row is one person, so set same_key = "add", and no column nor times'
    if not figure.column and not figure.rows and mapping.wide is None:
        yield "column: missing; name the column of the figure, or describe [wide] columns"
    if figure.factor > 1 and figure.qualifier is Qualifier.COUNT:
        yield f"qualifier: a figure in units of {figure.factor:,} is rounded, so it is no count"


def _undecided(mapping: ImportMap) -> Iterator[str]:
    """What a guessed mapping leaves to a person."""
    fields = {"source": mapping.source, "flow.path": mapping.flow.path}
    fields |= {f"claims.{name}.column": figure.column for name, figure in mapping.claims.items()}
    fields["period.columns"] = " ".join(listed(mapping.period.columns))
    for name, text in fields.items():
        if "??" in text:
            yield f"{name}: {text} is not decided yet; replace ??, as the comments in this file say"


def _pattern_faults(wide: WideColumns | None) -> Iterator[str]:
    try:
        re.compile(wide.columns if wide else "")
    except re.error as error:
        yield f"wide.columns: {shown(wide.columns if wide else '')} is not a regular expression: {error}"
