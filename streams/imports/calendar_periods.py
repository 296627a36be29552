"""Calendar periods: the day, week, month, quarter or year that the cells of a row name, by a format that fixes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from bordertally.streams.errors import ConfigError, shown
from bordertally.streams.imports.figures import BadCellError, Cell
from bordertally.streams.imports.mapping import PeriodColumns, PeriodUnit, listed
from bordertally.streams.periods import iso_day

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)


class DaySpan(NamedTuple):
    """Whole days: the ordinals of the first one, and of the one after the last."""

    first: int
    end: int

    def text(self) -> str:
        """The period as reports write it: a day, or an interval whose end is exclusive."""
        return iso_day(self.first) if self.end == self.first + 1 else f"{iso_day(self.first)}/{iso_day(self.end)}"


ISO = {
    PeriodUnit.DAY: ["%Y-%m-%d"],
    PeriodUnit.SINCE: ["%Y-%m-%d"],
    PeriodUnit.WEEK: ["%G-W%V", "%Y-%m-%d"],
    PeriodUnit.WEEK_STARTING: ["%Y-%m-%d"],
    PeriodUnit.WEEK_ENDING: ["%Y-%m-%d"],
    PeriodUnit.MONTH: ["%Y-%m", "%Y-%m-%d"],
    PeriodUnit.QUARTER: ["%Y-Q%q", "%YQ%q"],
    PeriodUnit.YEAR: ["%Y"],
    PeriodUnit.YEAR_ENDING: ["%Y-%m"],
}
"""The formats of ISO 8601 for each unit, and the usual one of a quarter."""

_NEEDS = {
    PeriodUnit.DAY: ({"Y", "m", "d"},),
    PeriodUnit.SINCE: ({"Y", "m", "d"},),
    PeriodUnit.WEEK: ({"G", "V"}, {"Y", "m", "d"}),
    PeriodUnit.WEEK_STARTING: ({"Y", "m", "d"},),
    PeriodUnit.WEEK_ENDING: ({"Y", "m", "d"},),
    PeriodUnit.MONTH: ({"Y", "m"},),
    PeriodUnit.QUARTER: ({"Y", "q"}, {"Y", "m"}),
    PeriodUnit.YEAR: ({"Y"},),
    PeriodUnit.YEAR_ENDING: ({"Y", "m"},),
}
_WORDS = {"Y": "%Y (the year)", "m": "%m or %b (the month)", "d": "%d (the day)", "q": "%q (the quarter)"}
_DIGITS = {
    "Y": r"\d{4}",
    "y": r"\d{2}",
    "m": r"\d{1,2}",
    "d": r"\d{1,2}",
    "q": "[1-4]",
    "G": r"\d{4}",
    "V": r"\d{1,2}",
    "H": r"\d{1,2}",
    "I": r"\d{1,2}",
    "M": r"\d{2}",
    "S": r"\d{2}(?:\.\d+)?",
    "p": "[AaPp][Mm]",
    "N": r"\d{5}(?:\.0+)?",
}
FIRST_DAY = date(1900, 1, 1).toordinal()
"""The first day of a period: earlier ones are of another calendar, such as year 1402 of Iran or 113 of Taiwan."""
_DAY_ZERO = date(1899, 12, 30)
"""The day before day number 1 of spreadsheets, as they count from March 1900 on."""
_CLOCK = "HIMSp"


class _Format(NamedTuple):
    """A format as a pattern, and what it names."""

    pattern: re.Pattern[str]
    fields: frozenset[str]


class PeriodReader:
    """Reads the periods of a mapping. Raises ConfigError for a format that does not fix the unit."""

    def __init__(self, spec: PeriodColumns) -> None:
        self._spec = spec
        self._months = _month_numbers(spec.months)
        self._formats = [self._fixing(text) for text in spec.formats or ISO[spec.unit]]
        self._skipped = [self._compile(text).pattern for text in listed(spec.skip)]
        self._skips: dict[str, bool] = {}
        self._read: dict[str, DaySpan | str] = {}

    def read(self, cells: Sequence[Cell]) -> DaySpan:
        """The period that the cells of a row name, joined by spaces. Raises BadCellError."""
        if len(cells) == 1 and isinstance(cells[0], date):
            return self._span(_date_fields(cells[0]))
        return self.read_joined(cells[0] if len(cells) == 1 and isinstance(cells[0], str) else written(cells))

    def read_joined(self, text: str) -> DaySpan:
        """The period that a text names. Raises BadCellError."""
        span = self._read.get(text)
        if span is None:
            try:
                span = self._parse(" ".join(text.split()))
            except BadCellError as error:
                span = str(error)
            self._read[text] = span
        if isinstance(span, str):
            raise BadCellError(span)
        return span

    def skips(self, cells: Sequence[Cell]) -> bool:
        """Whether the cells of a row name a period that the mapping leaves out."""
        text = written(cells)
        skips = self._skips.get(text)
        if skips is None:
            skips = self._skips[text] = any(pattern.fullmatch(text) for pattern in self._skipped)
        return skips

    def _fixing(self, text: str) -> _Format:
        """A format that fixes the unit of the mapping."""
        compiled = self._compile(text)
        if any(wanted <= compiled.fields for wanted in _NEEDS[self._spec.unit]):
            return compiled
        lacks = sorted(_NEEDS[self._spec.unit][0] - compiled.fields)
        lacking = " and ".join(_WORDS.get(name, f"%{name}") for name in lacks)
        year = ", or set period.year" if "Y" in lacks else ""
        raise ConfigError(
            f"period.format: {shown(text)} does not fix a {self._word}: it lacks {lacking}; "
            f"add the column that has it to period.columns{year}"
        )

    def _compile(self, text: str) -> _Format:
        names: set[str] = set()
        parts = []
        for literal, directive in re.findall(r"([^%]+)|%(.?)", text):
            part = self._part(directive, names, text) if directive else re.escape(literal).replace("\\ ", r"\s+")
            again = part.startswith("(?P<") and part in parts
            parts.append(f"(?P={part[4]})" if again else part)
        if "N" in names:
            names |= {"Y", "m", "d"}
        if self._spec.year is not None:
            names.add("Y")
        return _Format(re.compile("".join(parts), re.IGNORECASE), frozenset(names))

    def _part(self, directive: str, names: set[str], text: str) -> str:
        if directive == "%":
            return "%"
        if directive in "bB":
            names.add("m")
            return "(?P<b>" + "|".join(sorted(map(re.escape, self._months), key=len, reverse=True)) + r")\.?"
        if directive not in _DIGITS:
            raise ConfigError(
                f"period.format: %{directive} in {shown(text)} is unknown; known are %b %B %{' %'.join(_DIGITS)}"
            )
        names.add({"y": "Y"}.get(directive, directive))
        return f"(?P<{directive}>{_DIGITS[directive]})"

    @property
    def _word(self) -> str:
        by_days = (PeriodUnit.SINCE, PeriodUnit.WEEK_STARTING, PeriodUnit.WEEK_ENDING)
        named = dict.fromkeys(by_days, "day") | {PeriodUnit.YEAR_ENDING: "month"}
        return named.get(self._spec.unit, self._spec.unit.value)

    def _parse(self, text: str) -> DaySpan:
        spans = set()
        fault: BadCellError | None = None
        for fields in (form.pattern.fullmatch(text) for form in self._formats):
            if fields is not None:
                try:
                    spans.add(self._span(self._numbers(fields.groupdict())))
                except BadCellError as error:
                    fault = fault or error
        if len(spans) == 1:
            return next(iter(spans))
        if spans:
            read = " and ".join(span.text() for span in sorted(spans))
            raise BadCellError(f"two formats read it differently: {read}")
        if fault is not None:
            raise fault
        formats = " or ".join(self._spec.formats or ISO[self._spec.unit])
        raise BadCellError(f"this is no {self._word} of the form {formats}; set period.format, or drop the row")

    def _numbers(self, fields: Mapping[str, str | None]) -> dict[str, int]:
        numbers = {name: int(text) for name, text in fields.items() if text and name not in "bpSN"}
        if self._spec.year is not None:
            numbers.setdefault("Y", self._spec.year)
        if text := fields.get("N"):
            numbers |= _date_fields(_DAY_ZERO + timedelta(int(float(text))))
        if text := fields.get("b"):
            numbers["m"] = self._months[text.lower()]
        if "y" in numbers:
            numbers["Y"] = 2000 + numbers["y"] - (100 if numbers["y"] >= 69 else 0)  # as strptime does
        if "I" in numbers:
            numbers["H"] = numbers["I"] % 12 + (12 if (fields.get("p") or "").lower() == "pm" else 0)
        numbers["S"] = int(float(fields.get("S") or 0))
        return numbers

    def _span(self, fields: Mapping[str, int]) -> DaySpan:
        if any(fields.get(name, 0) for name in "HMS"):
            raise BadCellError(f"the time of day is not midnight, and the unit is {self._spec.unit.value}")
        try:
            span = self._unit_span(fields)
        except ValueError as error:
            raise BadCellError(f"there is no such date: {error}") from None
        if span.first < FIRST_DAY:
            year = date.fromordinal(span.first).year
            raise BadCellError(
                f"the year {year} is before 1900; if it is one of another calendar, write that of ISO 8601 instead"
            )
        return span

    def _unit_span(self, fields: Mapping[str, int]) -> DaySpan:
        match self._spec.unit:
            case PeriodUnit.DAY | PeriodUnit.WEEK_ENDING:
                day = self._day(fields)
                return DaySpan(day if self._spec.unit is PeriodUnit.DAY else day - 6, day + 1)
            case PeriodUnit.SINCE:
                return self._since(self._day(fields) + 1)
            case PeriodUnit.WEEK | PeriodUnit.WEEK_STARTING:
                return self._week(fields)
            case PeriodUnit.MONTH:
                return self._months_from(fields, 1)
            case PeriodUnit.QUARTER:
                return self._quarter(fields)
            case PeriodUnit.YEAR | PeriodUnit.YEAR_ENDING:
                return self._year(fields)

    def _day(self, fields: Mapping[str, int]) -> int:
        return date(self._calendar_year(fields["Y"], fields["m"]), fields["m"], fields["d"]).toordinal()

    def _calendar_year(self, year: int, month: int) -> int:
        starts = self._spec.fiscal_year_starts
        return year - 1 if 1 < starts <= month else year

    def _since(self, end: int) -> DaySpan:
        assert self._spec.since is not None  # checked by read_mapping
        first = self._spec.since.toordinal()
        if end <= first:
            raise BadCellError(f"this day is before {self._spec.since}, from which the figures are cumulative")
        return DaySpan(first, end)

    def _week(self, fields: Mapping[str, int]) -> DaySpan:
        iso = "V" in fields
        first = date.fromisocalendar(fields["G"], fields["V"], 1).toordinal() if iso else self._day(fields)
        return DaySpan(first, first + 7)

    def _months_from(self, fields: Mapping[str, int], months: int) -> DaySpan:
        year, month = self._calendar_year(fields["Y"], fields["m"]), fields["m"]
        span = DaySpan(date(year, month, 1).toordinal(), _month_after(year, month, months))
        if "d" in fields and date(year, month, fields["d"]).toordinal() not in (span.first, span.end - 1):
            raise BadCellError(
                f"this day is inside a {self._spec.unit.value}; set unit = 'day', or name its first or last day"
            )
        return span

    def _quarter(self, fields: Mapping[str, int]) -> DaySpan:
        starts = self._spec.fiscal_year_starts
        if "q" not in fields:
            if (fields["m"] - starts) % 3:
                raise BadCellError(f"no quarter begins with month {fields['m']}; set unit = 'month'")
            return self._months_from(fields, 3)
        month = (starts - 1 + 3 * (fields["q"] - 1)) % 12 + 1
        year = self._calendar_year(fields["Y"], month)
        return DaySpan(date(year, month, 1).toordinal(), _month_after(year, month, 3))

    def _year(self, fields: Mapping[str, int]) -> DaySpan:
        if self._spec.unit is PeriodUnit.YEAR_ENDING:
            year, month = fields["Y"], fields["m"]
            return DaySpan(_month_after(year - 1, month, 1), _month_after(year, month, 1))
        starts = self._spec.fiscal_year_starts
        if (fields.get("m", starts), fields.get("d", 1)) not in ((starts, 1), (12, 31)):
            raise BadCellError("this day is inside a year; set the unit that the rows have")
        year = self._calendar_year(fields["Y"], starts)
        return DaySpan(date(year, starts, 1).toordinal(), _month_after(year, starts, 12))


def written(cells: Sequence[Cell]) -> str:
    """Cells as one text: whole numbers without decimals, dates in ISO 8601, joined by spaces."""
    return " ".join(text for cell in cells if (text := cell_text(cell)))


def cell_text(cell: Cell) -> str:
    """A cell as text: whole numbers without decimals, dates at midnight as days."""
    if type(cell) is str:
        return cell.strip()
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return str(cell)


def _date_fields(cell: date) -> dict[str, int]:
    fields = {"Y": cell.year, "m": cell.month, "d": cell.day}
    if isinstance(cell, datetime):
        fields |= {"H": cell.hour, "M": cell.minute, "S": cell.second}
    return fields


def _month_after(year: int, month: int, months: int) -> int:
    """The ordinal of the first day of the month that comes so many months later."""
    later = year * 12 + month - 1 + months
    if later >= 12 * 9999:
        raise ValueError("after the calendar")
    return date(later // 12, later % 12 + 1, 1).toordinal()


def _month_numbers(names: Sequence[str]) -> dict[str, int]:
    """The number of each month by its name in lower case, and by the first three letters where they are English."""
    if names:
        return {name.lower().rstrip("."): number for number, name in enumerate(names, 1)}
    numbers = {name: number for number, name in enumerate(MONTHS, 1)}
    return numbers | {name[:3]: number for name, number in numbers.items()} | {"sept": 9}
