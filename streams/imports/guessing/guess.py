"""A guess: a mapping from what the first rows of a table show, each guess with its reason, and what to decide."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from bordertally.streams.imports.calendar_periods import cell_text
from bordertally.streams.imports.columns import header_of, is_hashtags
from bordertally.streams.imports.figures import Cell
from bordertally.streams.imports.guessing.figure_columns import figure_columns, never_falls, people_in
from bordertally.streams.imports.guessing.headers import header_rows, is_text
from bordertally.streams.imports.guessing.periods import GuessedPeriods, guessed_periods, wide_columns
from bordertally.streams.imports.guessing.samples import (
    DECIDE,
    FIGURE,
    MOST_ALIKE_SHARE,
    SampledColumn,
    quoted,
    sampled,
    share_of,
)
from bordertally.streams.imports.mapping import MISSING, PeriodUnit
from bordertally.streams.imports.places import country_of, is_total
from bordertally.streams.imports.plausibility import rounding_of
from bordertally.streams.imports.titles import says_thousands

_GROUPED = {sign: re.compile(rf"\d{{1,3}}(?:{re.escape(sign)}\d{{3}})+(?!\d).*") for sign in (",", ".", " ", "'")}
_MOST_KINDS = 12
"""The most different words in a column that distinguishes kinds of rows."""

_CITIZENS = re.compile(r"(?i)citizen|national|countr|pa[ií]s|pays|страна|гражданств|国籍|staatsang")


def guess_mapping(rows: Sequence[Sequence[Cell]], facts: Mapping[str, str]) -> str:
    """A mapping in TOML for the first rows of a table, with a reason behind each guess.

    `facts`: keys that are known from the file itself, such as its encoding. What a person must decide stands in
    comments that begin with `DECIDE:`; a mapping with such a source or flow is refused until it is decided.
    """
    heads = header_rows(rows)
    names = header_of([rows[head - 1] for head in heads])
    if not heads:
        names = [str(index) for index in range(1, max(map(len, rows), default=0) + 1)]
    body = [row for row in rows[max(heads, default=0) :] if not is_hashtags(row) and not is_text(row, len(names))]
    columns = [sampled(name or f"#{index + 1}", body, index) for index, name in enumerate(names)]
    wide = wide_columns(columns)
    periods = wide[1] if wide else guessed_periods(columns)
    taken = {*periods.columns, *(wide[2] if wide else ())}
    figures = [column for column in figure_columns(columns) if wide is not None or column.name not in periods.columns]
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


def _top(heads: Sequence[int], facts: Mapping[str, str], cells: Sequence[str]) -> Iterator[str]:
    yield f'source = "??"  # {DECIDE} the entry of the source registry that publishes this file'
    for key, value in facts.items():
        doubt = f"; {DECIDE} are the names below as they should be?" if key == "encoding" else ""
        yield f"{key} = {quoted(value)}  # as the file looks{doubt}"
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
        yield f"group = {quoted(sign)}  # {number:,} cells are written so{what}"
        if sign == ".":
            yield 'decimal = ","'
    flags = Counter(
        found["flag"] for text in cells if (found := FIGURE.fullmatch(text)) and found["flag"] and found["figure"]
    )
    if flags:
        letters = "".join(sorted({letter for flag in flags for letter in flag}))
        yield f"flags = {quoted(letters)}  # {DECIDE} they stand behind {flags.total():,} figures: do these count?"
    odd = Counter(text for text in cells if text not in MISSING and not FIGURE.fullmatch(text))
    for text, number in odd.most_common(5):
        yield f"# {DECIDE} {number:,} cells are {quoted(text)}: list it in missing, or in suppressed with its range"


def _period_lines(periods: GuessedPeriods, figures: Sequence[SampledColumn], names: Sequence[str]) -> Iterator[str]:
    decide = [periods.decide] if periods.decide else []
    if periods.unit is PeriodUnit.YEAR:
        decide.append("does no other column name the month?")
    if periods.others:
        some = ", ".join(quoted(text) for text in periods.others[:3])
        decide.append(f"{len(periods.others):,} cells are of another form ({some}): leave them out with skip")
    if any(never_falls(column) for column in figures):
        decide.append('figures never fall: are they cumulative? Then unit = "since", with since = the first day')
    yield "[period]"
    yield f"columns = {json.dumps(periods.columns, ensure_ascii=False)}  # {periods.reason}"
    yield f'unit = "{periods.unit.value}"' + (f"  # {DECIDE} {'; '.join(decide)}" if decide else "")
    yield f"format = {quoted(periods.form)}"
    if fiscal := next((name for name in names if "fiscal" in name.lower()), None):
        yield f"# {DECIDE} {quoted(fiscal)} sounds like fiscal years: in which month do they start?"
        yield "# fiscal_year_starts = 10"


def _row_lines(labels: Sequence[SampledColumn], periods: GuessedPeriods) -> Iterator[str]:
    totals = {column.name: sorted({text for text in column.texts if is_total(text)}) for column in labels}
    found = [f"{quoted(name)} = {json.dumps(words, ensure_ascii=False)}" for name, words in totals.items() if words]
    if found or periods.fill_down:
        yield "[rows]"
    if periods.fill_down:
        names = json.dumps(list(periods.fill_down), ensure_ascii=False)
        yield f"fill_down = {names}  # {DECIDE} do the empty cells below a value mean the same value?"
    if found:
        yield f"drop = {{ {', '.join(found)} }}  # {DECIDE} drop the totals, or choose them with only"


def _wide_lines(wide: tuple[str, GuessedPeriods, list[str]] | None) -> Iterator[str]:
    if wide:
        yield "[wide]"
        yield f"columns = '{wide[0]}'  # {len(wide[2]):,} columns are named so"


def _flow_lines(labels: Sequence[SampledColumn]) -> Iterator[str]:
    words = ", ".join(quoted(column.name) for column in labels) or "none"
    yield "[flow]"
    yield f"# {DECIDE} from which country to which; columns in braces can be parts. Columns of words: {words}"
    for column in labels:
        kinds = [kind for kind in column.kinds if not is_total(kind)]
        if 1 < len(kinds) <= _MOST_KINDS and len(kinds) < len(column.texts):
            some = ", ".join(quoted(kind) for kind in kinds[:4]) + (", ..." if len(kinds) > 4 else "")
            yield f"# {DECIDE} rows differ in {quoted(column.name)} ({some}): put it in the path or the population,"
            yield '#   choose some with only, or add them up with same_key = "add" at the top'
    yield 'path = "??:??"'


def _claim_lines(
    labels: Sequence[SampledColumn], figures: Sequence[SampledColumn], words: Sequence[str], *, wide: bool
) -> Iterator[str]:
    countries = [
        column.name
        for column in labels
        if _CITIZENS.search(column.name)
        or share_of([text for text in column.kinds if not is_total(text)], _is_country) >= MOST_ALIKE_SHARE
    ]
    thousands = next((text for text in words if says_thousands(text)), None)
    by_name = {column.name: column for column in figures}
    for number, name in enumerate([""] if wide else [column.name for column in figures], 1):
        yield f"[claims.figure{number}]"
        if len(figures) > 1:
            yield f"# {DECIDE} keep the figures that you want; a total beside its parts is not added to them"
        if name:
            yield f"column = {quoted(name)}"
        if thousands is not None:
            yield f"# {DECIDE} the file says {quoted(thousands)}: are these figures in thousands? If not, times = 1"
            yield "# times = 1000"
        step = rounding_of(people_in(column.texts)) if (column := by_name.get(name)) else 1
        if step > 1:
            yield f"# {DECIDE} all figures are multiples of {step:,}: are they rounded?"
            yield '# qualifier = "stated"'
        for country in countries:
            yield f"# {DECIDE} is {quoted(country)} a part of the flow, or the citizenship?"
            yield f'# population = "citizens:{{{country}}}"'
    if not figures and not wide:
        yield f"# {DECIDE} no column looks like figures; write its name. If each row is a person, write rows = true"
        yield '#   instead, and same_key = "add" at the top'
        yield '[claims.figure1]\ncolumn = "??"'


def _is_country(text: str) -> bool:
    return country_of(text) is not None
