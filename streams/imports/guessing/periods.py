"""Periods of a guess: which columns name the period of a row, and in what form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from bordertally.streams.imports.calendar_periods import DaySpan, PeriodReader
from bordertally.streams.imports.figures import BadCellError
from bordertally.streams.imports.guessing.samples import (
    DECIDE,
    MOST_ALIKE_SHARE,
    SampledColumn,
    is_figure,
    is_of_years,
    quoted,
    reads_as,
    share_of,
)
from bordertally.streams.imports.mapping import PeriodColumns, PeriodUnit
from bordertally.streams.imports.places import is_total
from bordertally.streams.imports.titles import says_ending

_FORMATS = (
    *((PeriodUnit.DAY, form) for form in ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d")),
    *((PeriodUnit.DAY, form) for form in ("%d %b %Y", "%b %d, %Y", "%Y-%m-%dT%H:%M:%S", "%m/%d/%Y %I:%M:%S %p")),
    *(
        (PeriodUnit.MONTH, form)
        for form in ("%YM%m", "%YMM%m", "%Y-%m", "%b %Y", "%b%Y", "%Y %b", "%b-%y", "%m/%Y", "%Y %m", "%Y %m月")
    ),
    *((PeriodUnit.QUARTER, form) for form in ("%Y-Q%q", "%Y Q%q", "%YQ%q", "Q%q %Y", "%YKW0%q")),
    (PeriodUnit.WEEK, "%G-W%V"),
    (PeriodUnit.YEAR, "%Y"),
    (PeriodUnit.YEAR, "%YJJ00"),
)
_WIDE = (
    (r"(?P<month>\d{4} [A-Z][a-z]{2})", "month", PeriodUnit.MONTH, "%Y %b"),
    (r"(?P<month>[A-Za-z]{3} \d{4})", "month", PeriodUnit.MONTH, "%b %Y"),
    (r"(?P<month>[A-Z]{3}\d{4})", "month", PeriodUnit.MONTH, "%b%Y"),
    (r"(?P<month>\d{4}M\d{2})", "month", PeriodUnit.MONTH, "%YM%m"),
    (r"(?P<month>\d{4}-\d{2})", "month", PeriodUnit.MONTH, "%Y-%m"),
    (r"(?P<quarter>\d{4}-Q\d)", "quarter", PeriodUnit.QUARTER, "%Y-Q%q"),
    (r"(?P<year>(?:19|20)\d{2})", "year", PeriodUnit.YEAR, "%Y"),
    (r"(?P<month>(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)", "month", PeriodUnit.MONTH, "%Y %b"),
)
_MONTH = re.compile(
    r"(?i)month|monat|\bmon\b|\bmes\b|mois|mês|mese|miesi|måned|månad|kuukausi|maand|lun[aă]|месяц|міс|月|\bay\b"
)
_DAY = re.compile(r"(?i)dat[eou]|day|tag\b|jour|d[ií]a|fecha|data|день|дата|日")


class GuessedPeriods(NamedTuple):
    """How periods seem to be written. `fill_down`: columns that name a value only once for several rows.

    `others`: cells of another form.
    """

    columns: list[str]
    unit: PeriodUnit
    form: str
    reason: str
    decide: str = ""
    fill_down: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def is_of_days(column: SampledColumn) -> bool:
    """Whether nearly all cells of a column are days."""
    texts = [text for text in column.texts[:200] if not is_total(text)]
    return any(share_of(texts, reads) >= MOST_ALIKE_SHARE for reads in day_readers())


def day_readers() -> list[Callable[[str], bool]]:
    """A test for each form of a day."""
    return [reads_as(unit, form) for unit, form in _FORMATS if unit is PeriodUnit.DAY]


def wide_columns(columns: Sequence[SampledColumn]) -> tuple[str, GuessedPeriods, list[str]] | None:
    """The pattern of columns that are periods, their period, and their names; None where there are fewer than three."""
    for pattern, group, unit, form in _WIDE:
        names = [column.name for column in columns if re.fullmatch(pattern, column.name)]
        if unit is PeriodUnit.YEAR and any(map(is_of_days, columns)):
            return None  # columns of the same days in other years
        if len(names) >= 3:
            if form != "%Y %b" or re.search(r"\d", names[0]):
                return pattern, GuessedPeriods([group], unit, form, f"{names[0]}, {names[1]}, ... are columns"), names
            year = next((column.name for column in columns if is_of_years(column)), None)
            decide = "" if year else 'the columns name no year; if sheets do, set sheet = "*", else year = the year'
            found = GuessedPeriods(
                [year or "sheet", group], unit, form, "months are columns, the year is elsewhere", decide
            )
            return pattern, found, names
    return None


def guessed_periods(columns: Sequence[SampledColumn]) -> GuessedPeriods:
    """The columns, unit and format of the period; the format that reads the most cells."""
    years = [column for column in columns if is_of_years(column)]
    tries = [[column] for column in columns] + [
        [year, column] for year in years for column in columns if column is not year
    ]
    best: tuple[float, list[GuessedPeriods]] = (MOST_ALIKE_SHARE, [])
    for tried in tries:
        pairs = list(zip(*(column.filled() if len(tried) > 1 else column.texts for column in tried), strict=True))
        texts = [" ".join(pair) for pair in pairs if all(pair)][:500]
        if all(map(is_total, texts)):
            continue
        fill_down = tuple(column.name for column in tried if len(tried) > 1 and "" in column.cells)
        for unit, form in _forms(tried):
            share = share_of(texts, reads_as(unit, form))
            if share > best[0] or (share >= MOST_ALIKE_SHARE and not best[1]):
                best = share, []
            if share >= MOST_ALIKE_SHARE and share == best[0]:
                reason = f"{share:.0%} of the cells are of this form"
                names = [column.name for column in tried]
                others = tuple(dict.fromkeys(text for text in texts if not reads_as(unit, form)(text)))
                best[1].append(GuessedPeriods(names, unit, form, reason, fill_down=fill_down, others=others))
    if not best[1] and (mixed := _mixed_periods(columns)):
        return mixed
    if not best[1]:
        return GuessedPeriods(["??"], PeriodUnit.DAY, "%Y-%m-%d", f"{DECIDE} no column looks like a period")
    first = min(best[1], key=lambda found: (found.unit is PeriodUnit.YEAR, -len(found.columns)))
    forms = [found.form for found in best[1] if found.columns == first.columns and found.unit is first.unit]
    if len(forms) == 1 and _end_weeks(first, columns):
        return first._replace(
            unit=PeriodUnit.WEEK_ENDING, reason=f"{first.reason}, a week apart, and named as last days"
        )
    decide = f"{' or '.join(forms)}? Both read every cell" if len(forms) > 1 else _step(first, columns)
    return first._replace(decide="; ".join(filter(None, (decide, _other_days(first, columns), _no_month(first)))))


def _mixed_periods(columns: Sequence[SampledColumn]) -> GuessedPeriods | None:
    """The periods of a column that names shorter and longer ones, such as quarters beside months: the most frequent."""
    for column in columns:
        texts = column.texts[:500]
        if len(set(texts)) < 2 or is_figure(texts[0]):
            continue
        read = {(unit, form): [text for text in texts if reads_as(unit, form)(text)] for unit, form in _FORMATS}
        (unit, form), found = max(read.items(), key=lambda entry: len(entry[1]))
        covered = {text for of_form in read.values() for text in of_form}
        if found and share_of(texts, covered.__contains__) >= MOST_ALIKE_SHARE:
            reason = f"{len(found) / len(texts):.0%} of the cells are of this form"
            others = tuple(dict.fromkeys(text for text in texts if text not in found))
            return GuessedPeriods([column.name], unit, form, reason, others=others)
    return None


def _forms(columns: Sequence[SampledColumn]) -> Iterator[tuple[PeriodUnit, str]]:
    """The formats to try for some columns together: years only where they are likely, day numbers only of days."""
    for unit, form in _FORMATS:
        if unit is not PeriodUnit.YEAR or is_of_years(columns[0]):
            yield unit, form
    if len(columns) == 1 and _DAY.search(columns[0].name):
        yield PeriodUnit.DAY, "%N"


def _other_days(first: GuessedPeriods, columns: Sequence[SampledColumn]) -> str:
    """A doubt about several columns of days."""
    others = [column.name for column in columns if column.name not in first.columns and is_of_days(column)]
    return f"columns {', '.join(map(quoted, others))} hold days too: which do the figures belong to?" if others else ""


def _no_month(first: GuessedPeriods) -> str:
    """A doubt about numbers from 1 to 12 that the header does not call months."""
    name = first.columns[-1]
    return f"is {quoted(name)} the month?" if first.form == "%Y %m" and not _MONTH.search(name) else ""


def _step(found: GuessedPeriods, columns: Sequence[SampledColumn]) -> str:
    """A doubt about days that are always the first of a month."""
    texts = next(column.texts for column in columns if column.name == found.columns[0])
    days = {span.first for text in texts if (span := _span(found, text))} if found.unit is PeriodUnit.DAY else set()
    apart = min(_apart(days), default=1)
    if apart > 27:
        return 'all days are a month or more apart: is the unit "month"?'
    if apart > 6 and len(days) > 2:
        return 'all days are a week or more apart: is the unit "week-starting", or "week-ending"?'
    return ""


def _end_weeks(found: GuessedPeriods, columns: Sequence[SampledColumn]) -> bool:
    """Whether the days of a column are whole weeks apart, three at least, and its name says that they end them."""
    texts = next(column.texts for column in columns if column.name == found.columns[0])
    days = {span.first for text in texts if (span := _span(found, text))}
    of_days = found.unit is PeriodUnit.DAY and len(found.columns) == 1 and says_ending(found.columns[0])
    return of_days and len(days) > 2 and all(apart % 7 == 0 for apart in _apart(days)) and min(_apart(days)) == 7


def _apart(days: Iterable[int]) -> list[int]:
    """How many days lie between each of some days and the next."""
    return [second - first for first, second in pairwise(sorted(days))]


def _span(found: GuessedPeriods, text: str) -> DaySpan | None:
    try:
        return PeriodReader(PeriodColumns(found.columns, found.unit, found.form)).read_joined(text)
    except BadCellError:
        return None
