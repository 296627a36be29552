"""Tables: rows in; claims by flow and period, and what was left out and why, out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from bordertally.streams.imports.calendar_periods import DaySpan, PeriodReader, cell_text
from bordertally.streams.imports.columns import FigurePlan, TablePlan, header_of, is_hashtags, plan_table, readers
from bordertally.streams.imports.figures import BadCellError, Cell, People
from bordertally.streams.imports.issues import Issues
from bordertally.streams.imports.mapping import ImportMap, SameKey, listed
from bordertally.streams.imports.places import Names, flow_of, is_total, population_of
from bordertally.streams.moments import utc
from bordertally.streams.qualifiers import Qualifier

Row = tuple[int, Sequence[Cell]]
"""The number of a row in its file, from 1, and its cells."""

SEVERAL = "several figures for one flow, period and population; set same_key (once, add, last), or choose rows"
SPOILT = "another cell about the same flow and period cannot be read"

MOST_NOTES = 20
"""Rows of text beside the table that a summary quotes."""


class SeriesKey(NamedTuple):
    """What the claims of a series share, but for their periods."""

    flow: str
    population: str
    unit: str
    measure: str


class PeriodFigure(NamedTuple):
    """What rows say about one period: people, the first row, how many cells, and when it was published."""

    people: People
    row: int
    cells: int
    published: datetime


class ImportedSeries:
    """The claims of one series by period. `refused`: periods without a claim although rows are about them, and why."""

    def __init__(self, key: SeriesKey, qualifier: Qualifier, per: str | None) -> None:
        self.key, self.qualifier, self.per = key, qualifier, per
        self.claims: dict[DaySpan, PeriodFigure] = {}
        self.refused: dict[DaySpan, str] = {}


class Tallies:
    """How many rows and cells went which way. `left_out`: rows by the rule that left them out; `notes`: by row number.

    Every cell of a figure in a row that no rule left out is taken, missing, bad, or passed over by `only` of its claim.
    """

    def __init__(self) -> None:
        self.rows = self.taken = self.missing = self.passed_over = self.blank_rows = self.tables = 0
        self.replaced = self.repeated = 0
        self.left_out: Counter[str] = Counter()
        self.notes: dict[int, str] = {}
        self.note_rows = 0


class Importer:
    """Reads tables by one mapping. `now`: the time of publication where the mapping says now, or of the file."""

    def __init__(self, mapping: ImportMap, published: datetime) -> None:
        self.mapping, self.tallies, self.issues = mapping, Tallies(), Issues()
        kept = frozenset(word for words in mapping.rows.keep.values() for word in listed(words))
        self.names = Names(mapping.countries, mapping.places, kept)
        self.series: dict[SeriesKey, ImportedSeries] = {}
        self.readers = readers(mapping)
        self.doubts: Counter[str] = Counter()
        """What was taken although it may be wrong, by what is doubtful."""
        self.unplaced = False
        """Whether a figure was lost whose flow or period is unknown."""
        self._kept = kept
        self._periods = PeriodReader(mapping.period)
        self.published = utc(published)
        self._moments: dict[str, datetime] = {}
        self._latest = _latest_end(self.published)
        self._spans: dict[Cell | tuple[Cell, ...], DaySpan] = {}
        self._resolved: dict[str, dict[Cell | tuple[Cell, ...], ImportedSeries]] = {name: {} for name in mapping.claims}
        self._read = {name: reader.read for name, reader in self.readers.items()}
        self._rows_seen: set[int] = set()
        self._plain: set[str] = set()
        self._everyone = {name: frozenset(listed(figure.all)) for name, figure in mapping.claims.items()}
        self._place = ("", "")

    def add_table(self, file: str, sheet: str, rows: Iterable[Row]) -> None:
        """Read a table. Raises ConfigError where a column is missing."""
        self._place = (file, sheet)
        self.tallies.tables += 1
        where = f"{file} [{sheet}]" if sheet else file
        heads = self.mapping.header_rows
        numbered = iter(_split(rows, self.mapping.split) if self.mapping.split else rows)
        header = self._header(numbered, heads)
        plan: TablePlan | None = None
        above: list[Cell] = []
        for number, row in numbered:
            if plan is None:
                names = header if heads else [str(index) for index in range(1, len(row) + 1)]
                plan = plan_table(self.mapping, names, {"sheet": sheet, "file": file}, where)
                if is_hashtags(row):
                    self.tallies.left_out["HXL hashtags"] += 1
                    continue
            cells = row
            if len(row) < plan.width:
                cells = [*row, *[""] * (plan.width - len(row))]
            if plan.fill_down and any(cell_text(cell) for cell in cells):
                cells = above = _filled(cells, above, plan.fill_down)
            self._add_row(plan, number, cells)
        if plan is None and heads:
            plan_table(self.mapping, header, {"sheet": sheet, "file": file}, where)

    @staticmethod
    def _header(rows: Iterable[Row], heads: Sequence[int]) -> list[str]:
        found: list[Sequence[Cell]] = []
        if heads:
            for number, row in rows:
                if number in heads:
                    found.append(row)
                if number >= max(heads):
                    break
        return header_of(found)

    def _add_row(self, plan: TablePlan, number: int, row: Sequence[Cell]) -> None:
        tallies = self.tallies
        tallies.rows += 1
        if not any(row) and not any(cell_text(cell) for cell in row):
            tallies.blank_rows += 1
            return
        if len(row) > plan.named and _overflows(plan, row):
            cells = max(at for at, cell in enumerate(row, 1) if cell_text(cell))
            why = f"the row has {cells} cells and the header {plan.named}; is a sign between thousands the delimiter?"
            self._refuse([number], "the row", written_row(row), why, len(plan.figures))
            self.unplaced = True
            return
        if rule := _rule_against(plan, row):
            tallies.left_out[rule] += 1
            return
        if not row[plan.figures[0].at] and self._is_note(plan, row):
            tallies.note_rows += 1
            if len(tallies.notes) < MOST_NOTES:
                tallies.notes[number] = written_row(row)
            return
        for figure in plan.figures:
            self._add_figure(plan, figure, number, row)

    def _is_note(self, plan: TablePlan, row: Sequence[Cell]) -> bool:
        """Whether a row is text beside the table: it has no figure, and names no period or spans many columns."""
        if any(cell_text(row[figure.at]) for figure in plan.figures):
            return False
        if len(plan.figures) > 1:
            return True
        try:
            self._periods.read(_tuple(plan.figures[0].period(row)))
        except BadCellError:
            return True
        return False

    def _add_figure(self, plan: TablePlan, figure: FigurePlan, number: int, row: Sequence[Cell]) -> None:
        for index, words in figure.only:
            if cell_text(row[index]) not in words:
                self.tallies.passed_over += 1
                return
        people: People | None = None
        why = ""
        try:
            people = self._read[figure.name](row[figure.at])
        except BadCellError as error:
            why = str(error)
        if people is None and not why:
            self.tallies.missing += 1
            return
        names = figure.period(row)
        span = self._spans.get(names) or self._span(names, number)
        names = figure.series(row)
        series = self._resolved[figure.name].get(names) or self._resolve(figure, names)
        if span is None or isinstance(series, str):
            self._unplace(figure, names, number, series, counted=span is None)
        elif people is None:
            self._spoil(series, span)
            self._refuse([number], figure.label, cell_text(row[figure.at]), why)
        elif self._may_keep(plan, span, number, row):
            published = self.published if plan.published is None else self._moments[cell_text(row[plan.published])]
            self._keep(series, span, PeriodFigure(people, number, 1, published), figure, row)

    def _span(self, names: Cell | tuple[Cell, ...], number: int) -> DaySpan | None:
        """The period that cells name for the first time; None, with an issue, where they name none."""
        cells = _tuple(names)
        try:
            span = self._spans[names] = self._periods.read(cells)
        except BadCellError as error:
            column = " ".join(listed(self.mapping.period.columns))
            self._refuse([number], column, " ".join(map(cell_text, cells)), str(error))
            return None
        return span

    def _unplace(
        self,
        figure: FigurePlan,
        names: Cell | tuple[Cell, ...],
        number: int,
        series: ImportedSeries | str,
        *,
        counted: bool,
    ) -> None:
        """Note that a figure is lost whose flow or period is unknown, and say why its flow is.

        `counted`: its cell is counted as bad already, by its period.
        """
        self.unplaced = True
        if isinstance(series, str):
            columns = ", ".join([*figure.flow.columns, *figure.population.columns])
            value = ", ".join(map(cell_text, _tuple(names)))
            self._refuse([number], columns or "flow.path", value, series, 0 if counted else 1)

    def _may_keep(self, plan: TablePlan, span: DaySpan, number: int, row: Sequence[Cell]) -> bool:
        """Whether a figure counts that could be read; if not, there is an issue."""
        latest = self._latest
        if plan.published is not None:
            try:
                latest = _latest_end(self._moment(row[plan.published]))
            except BadCellError as error:
                self.unplaced = True
                self._refuse([number], "published", cell_text(row[plan.published]), str(error))
                return False
        if span.end > latest:
            why = "the period ends after the figure was published; drop the row until then, or set published"
            self._refuse([number], " ".join(listed(self.mapping.period.columns)), span.text(), why)
            return False
        return self.mapping.same_key is not SameKey.ADD or not self._hides_a_total(plan, number, row)

    def _moment(self, cell: Cell) -> datetime:
        text = cell_text(cell)
        moment = self._moments.get(text)
        if moment is None:
            try:
                moment = utc(datetime.fromisoformat(text))
            except ValueError:
                raise BadCellError(f"{text!r} is no time of publication in ISO 8601") from None
            self._moments[text] = moment
        return moment

    def _resolve(self, plan: FigurePlan, names: Cell | tuple[Cell, ...]) -> ImportedSeries | str:
        """The series that cells name for the first time, or why they name none."""
        texts = tuple(map(cell_text, _tuple(names)))
        cut = len(plan.flow.columns)
        try:
            flow = flow_of(plan.flow, texts[:cut], self.names)
            population = population_of(plan.population, texts[cut:], self.names, self._everyone[plan.name])
        except BadCellError as error:
            return str(error)
        figure = plan.figure
        key = SeriesKey(flow, population, figure.unit.value, figure.measure.value)
        series = self.series.get(key)
        if series is None:
            series = self.series[key] = ImportedSeries(key, figure.qualified, figure.per)
        if (series.qualifier, series.per) != (figure.qualified, figure.per):
            return "two tables of claims come to this series with different qualifiers; make them equal"
        self._resolved[plan.name][names] = series
        return series

    def _hides_a_total(self, plan: TablePlan, number: int, row: Sequence[Cell]) -> bool:
        """Whether a column that the mapping does not name shows that a row is a total of others."""
        for index in plan.unmapped:
            cell = row[index]
            if type(cell) is not str or cell in self._plain:
                continue
            if is_total(cell) and cell.strip() not in self._kept:
                why = "rows are added up, and this one looks like a total of others; choose with rows.only or rows.drop"
                self._refuse([number], f"column {index + 1}", cell, why)
                return True
            self._plain.add(cell)
        return False

    def _keep(
        self, series: ImportedSeries, span: DaySpan, new: PeriodFigure, figure: FigurePlan, row: Sequence[Cell]
    ) -> None:
        policy = self.mapping.same_key
        equal = False
        if policy in (SameKey.ADD, SameKey.ONCE):
            seen = hash((figure.name, figure.at, *row))
            equal = seen in self._rows_seen
            self._rows_seen.add(seen)
        old = series.claims.get(span)
        if old is None and span not in series.refused:
            series.claims[span] = new
            self.tallies.taken += 1
        elif policy is SameKey.ADD and old is not None:
            if equal:
                self.doubts["cells of rows that equal an earlier row in every cell were added up"] += 1
            series.claims[span] = old._replace(people=_sum(old.people, new.people), cells=old.cells + 1)
            self.tallies.taken += 1
        elif policy is SameKey.ONCE and equal:
            self.tallies.repeated += 1
        elif policy is SameKey.LAST and old is not None:
            self.tallies.replaced += old.cells
            series.claims[span] = new
        else:
            self._refuse_both(series, span, new, figure)

    def _refuse_both(self, series: ImportedSeries, span: DaySpan, new: PeriodFigure, figure: FigurePlan) -> None:
        """Refuse a row about a flow and period that another row is about, and that one too."""
        why = series.refused.setdefault(span, SEVERAL)
        old = series.claims.pop(span, None)
        rows = [new.row] if old is None else [old.row, new.row]
        if old is not None:
            self.tallies.taken -= old.cells
        what = f"{series.key.flow} {span.text()} {series.key.population}"
        self._refuse(rows, figure.label, what, why, new.cells + (old.cells if old else 0))

    def _spoil(self, series: ImportedSeries, span: DaySpan) -> None:
        """Refuse what other rows say about a period of which one cell cannot be read: the figure would be too low."""
        series.refused.setdefault(span, SPOILT)
        old = series.claims.pop(span, None)
        if old is not None:
            self.tallies.taken -= old.cells
            self._refuse([old.row], series.key.flow, span.text(), SPOILT, old.cells)

    def _refuse(self, rows: list[int], column: str, value: str, why: str, cells: int = 1) -> None:
        self.issues.add(self._place, rows, column, value, why, cells)

    def finish(self) -> None:
        """Refuse what only the whole file shows: names that come to one place, and totals among the members."""
        if self.unplaced and self.mapping.same_key is SameKey.ADD:
            claims = sum(len(series.claims) for series in self.series.values())
            self.doubts["sums may be too low, as some rows could not be placed"] = claims
        for place, names in sorted(self.names.collisions.items()):
            self._refuse_series(
                [series for series in self.series.values() if _is_at(series.key, place)],
                " and ".join(sorted(names)),
                f"these names come to one place, {place.removeprefix('population ')}; "
                "add them to [places] or [countries], each with a place of its own or both with one",
            )
        for key in self._hidden_totals():
            name = self.names.name_of(key.flow)
            if name not in self._kept:
                why = "this is the sum of the places beside it; use rows.drop, or rows.keep"
                self._refuse_series([self.series[key]], name, why)

    def _refuse_series(self, several: list[ImportedSeries], value: str, why: str) -> None:
        """Refuse every claim of some series; say why, even if all of them are refused already."""
        listed = False
        for series in several:
            kept = series.claims.values()
            cells = sum(claim.cells for claim in kept)
            if cells:
                self.tallies.taken -= cells
                self._refuse([claim.row for claim in kept][:3], "the flow", value, why, cells)
                listed = True
            series.refused |= dict.fromkeys(series.claims, why)
            series.claims = {}
        if not listed:
            self._refuse([], "the flow", value, why, 0)

    def _hidden_totals(self) -> list[SeriesKey]:
        """Series that are the sum of others beside them, two at least, in half of their periods, and never less.

        Where such a series is more than the others, one of them has no figure. Periods in which a figure was refused
        tell nothing.
        """
        beside: dict[tuple[str, ...], list[ImportedSeries]] = {}
        for key, series in self.series.items():
            beside.setdefault((key.flow.rpartition(":")[0], *key[1:]), []).append(series)
        hidden = []
        for siblings in beside.values():
            if len(siblings) < 3:
                continue
            sums: dict[DaySpan, float] = {}
            others: dict[DaySpan, int] = {}
            for series in siblings:
                for span, claim in series.claims.items():
                    best = middle(claim.people)
                    sums[span] = sums.get(span, 0) + best
                    others[span] = others.get(span, 0) + (best > 0)
            refused = {span for series in siblings for span in series.refused}
            for series in siblings:
                claims = [(span, middle(claim.people)) for span, claim in series.claims.items() if span not in refused]
                equal = [(span, people) for span, people in claims if 2 * people == sums[span]]
                if 2 * len(equal) < len(claims) or any(2 * people < sums[span] for span, people in claims):
                    continue
                telling = [people for span, people in equal if people > 0 and others[span] > 2]
                if len(telling) >= 3 or any(people >= 1000 for people in telling):
                    hidden.append(series.key)
        return hidden


def middle(people: People) -> int | float:
    """A number of people as one: the middle of a range, as totals take it."""
    return (people[0] + people[1]) / 2 if isinstance(people, tuple) else people


def _sum(first: People, second: People) -> People:
    if isinstance(first, tuple) or isinstance(second, tuple):
        (low, high), (more, most) = ((one if isinstance(one, tuple) else (one, one)) for one in (first, second))
        return low + more, high + most
    return first + second


def _tuple(cells: Cell | tuple[Cell, ...]) -> tuple[Cell, ...]:
    return cells if isinstance(cells, tuple) else (cells,)


def _latest_end(published: datetime) -> int:
    """The latest ordinal day at which a period may end that was published at a time: within a day after it."""
    return (published + timedelta(days=1)).toordinal()


def _split(rows: Iterable[Row], sign: str) -> Iterator[Row]:
    """Rows with the first cell taken apart at a sign."""
    for number, row in rows:
        yield number, [*(part.strip() for part in cell_text(row[0]).split(sign)), *row[1:]] if row else row


_THREE_DIGITS = re.compile(r"\d{3}(?:[.,]\d+)?")


def _overflows(plan: TablePlan, row: Sequence[Cell]) -> bool:
    """Whether a row has more cells than the header, or thousands in a last column that has no name."""
    if any(cell_text(cell) for cell in row[plan.width :]):
        return True
    return any(_THREE_DIGITS.fullmatch(cell_text(cell)) for cell in row[plan.named : plan.width])


def _rule_against(plan: TablePlan, row: Sequence[Cell]) -> str | None:
    """The rule of the mapping that leaves a row out."""
    for column, index, words in plan.only:
        if cell_text(row[index]) not in words:
            return f"rows.only {column}"
    for column, index, words in plan.drop:
        if (text := cell_text(row[index])) in words:
            return f"rows.drop {column} = {text}"
    return None


def _filled(row: Sequence[Cell], above: Sequence[Cell], columns: Sequence[int]) -> list[Cell]:
    """A row whose empty cells in some columns have the values of the row above."""
    cells = list(row)
    for index in columns:
        if not cell_text(cells[index]) and index < len(above):
            cells[index] = above[index]
    return cells


def _is_at(key: SeriesKey, place: str) -> bool:
    """Whether the flow of a series lies at a place or below it, or its population is the place."""
    if place.startswith("population "):
        return key.population.partition(":")[0] == place.removeprefix("population ")
    return place in (key.flow, key.population) or key.flow.startswith(f"{place}:")


def written_row(row: Sequence[Cell]) -> str:
    """A row as one text, for a person."""
    return " | ".join(text for cell in row if (text := cell_text(cell)))
