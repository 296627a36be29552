"""Guessing: a mapping from what the first rows of a table show, each guess with its reason, and what to decide."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from bordertally.streams.imports.calendar_periods import DaySpan, PeriodReader, cell_text
from bordertally.streams.imports.columns import header_of, is_hashtags, is_no_number_of_people, says_thousands
from bordertally.streams.imports.figures import BadCellError, Cell
from bordertally.streams.imports.mapping import MISSING, PeriodColumns, PeriodUnit
from bordertally.streams.imports.places import country_of, is_total
from bordertally.streams.imports.plausibility import rounding_of

DECIDE = "DECIDE:"
"""What stands before the sentence that says what a person must decide."""

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
_GROUPED = {sign: re.compile(rf"\d{{1,3}}(?:{re.escape(sign)}\d{{3}})+(?!\d).*") for sign in (",", ".", " ", "'")}
_FIGURE = re.compile(r"(?P<figure>\d+(?:[.,]\d+)?|\d{1,3}(?:[., ']\d{3})+(?:[.,]\d+)?) ?(?P<flag>[^\d\s.,'%]{0,2})")
_MARKER = re.compile(r"[^\d]*|[<>≤≥~].*|[-−]\s*\d.*")  # noqa: RUF001 - a minus sign
"""Cells in a column of figures that are none: words, bounds and negative numbers."""
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009", " ") | {"\u2019": "'"})
_MOST = 0.8
"""The share of the cells of a column that must look alike."""


_MOST_FIGURES = 0.6
"""The share of the cells of a column of figures that are numbers; the others may be markers."""


_MOST_KINDS = 12
"""The most different words in a column that distinguishes kinds of rows."""

_CITIZENS = re.compile(r"(?i)citizen|national|countr|pa[ií]s|pays|страна|гражданств|国籍|staatsang")


_MONTH = re.compile(
    r"(?i)month|monat|\bmon\b|\bmes\b|mois|mês|mese|miesi|måned|månad|kuukausi|maand|lun[aă]|месяц|міс|月|\bay\b"
)
_DAY = re.compile(r"(?i)dat[eou]|day|tag\b|jour|d[ií]a|fecha|data|день|дата|日")


class SampledColumn(NamedTuple):
    """A column: its name in the header, its cells as text, and those that are not empty."""

    name: str
    cells: list[str]
    texts: list[str]

    @property
    def kinds(self) -> list[str]:
        """Its different words, in the order in which they come first."""
        return list(dict.fromkeys(self.texts))

    def filled(self) -> list[str]:
        """Its cells, each empty one with the text above it."""
        above, cells = "", []
        for cell in self.cells:
            above = cell or above
            cells.append(above)
        return cells


class _Periods(NamedTuple):
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


def guess_mapping(rows: Sequence[Sequence[Cell]], facts: Mapping[str, str]) -> str:
    """A mapping in TOML for the first rows of a table, with a reason behind each guess.

    `facts`: keys that are known from the file itself, such as its encoding. What a person must decide stands in
    comments that begin with `DECIDE:`; a mapping with such a source or flow is refused until it is decided.
    """
    heads = _header_rows(rows)
    names = header_of([rows[head - 1] for head in heads])
    if not heads:
        names = [str(index) for index in range(1, max(map(len, rows), default=0) + 1)]
    body = [row for row in rows[max(heads, default=0) :] if not is_hashtags(row) and not _is_text(row, len(names))]
    columns = [_sampled(name or f"#{index + 1}", body, index) for index, name in enumerate(names)]
    wide = _wide(columns)
    periods = wide[1] if wide else _periods(columns)
    taken = {*periods.columns, *(wide[2] if wide else ())}
    figures = [column for column in _figure_columns(columns) if wide is not None or column.name not in periods.columns]
    taken |= {column.name for column in figures}
    labels = [column for column in columns if column.texts and column.name not in taken]
    words = [*names, *(cell_text(cell) for row in rows[: min(heads, default=1) - 1] for cell in row)]
    words += [text for column in labels for text in column.kinds]
    parts = [
        _top(heads, facts, [text for column in figures for text in column.texts]),
        _period_lines(periods, figures, [column.name for column in columns]),
        _row_lines(labels, periods),
        _wide_lines(wide),
        _flow_lines(labels),
        _claim_lines(labels, [] if wide else figures, words, wide=wide is not None),
    ]
    return "".join(f"{line}\n" for lines in parts for line in lines)


def _sampled(name: str, rows: Sequence[Sequence[Cell]], index: int) -> SampledColumn:
    cells = [cell_text(row[index]).translate(_SPACES) if index < len(row) else "" for row in rows if any(row)]
    return SampledColumn(name, cells, [text for text in cells if text])


def _header_rows(rows: Sequence[Sequence[Cell]]) -> list[int]:
    """The numbers of the rows that name the columns, from 1; none where the first row holds a period and figures.

    That is the first row that fills nearly all columns, and one beside it where names stand twice.
    """
    widths = [sum(bool(cell_text(cell)) for cell in row) for row in rows[:30]]
    widest = max(widths, default=0)
    at = next((index for index, width in enumerate(widths) if width >= max(2, 0.7 * widest)), 0)
    texts = [[cell_text(cell) for cell in row if cell_text(cell)] for row in rows[: at + 2]]
    if not texts or _is_of_data(texts[at]):
        return []
    if len(set(texts[at])) < len(texts[at]):
        for beside in (at + 1, at - 1):
            if 0 <= beside < len(texts) and len(texts[beside]) > 1 and not any(map(_is_figure, texts[beside])):
                return sorted((at + 1, beside + 1))
    return [at + 1]


def _is_text(row: Sequence[Cell], width: int) -> bool:
    """Whether a row of a table of several columns has one cell only, as notes have."""
    return width > 2 and sum(bool(cell_text(cell)) for cell in row) == 1


def _is_of_data(texts: Sequence[str]) -> bool:
    """Whether a row has a day and a figure, and so is none of names."""
    days = [text for text in texts if not is_total(text) and any(reads(text) for reads in _day_readers())]
    return bool(days) and any(_is_figure(text) for text in texts if text not in days)


def _top(heads: Sequence[int], facts: Mapping[str, str], cells: Sequence[str]) -> Iterator[str]:
    yield f'source = "??"  # {DECIDE} the entry of the source registry that publishes this file'
    for key, value in facts.items():
        doubt = f"; {DECIDE} are the names below as they should be?" if key == "encoding" else ""
        yield f"{key} = {_quoted(value)}  # as the file looks{doubt}"
    if len(heads) > 1:
        yield f"header = {list(heads)}  # names stand twice in one of these rows; they are joined"
    elif heads != [1]:
        reason = f"row {heads[0]} is the first that names the columns" if heads else "the first row is one of figures"
        yield f"header = {heads[0] if heads else 0}  # {reason}"
    signs = Counter(sign for text in cells for sign, pattern in _GROUPED.items() if pattern.fullmatch(text))
    if signs:
        sign, number = signs.most_common(1)[0]
        unsure = len(signs) > 1 or (sign == "." and not any(text.count(".") > 1 for text in cells))
        what = f"; {DECIDE} is {sign!r} between thousands, and not before decimals?" if unsure else ""
        yield f"group = {_quoted(sign)}  # {number:,} cells are written so{what}"
        if sign == ".":
            yield 'decimal = ","'
    flags = Counter(
        found["flag"] for text in cells if (found := _FIGURE.fullmatch(text)) and found["flag"] and found["figure"]
    )
    if flags:
        letters = "".join(sorted({letter for flag in flags for letter in flag}))
        yield f"flags = {_quoted(letters)}  # {DECIDE} they stand behind {flags.total():,} figures: do these count?"
    odd = Counter(text for text in cells if text not in MISSING and not _FIGURE.fullmatch(text))
    for text, number in odd.most_common(5):
        yield f"# {DECIDE} {number:,} cells are {_quoted(text)}: list it in missing, or in suppressed with its range"


def _period_lines(periods: _Periods, figures: Sequence[SampledColumn], names: Sequence[str]) -> Iterator[str]:
    decide = [periods.decide] if periods.decide else []
    if periods.unit is PeriodUnit.YEAR:
        decide.append("does no other column name the month?")
    if periods.others:
        some = ", ".join(_quoted(text) for text in periods.others[:3])
        decide.append(f"{len(periods.others):,} cells are of another form ({some}): leave them out with skip")
    if any(_never_falls(column) for column in figures):
        decide.append('figures never fall: are they cumulative? Then unit = "since", with since = the first day')
    yield "[period]"
    yield f"columns = {json.dumps(periods.columns, ensure_ascii=False)}  # {periods.reason}"
    yield f'unit = "{periods.unit.value}"' + (f"  # {DECIDE} {'; '.join(decide)}" if decide else "")
    yield f"format = {_quoted(periods.form)}"
    if fiscal := next((name for name in names if "fiscal" in name.lower()), None):
        yield f"# {DECIDE} {_quoted(fiscal)} sounds like fiscal years: in which month do they start?"
        yield "# fiscal_year_starts = 10"


def _row_lines(labels: Sequence[SampledColumn], periods: _Periods) -> Iterator[str]:
    totals = {column.name: sorted({text for text in column.texts if is_total(text)}) for column in labels}
    found = [f"{_quoted(name)} = {json.dumps(words, ensure_ascii=False)}" for name, words in totals.items() if words]
    if found or periods.fill_down:
        yield "[rows]"
    if periods.fill_down:
        names = json.dumps(list(periods.fill_down), ensure_ascii=False)
        yield f"fill_down = {names}  # {DECIDE} do the empty cells below a value mean the same value?"
    if found:
        yield f"drop = {{ {', '.join(found)} }}  # {DECIDE} drop the totals, or choose them with only"


def _wide_lines(wide: tuple[str, _Periods, list[str]] | None) -> Iterator[str]:
    if wide:
        yield "[wide]"
        yield f"columns = '{wide[0]}'  # {len(wide[2]):,} columns are named so"


def _flow_lines(labels: Sequence[SampledColumn]) -> Iterator[str]:
    words = ", ".join(_quoted(column.name) for column in labels) or "none"
    yield "[flow]"
    yield f"# {DECIDE} from which country to which; columns in braces can be parts. Columns of words: {words}"
    for column in labels:
        kinds = [kind for kind in column.kinds if not is_total(kind)]
        if 1 < len(kinds) <= _MOST_KINDS and len(kinds) < len(column.texts):
            some = ", ".join(_quoted(kind) for kind in kinds[:4]) + (", ..." if len(kinds) > 4 else "")
            yield f"# {DECIDE} rows differ in {_quoted(column.name)} ({some}): put it in the path or the population,"
            yield '#   choose some with only, or add them up with same_key = "add" at the top'
    yield 'path = "??:??"'


def _claim_lines(
    labels: Sequence[SampledColumn], figures: Sequence[SampledColumn], words: Sequence[str], *, wide: bool
) -> Iterator[str]:
    countries = [
        column.name
        for column in labels
        if _CITIZENS.search(column.name)
        or _share([text for text in column.kinds if not is_total(text)], _is_country) >= _MOST
    ]
    thousands = next((text for text in words if says_thousands(text)), None)
    by_name = {column.name: column for column in figures}
    for number, name in enumerate([""] if wide else [column.name for column in figures], 1):
        yield f"[claims.figure{number}]"
        if len(figures) > 1:
            yield f"# {DECIDE} keep the figures that you want; a total beside its parts is not added to them"
        if name:
            yield f"column = {_quoted(name)}"
        if thousands is not None:
            yield f"# {DECIDE} the file says {_quoted(thousands)}: are these figures in thousands? If not, times = 1"
            yield "# times = 1000"
        step = rounding_of(_people(column.texts)) if (column := by_name.get(name)) else 1
        if step > 1:
            yield f"# {DECIDE} all figures are multiples of {step:,}: are they rounded?"
            yield '# qualifier = "stated"'
        for country in countries:
            yield f"# {DECIDE} is {_quoted(country)} a part of the flow, or the citizenship?"
            yield f'# population = "citizens:{{{country}}}"'
    if not figures and not wide:
        yield f"# {DECIDE} no column looks like figures; write its name. If each row is a person, write rows = true"
        yield '#   instead, and same_key = "add" at the top'
        yield '[claims.figure1]\ncolumn = "??"'


def _is_country(text: str) -> bool:
    return country_of(text) is not None


def _people(texts: Sequence[str]) -> Iterator[int]:
    """Figures as whole numbers, without signs and flags."""
    for text in texts:
        if (found := _FIGURE.fullmatch(text)) and (digits := re.sub(r"\D", "", found["figure"])):
            yield int(digits)


def _never_falls(column: SampledColumn) -> bool:
    """Whether at least five figures, in the order of the file, only grow."""
    figures = [int(text) for text in column.texts if text.isdecimal()]
    return len(figures) >= 5 and len(figures) == len(column.texts) and figures == sorted(set(figures))


def _figure_columns(columns: Sequence[SampledColumn]) -> list[SampledColumn]:
    """The columns that hold figures: numbers that are no years, no codes and no numbers of the rows."""
    return [
        column
        for column in columns
        if _share([text for text in column.texts if not _MARKER.fullmatch(text)], _is_figure) >= _MOST_FIGURES
        and not is_no_number_of_people(column.name)
        and not _is_of_years(column)
        and not _is_of_days(column)
        and not _counts_rows(column)
        and not re.fullmatch(r"(?i).*\b(?:code|id|no|nr)\b.*|.*_id", column.name)
    ]


def _is_figure(text: str) -> bool:
    return _FIGURE.fullmatch(text) is not None


def _is_of_days(column: SampledColumn) -> bool:
    texts = [text for text in column.texts[:200] if not is_total(text)]
    return any(_share(texts, reads) >= _MOST for reads in _day_readers())


def _day_readers() -> list[Callable[[str], bool]]:
    return [_reads(unit, form) for unit, form in _FORMATS if unit is PeriodUnit.DAY]


def _is_of_years(column: SampledColumn) -> bool:
    return _share(column.texts, lambda text: re.fullmatch(r"(?:19|20)\d{2}", text) is not None) >= _MOST


def _counts_rows(column: SampledColumn) -> bool:
    numbers = [int(text) for text in column.texts if text.isdecimal()]
    return len(numbers) > 2 and numbers == list(range(numbers[0], numbers[0] + len(column.texts)))


def _wide(columns: Sequence[SampledColumn]) -> tuple[str, _Periods, list[str]] | None:
    """The pattern of columns that are periods, their period, and their names; None where there are fewer than three."""
    for pattern, group, unit, form in _WIDE:
        names = [column.name for column in columns if re.fullmatch(pattern, column.name)]
        if unit is PeriodUnit.YEAR and any(map(_is_of_days, columns)):
            return None  # columns of the same days in other years
        if len(names) >= 3:
            if form != "%Y %b" or re.search(r"\d", names[0]):
                return pattern, _Periods([group], unit, form, f"{names[0]}, {names[1]}, ... are columns"), names
            year = next((column.name for column in columns if _is_of_years(column)), None)
            decide = "" if year else 'the columns name no year; if sheets do, set sheet = "*", else year = the year'
            found = _Periods([year or "sheet", group], unit, form, "months are columns, the year is elsewhere", decide)
            return pattern, found, names
    return None


def _periods(columns: Sequence[SampledColumn]) -> _Periods:
    """The columns, unit and format of the period; the format that reads the most cells."""
    years = [column for column in columns if _is_of_years(column)]
    tries = [[column] for column in columns] + [
        [year, column] for year in years for column in columns if column is not year
    ]
    best: tuple[float, list[_Periods]] = (_MOST, [])
    for tried in tries:
        pairs = list(zip(*(column.filled() if len(tried) > 1 else column.texts for column in tried), strict=True))
        texts = [" ".join(pair) for pair in pairs if all(pair)][:500]
        fill_down = tuple(column.name for column in tried if len(tried) > 1 and "" in column.cells)
        for unit, form in _forms(tried):
            share = _share(texts, _reads(unit, form))
            if share > best[0] or (share >= _MOST and not best[1]):
                best = share, []
            if share >= _MOST and share == best[0]:
                reason = f"{share:.0%} of the cells are of this form"
                names = [column.name for column in tried]
                others = tuple(dict.fromkeys(text for text in texts if not _reads(unit, form)(text)))
                best[1].append(_Periods(names, unit, form, reason, fill_down=fill_down, others=others))
    if not best[1] and (mixed := _mixed_periods(columns)):
        return mixed
    if not best[1]:
        return _Periods(["??"], PeriodUnit.DAY, "%Y-%m-%d", f"{DECIDE} no column looks like a period")
    first = min(best[1], key=lambda found: (found.unit is PeriodUnit.YEAR, -len(found.columns)))
    forms = [found.form for found in best[1] if found.columns == first.columns and found.unit is first.unit]
    decide = f"{' or '.join(forms)}? Both read every cell" if len(forms) > 1 else _step(first, columns)
    return first._replace(decide="; ".join(filter(None, (decide, _other_days(first, columns), _no_month(first)))))


def _mixed_periods(columns: Sequence[SampledColumn]) -> _Periods | None:
    """The periods of a column that names shorter and longer ones, such as quarters beside months: the most frequent."""
    for column in columns:
        texts = column.texts[:500]
        if len(set(texts)) < 2 or _is_figure(texts[0]):
            continue
        read = {(unit, form): [text for text in texts if _reads(unit, form)(text)] for unit, form in _FORMATS}
        (unit, form), found = max(read.items(), key=lambda entry: len(entry[1]))
        covered = {text for of_form in read.values() for text in of_form}
        if found and _share(texts, covered.__contains__) >= _MOST:
            reason = f"{len(found) / len(texts):.0%} of the cells are of this form"
            others = tuple(dict.fromkeys(text for text in texts if text not in found))
            return _Periods([column.name], unit, form, reason, others=others)
    return None


def _forms(columns: Sequence[SampledColumn]) -> Iterator[tuple[PeriodUnit, str]]:
    """The formats to try for some columns together: years only where they are likely, day numbers only of days."""
    for unit, form in _FORMATS:
        if unit is not PeriodUnit.YEAR or _is_of_years(columns[0]):
            yield unit, form
    if len(columns) == 1 and _DAY.search(columns[0].name):
        yield PeriodUnit.DAY, "%N"


def _other_days(first: _Periods, columns: Sequence[SampledColumn]) -> str:
    """A doubt about several columns of days."""
    others = [column.name for column in columns if column.name not in first.columns and _is_of_days(column)]
    return f"columns {', '.join(map(_quoted, others))} hold days too: which do the figures belong to?" if others else ""


def _no_month(first: _Periods) -> str:
    """A doubt about numbers from 1 to 12 that the header does not call months."""
    name = first.columns[-1]
    return f"is {_quoted(name)} the month?" if first.form == "%Y %m" and not _MONTH.search(name) else ""


def _step(found: _Periods, columns: Sequence[SampledColumn]) -> str:
    """A doubt about days that are always the first of a month."""
    texts = next(column.texts for column in columns if column.name == found.columns[0])
    days = {span.first for text in texts if (span := _span(found, text))} if found.unit is PeriodUnit.DAY else set()
    if (
        len(days) > 1
        and min(second - first for first, second in zip(sorted(days), sorted(days)[1:], strict=False)) > 27
    ):
        return 'all days are a month or more apart: is the unit "month"?'
    return ""


def _span(found: _Periods, text: str) -> DaySpan | None:
    try:
        return PeriodReader(PeriodColumns(found.columns, found.unit, found.form)).read_joined(text)
    except BadCellError:
        return None


def _reads(unit: PeriodUnit, form: str) -> Callable[[str], bool]:
    reader = PeriodReader(PeriodColumns("x", unit, form))

    def reads(text: str) -> bool:
        try:
            reader.read_joined(text)
        except BadCellError:
            return unit is PeriodUnit.DAY and is_total(text)
        return True

    return reads


def _share(texts: Sequence[str], holds: Callable[[str], bool]) -> float:
    return sum(map(holds, texts)) / len(texts) if texts else 0.0


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
