"""Columns: where a table has what a mapping names, found by its header."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from bordertally.streams.errors import ConfigError, shown, some
from bordertally.streams.imports.calendar_periods import cell_text
from bordertally.streams.imports.figures import Cell, FigureReader
from bordertally.streams.imports.mapping import FigureColumn, ImportMap, PeriodUnit, Words, listed
from bordertally.streams.imports.places import Template, is_total
from bordertally.streams.imports.titles import (
    is_no_number_of_people,
    says_average,
    says_both_ways,
    says_cumulative,
    says_ending,
    says_stock,
    says_thousands,
    says_vehicles,
)
from bordertally.streams.reports.records import Measure, Unit

Reference = int | str
"""Where a value comes from: the cell with this index, or this text itself (a group of a wide column, a sheet)."""

Getter = Callable[[Sequence[Cell]], "Cell | tuple[Cell, ...]"]
"""What takes some cells out of a row: a tuple, or the cell itself where it is only one."""

_YEAR = re.compile(r"(?:19|20)\d{2}")

_HASHTAG = re.compile(r"#[A-Za-z][\w+#@, ]*")


class FigurePlan(NamedTuple):
    """Where one figure stands in every row of a table, and where its period, flow and population come from.

    `period`, `series`: the cells of a row that name its period, and its flow and population; one alone is no tuple.
    `year`: that which the column is called, if it is called by a year.
    """

    name: str
    figure: FigureColumn
    at: int
    label: str
    period: Getter
    flow: Template
    population: Template
    series: Getter
    only: tuple[tuple[int, frozenset[str]], ...]
    year: int | None


class TablePlan(NamedTuple):
    """Where a table has what a mapping names. `width`: the columns of its header; `named`: without unnamed last ones.

    `unmapped`: columns that the mapping does not name, in which a total of other rows could hide. `last`: the last
    column that it names. `words`: columns whose text makes a flow or a population, or is chosen. `is_last_filled`:
    whether the last column with a name is hardly ever empty, as the mapping names it or it is called as sums are.
    """

    width: int
    named: int
    figures: tuple[FigurePlan, ...]
    only: tuple[tuple[str, int, frozenset[str]], ...]
    drop: tuple[tuple[str, int, frozenset[str]], ...]
    fill_down: tuple[int, ...]
    published: int | None
    unmapped: tuple[int, ...]
    last: int
    words: frozenset[int]
    is_last_filled: bool


def header_of(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """The names of the columns from one or several rows; a name above several columns counts for each of them."""
    width = max((len(row) for row in rows), default=0)
    names = [""] * width
    for depth, row in enumerate(rows):
        above = ""
        for index in range(width):
            text = " ".join(cell_text(row[index]).lstrip("\ufeff").split()) if index < len(row) else ""
            if depth < len(rows) - 1:
                above = text = text or above
            names[index] = f"{names[index]} {text}".strip()
    return names


def is_hashtags(row: Sequence[Cell]) -> bool:
    """Whether a row is the one with the hashtags of HXL below the header."""
    texts = [text for cell in row if (text := cell_text(cell))]
    return bool(texts) and all(_HASHTAG.fullmatch(text) for text in texts)


def is_numbered(name: str) -> bool:
    """Whether a mapping names a column by its number, as `#4`."""
    return re.fullmatch(r"#\d+", name) is not None


class _Finder:
    """Finds columns by name, by `#` and their number, or among values that all rows of a table share."""

    def __init__(self, header: Sequence[str], shared: Mapping[str, str], where: str) -> None:
        self._header, self._shared, self._where = header, shared, where
        self.used: set[int] = set()
        self.words: set[int] = set()
        """Columns whose text makes a flow or a population, or is chosen."""

    def index(self, name: str, field: str) -> int:
        """The index of a column. Raises ConfigError that lists the columns, or those of the same name."""
        wanted = " ".join(name.split())
        places = [index for index, text in enumerate(self._header) if text == wanted]
        if not places and is_numbered(wanted) and 0 < int(wanted[1:]) <= len(self._header):
            places = [int(wanted[1:]) - 1]
        if len(places) == 1:
            self.used.add(places[0])
            return places[0]
        if places:
            numbers = " and ".join(f"#{index + 1}" for index in places)
            raise ConfigError(f"{self._where}: {field}: {shown(name)} is the name of several columns; write {numbers}")
        names = some([text or f"#{index + 1}" for index, text in enumerate(self._header)], 30) or "none"
        if len(self._header) == 1 and (sign := next((sign for sign in ";\t|" if sign in self._header[0]), None)):
            text = shown(self._header[0])
            why = f"there is no column {shown(name)!r}; the only one is {text!r}: set delimiter = {sign!r}"
            raise ConfigError(f"{self._where}: {field}: {why}")
        why = f"there is no column {shown(name)!r}; the columns are {names}"
        if sum(map(bool, self._header)) < 2:
            why += "; if this is a title, set header to the row with the names"
        raise ConfigError(f"{self._where}: {field}: {why}")

    def reference(self, name: str, field: str, groups: Mapping[str, str]) -> Reference:
        """A column, a group of a wide column, or a value that all rows share."""
        if name in groups:
            return groups[name]
        if name in self._shared and name not in self._header:
            return self._shared[name]
        return self.index(name, field)

    def word(self, name: str, field: str, groups: Mapping[str, str]) -> Reference:
        """As `reference`, of what makes a flow or a population."""
        place = self.reference(name, field, groups)
        if isinstance(place, int):
            self.words.add(place)
        return place


def plan_table(
    mapping: ImportMap, header: Sequence[str], shared: Mapping[str, str], where: str, titles: Sequence[str] = ()
) -> TablePlan:
    """Find the columns of a mapping in a table. `shared`: values by name, such as that of `sheet`.

    `titles`: texts above the header. Raises ConfigError, also for figures that are in thousands, or no numbers of
    people, by what is written over them.
    """
    finder = _Finder(header, shared, where)
    figures = []
    for name, figure in mapping.claims.items():
        if figure.rows:
            figures.append(_figure_plan(mapping, finder, name, (0, "the row", {})))
        elif figure.column:
            index = finder.index(figure.column, f"claims.{name}.column")
            figures.append(_figure_plan(mapping, finder, name, (index, header[index], {})))
        else:
            figures += [_figure_plan(mapping, finder, name, wide) for wide in _wide(mapping, header, where)]
            finder.used |= {plan.at for plan in figures}
    for plan in figures:
        if fault := _fault(mapping, plan, titles):
            raise ConfigError(f"{where}: claims.{plan.name}.{fault}")
    ending = next((name for name in listed(mapping.period.columns) if says_ending(name)), None)
    if mapping.period.unit in (PeriodUnit.WEEK, PeriodUnit.WEEK_STARTING) and ending is not None:
        raise ConfigError(
            f'{where}: period.unit: the column {shown(ending)!r} names the last day of a week; set unit = "week-ending"'
        )
    rows = mapping.rows
    chosen = tuple(
        tuple(
            (column, *_choice(finder, column, words, f"rows.{part}")) for column, words in getattr(rows, part).items()
        )
        for part in ("only", "drop")
    )
    finder.words |= {index for _, index, _ in chosen[0]} | {index for plan in figures for index, _ in plan.only}
    fill_down = tuple(finder.index(column, "rows.fill_down") for column in rows.fill_down)
    _, of_column, column = mapping.published.partition("column:")
    published = finder.index(column, "published") if of_column else None
    unmapped = tuple(index for index in range(len(header)) if index not in finder.used)
    named = max([place for place, text in enumerate(header, 1) if text or place - 1 in finder.used], default=0)
    return TablePlan(
        len(header),
        named,
        tuple(figures),
        chosen[0],
        chosen[1],
        fill_down,
        published,
        unmapped,
        max(finder.used, default=0),
        frozenset(finder.words),
        named > 0 and (named - 1 in finder.used or _is_of_sums(header[named - 1])),
    )


def _is_of_sums(name: str) -> bool:
    """Whether a column is called a total, or by a year or another number."""
    return is_total(name) or any(map(str.isdecimal, name))


def _fault(mapping: ImportMap, plan: FigurePlan, titles: Sequence[str]) -> str | None:
    """What is written over a figure and contradicts what a mapping makes of it."""
    figure = plan.figure
    if not is_numbered(figure.column) and (fault := _fault_of_name(mapping, figure, plan.label)):
        return f"column: {shown(plan.label)!r} {fault}, or call it #{plan.at + 1} if that is wrong"
    chosen = [word for words in (*figure.only.values(), *mapping.rows.only.values()) for word in listed(words)]
    thousands = next((text for text in (plan.label, *chosen, *titles) if says_thousands(text)), None)
    if figure.times is None and thousands is not None:
        return f"times: the file says {shown(thousands)!r}; set times = 1000 if that holds for this figure, else 1"
    return None


def _fault_of_name(mapping: ImportMap, figure: FigureColumn, name: str) -> str | None:
    """What the name of a column says that contradicts what a mapping makes of its figures, and what to do."""
    unit = mapping.period.unit
    faults = (
        (
            is_no_number_of_people(name),
            "sounds like a share, a change, an error, a rate, a net flow or households: name a column of people",
        ),
        (
            figure.per is None and says_average(name),
            'sounds like an average; set per = "day" if these are people a day',
        ),
        (
            unit is not PeriodUnit.SINCE and says_cumulative(name),
            f'sounds cumulative, and the unit is {unit.value}; set unit = "since" with the first day',
        ),
        (
            figure.measure is Measure.CROSSINGS and says_stock(name),
            'sounds like people who are there; set measure = "stock"',
        ),
        (
            figure.measure is Measure.CROSSINGS and says_both_ways(name),
            "sounds like both directions together, and a flow has one direction; name a column of one",
        ),
        (figure.unit is Unit.PEOPLE and says_vehicles(name), 'sounds like vehicles; set unit = "vehicles"'),
    )
    return next((fault for holds, fault in faults if holds), None)


def _choice(finder: _Finder, column: str, words: Words, field: str) -> tuple[int, frozenset[str]]:
    return finder.index(column, field), frozenset([words] if isinstance(words, str) else words)


def _figure_plan(
    mapping: ImportMap, finder: _Finder, name: str, wide: tuple[int, str, Mapping[str, str]]
) -> FigurePlan:
    index, label, groups = wide
    figure = mapping.claims[name]
    flow, population = Template(figure.flow or mapping.flow.path), Template(figure.population)
    field = f"claims.{name}"
    columns = mapping.period.columns
    return FigurePlan(
        name,
        figure,
        index,
        label,
        _getter([finder.reference(column, "period.columns", groups) for column in listed(columns)]),
        flow,
        population,
        _getter(
            [
                finder.word(column, f"{field}.{part}", groups)
                for part, template in (("flow", flow), ("population", population))
                for column in template.columns
            ]
        ),
        tuple(_choice(finder, column, words, f"{field}.only") for column, words in figure.only.items()),
        int(label) if _YEAR.fullmatch(label) and not is_numbered(figure.column) else None,
    )


def _getter(references: Sequence[Reference]) -> Getter:
    places = [place for place in references if isinstance(place, int)]
    if places and len(places) == len(references):
        return itemgetter(*places)
    return lambda row: tuple(row[place] if isinstance(place, int) else place for place in references)


def _wide(mapping: ImportMap, header: Sequence[str], where: str) -> Sequence[tuple[int, str, Mapping[str, str]]]:
    assert mapping.wide is not None  # checked by read_mapping
    pattern = re.compile(mapping.wide.columns)
    wide = [
        (index, text, {group: value or "" for group, value in found.groupdict().items()})
        for index, text in enumerate(header)
        if (found := pattern.fullmatch(text))
    ]
    if not wide:
        names = some([text for text in header if text], 30) or "none"
        raise ConfigError(
            f"{where}: wide.columns: no column is named like {shown(mapping.wide.columns)}; the columns are {names}"
        )
    return wide


def readers(mapping: ImportMap) -> dict[str, FigureReader]:
    """A reader for every figure of a mapping, by its name."""
    return {name: FigureReader(mapping, figure) for name, figure in mapping.claims.items()}
