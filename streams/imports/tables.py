"""Tables: rows in; claims by flow and period, and what was left out and why, out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

from bordertally.streams.errors import shown
from bordertally.streams.imports.calendar_periods import DaySpan, PeriodReader, cell_text
from bordertally.streams.imports.columns import (
    FigurePlan,
    TablePlan,
    header_of,
    is_hashtags,
    plan_table,
    readers,
)
from bordertally.streams.imports.figures import BadCellError, Cell, People
from bordertally.streams.imports.issues import Issues
from bordertally.streams.imports.mapping import ImportMap, SameKey, listed
from bordertally.streams.imports.places import Names, flow_of, is_total, population_of
from bordertally.streams.imports.plausibility import AddedKinds, doubts, hidden_totals
from bordertally.streams.imports.series import ImportedSeries, PeriodFigure, SeriesKey, added
from bordertally.streams.imports.shifts import ShiftWatch
from bordertally.streams.imports.titles import says_thousands
from bordertally.streams.moments import utc
from bordertally.streams.reports.records import Unit

Row = tuple[int, Sequence[Cell]]
"""The number of a row in its file, from 1, and its cells."""

SEVERAL = "several figures for one flow, period and population; set same_key (once, add, last), or choose rows"
SPOILT = "another cell about the same flow and period cannot be read"

MOST_PLAIN = 10_000
"""Texts that are remembered as contradicting nothing."""

_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}\b")

MOST_NOTES = 20
"""The most rows of text beside the table that a summary quotes."""


class Tallies:
    """How many rows and cells went which way. `left_out`: rows by the rule that left them out; `notes`: by row number.

    Every cell of a figure in a row that no rule left out is taken, missing, bad, or passed over by `only` of its claim
    or by `period.skip`.
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
        self._period_column = " ".join(listed(mapping.period.columns))
        self.published = utc(published)
        self._moments: dict[str, datetime] = {}
        self._latest = _latest_end(self.published)
        self._spans: dict[Cell | tuple[Cell, ...], DaySpan] = {}
        self._resolved: dict[str, dict[Cell | tuple[Cell, ...], ImportedSeries]] = {name: {} for name in mapping.claims}
        self._may_skip = bool(mapping.period.skip)
        self._read = {
            name: _one_person if mapping.claims[name].rows else reader.read for name, reader in self.readers.items()
        }
        self._rows_seen: set[int] = set()
        self._plain: set[str] = set()
        """Texts in columns that the mapping does not name that contradict nothing."""
        self._kinds = AddedKinds()
        self._days: dict[int, set[str]] = {}
        """Texts that look like days in such columns, where rows are added up."""
        self._text_row = 0
        """The row of text below the last row with figures; 0 for none."""
        self._texts_between: list[int] = []
        self._everyone = {name: frozenset(listed(figure.all)) for name, figure in mapping.claims.items()}
        self._place = ("", "")

    def add_table(self, file: str, sheet: str, rows: Iterable[Row], *, delimited: bool = True) -> None:
        """Read a table. `delimited`: from text with a delimiter. Raises ConfigError where a column is missing."""
        self._place = (file, sheet)
        self._text_row = 0
        self.tallies.tables += 1
        where = f"{file} [{sheet}]" if sheet else file
        heads = self.mapping.header_rows
        numbered = iter(_split(rows, self.mapping.split) if self.mapping.split else rows)
        titles: list[str] = []
        header = self._header(numbered, heads, titles)
        plan: TablePlan | None = None
        shifts: ShiftWatch | None = None
        above: list[Cell] = []
        for number, row in numbered:
            if plan is None or shifts is None:
                names = header if heads else [str(index) for index in range(1, len(row) + 1)]
                plan = plan_table(self.mapping, names, {"sheet": sheet, "file": file}, where, titles)
                shifts = ShiftWatch(plan, self.mapping, delimited=delimited)
                if is_hashtags(row):
                    self.tallies.left_out["HXL hashtags"] += 1
                    continue
            cells = row
            if len(row) < plan.width:
                cells = [*row, *[""] * (plan.width - len(row))]
            if plan.fill_down and any(cell_text(cell) for cell in cells):
                cells = above = _filled(cells, above, plan.fill_down)
            self._add_row(plan, shifts, number, cells, len(row))
        if shifts is not None:
            self.doubts.update(dict(shifts.doubts()))
        elif heads:
            plan_table(self.mapping, header, {"sheet": sheet, "file": file}, where)

    @staticmethod
    def _header(rows: Iterable[Row], heads: Sequence[int], titles: list[str]) -> list[str]:
        """The names of the columns; the texts above them are added to `titles`."""
        found: list[Sequence[Cell]] = []
        if heads:
            for number, row in rows:
                if number in heads:
                    found.append(row)
                else:
                    titles += filter(None, map(cell_text, row))
                if number >= max(heads):
                    break
        return header_of(found)

    def _add_row(self, plan: TablePlan, shifts: ShiftWatch, number: int, row: Sequence[Cell], length: int) -> None:
        tallies = self.tallies
        tallies.rows += 1
        if not any(map(cell_text, row)):
            tallies.blank_rows += 1
            return
        if why := shifts.fault(row):
            self._refuse([number], "the row", written_row(row), why, len(plan.figures))
            self.unplaced = True
            return
        if rule := _rule_against(plan, row):
            tallies.left_out[rule] += 1
            return
        if not row[plan.figures[0].at] and self._is_note(plan, row):
            self._add_note(number, written_row(row))
            return
        shifts.add(number, row, length)
        if self._text_row:
            self._texts_between.append(self._text_row)
            self._text_row = 0
        for figure in plan.figures:
            self._add_figure(plan, figure, number, row)

    def _add_note(self, number: int, text: str) -> None:
        tallies = self.tallies
        tallies.note_rows += 1
        if len(tallies.notes) < MOST_NOTES:
            tallies.notes[number] = text
        if tallies.taken:
            self._text_row = self._text_row or number
        self._note_thousands(number, text)

    def _note_thousands(self, number: int, text: str) -> None:
        """List a text outside the rows with figures that says thousands, unless the mapping has decided it."""
        if says_thousands(text) and any(figure.times is None for figure in self.mapping.claims.values()):
            self.doubts[f"row {number} says {shown(text)!r}; set times = 1000 where that holds, else times = 1"] = 1

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
        if self._may_skip and self._periods.skips(_tuple(figure.period(row))):
            self.tallies.passed_over += 1
            self._note_thousands(number, cell_text(row[figure.at]))
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
        elif self._may_keep(plan, figure, span, number, row):
            published = self.published if plan.published is None else self._moments[cell_text(row[plan.published])]
            self._keep(series, span, PeriodFigure(people, number, 1, published), figure, row)
            if self.mapping.same_key is SameKey.ADD and figure.figure.unit is Unit.PEOPLE:
                self._kinds.add(row, plan.unmapped, people)

    def _span(self, names: Cell | tuple[Cell, ...], number: int) -> DaySpan | None:
        """The period that cells name for the first time; None, with an issue, where they name none."""
        cells = _tuple(names)
        try:
            span = self._spans[names] = self._periods.read(cells)
        except BadCellError as error:
            self._refuse([number], self._period_column, " ".join(map(cell_text, cells)), str(error))
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

    def _may_keep(self, plan: TablePlan, figure: FigurePlan, span: DaySpan, number: int, row: Sequence[Cell]) -> bool:
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
            self._refuse([number], self._period_column, span.text(), why)
            return False
        if figure.year is not None and not _touches_year(span, figure.year):
            why = (
                f"the column of the figure is called {figure.year}; describe it in [wide], or call it #{figure.at + 1}"
            )
            self._refuse([number], self._period_column, span.text(), why)
            return False
        return not self._is_contradicted(plan, figure, number, row)

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

    def _is_contradicted(self, plan: TablePlan, figure: FigurePlan, number: int, row: Sequence[Cell]) -> bool:
        """Whether a column that the mapping does not name contradicts what it makes of a row; an issue says how."""
        for index in plan.unmapped:
            cell = row[index]
            if type(cell) is not str or cell in self._plain:
                continue
            if why := self._contradiction(figure, index, cell.strip()):
                self._refuse([number], f"column {index + 1}", cell, why)
                return True
            if len(self._plain) < MOST_PLAIN:
                self._plain.add(cell)
        return False

    def _contradiction(self, figure: FigurePlan, index: int, text: str) -> str | None:
        """Why a row cannot count that has a text in a column that the mapping does not name."""
        if figure.figure.times is None and says_thousands(text):
            return (
                f"figures may not be single people; set claims.{figure.name}.times = 1000 if they are thousands, else 1"
            )
        if self.mapping.same_key is not SameKey.ADD:
            return None
        if is_total(text) and text not in self._kept:
            return "rows are added up, and this one looks like a total of others; choose with rows.only or rows.drop"
        if _DATE.match(text) and not figure.figure.rows:
            self._days.setdefault(index, set()).add(text)
        return None

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
            if equal and not figure.figure.rows:
                self.doubts["cells of rows that equal an earlier row in every cell were added up"] += 1
            series.claims[span] = old._replace(people=added(old.people, new.people), cells=old.cells + 1)
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
        claims = sum(len(series.claims) for series in self.series.values())
        if claims and self.unplaced and self.mapping.same_key is SameKey.ADD:
            self.doubts["sums may be too low, as some rows could not be placed"] = claims
        for place, names in sorted(self.names.collisions.items()):
            self._refuse_series(
                [series for series in self.series.values() if _is_at(series.key, place)],
                " and ".join(sorted(names)),
                f"these names come to one place, {place.removeprefix('population ')}; "
                "add them to [places] or [countries], each with a place of its own or both with one",
            )
        for key in hidden_totals(self.series):
            name = self.names.name_of(key.flow)
            if name not in self._kept:
                why = "this is the sum of the places beside it; use rows.drop, or rows.keep"
                self._refuse_series([self.series[key]], name, why)
        by_figure = {name: set(resolved.values()) for name, resolved in self._resolved.items()}
        self.doubts.update(dict(doubts(self.mapping, by_figure, self.series)))
        self.doubts.update(dict(self._row_doubts()))

    def _row_doubts(self) -> Iterator[tuple[str, int]]:
        """What rows show together that may be wrong: a sentence, and how often."""
        if self._texts_between and self.mapping.same_key in (SameKey.ADD, SameKey.LAST):
            first = self._texts_between[0]
            why = f"rows of text stand between rows with figures (first: row {first}); is there another table?"
            yield why, len(self._texts_between)
        for index, word in self._kinds.vehicles():
            why = f"word in column {index + 1} that says vehicles, whose rows were added up as people"
            yield f"{why}: {shown(word)}; choose with rows.only", 1
        for index, (entries, exits) in self._kinds.directions():
            why = f"column {index + 1} has entries and exits, whose rows were added up"
            yield f"{why}: {shown(entries)} and {shown(exits)}; choose one with only, for a flow of each direction", 1
        for index, word in self._kinds.totals():
            why = f"word in column {index + 1} whose rows are the sum of the others that were added up"
            yield f"{why}: {shown(word)}; leave it out with rows.drop", 1
        for index, days in self._days.items():
            if len(days) > 1:
                why = f"days stand in column {index + 1}, whose rows were added up; does period.columns lack it?"
                yield why, len(days)

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


def _one_person(_: Cell) -> People:
    """What a row says that stands for one person."""
    return 1


def _tuple(cells: Cell | tuple[Cell, ...]) -> tuple[Cell, ...]:
    return cells if isinstance(cells, tuple) else (cells,)


def _latest_end(published: datetime) -> int:
    """The latest ordinal day at which a period may end that was published at a time: within a day after it."""
    return (published + timedelta(days=1)).toordinal()


def _touches_year(span: DaySpan, year: int) -> bool:
    return span.first <= date(year, 12, 31).toordinal() and span.end > date(year, 1, 1).toordinal()


def _split(rows: Iterable[Row], sign: str) -> Iterator[Row]:
    """Rows with the first cell taken apart at a sign."""
    for number, row in rows:
        yield number, [*(part.strip() for part in cell_text(row[0]).split(sign)), *row[1:]] if row else row


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
