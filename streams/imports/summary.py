"""The summary of an import: figures to hold against the file, by flow, population and unit."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from bordertally.streams.imports.calendar_periods import DaySpan
from bordertally.streams.imports.issues import Issue
from bordertally.streams.imports.mapping import PeriodUnit
from bordertally.streams.imports.series import ImportedSeries, middle
from bordertally.streams.imports.tables import Importer
from bordertally.streams.periods import iso_day

MOST_SERIES = 20
"""Series that the summary shows as text; as JSON it has all of them."""


class SeriesSummary(Struct):
    """One series. `claims`: its periods; `cells`: the cells they were read from; `people`: the sum of the cells.

    Cumulative figures are not added up: `people` is then the last one. `first`, `last`: its first and last day.
    `gaps`: stretches between them without a figure.
    """

    flow: str
    population: str
    unit: str
    measure: str
    claims: int
    cells: int
    people: float
    first: str
    last: str
    gaps: int


class EditionSummary(Struct):
    """What a file changes against the one before it, in claims; see Edition."""

    previous: str
    unchanged: int
    corrected: int
    added: int
    withdrawn: int
    withheld: int


class Summary(Struct):
    """What an import took and left. Every row is in one of the counts of rows, every cell in one of those of cells.

    `taken`, `missing`, `bad`, `passed_over`: cells with a figure that counts, without a figure, that could not be read,
    and that `only` of their claims leaves out. `left_out`: rows, by rule. `notes`: text beside the table, by row.
    `doubts`: what was taken although it may be wrong. `names`: by name, the country that it was read as.
    """

    tables: int
    rows: int
    left_out: dict[str, int]
    blank_rows: int
    note_rows: int
    notes: dict[int, str]
    taken: int
    missing: int
    bad: int
    passed_over: int
    repeated: int
    replaced: int
    flags: dict[str, int]
    doubts: dict[str, int]
    names: dict[str, str]
    series: list[SeriesSummary]
    issues: list[Issue]
    reports: int = 0
    claims: int = 0
    edition: EditionSummary | None = None


def summarize(importer: Importer) -> Summary:
    """The summary of what an importer has read."""
    tallies = importer.tallies
    flags: dict[str, int] = {}
    for reader in importer.readers.values():
        for flag, cells in reader.flags.items():
            flags[flag] = flags.get(flag, 0) + cells
    cumulative = importer.mapping.period.unit is PeriodUnit.SINCE
    return Summary(
        tables=tallies.tables,
        rows=tallies.rows,
        left_out=dict(tallies.left_out),
        blank_rows=tallies.blank_rows,
        note_rows=tallies.note_rows,
        notes=tallies.notes,
        taken=tallies.taken,
        missing=tallies.missing,
        bad=importer.issues.cells,
        passed_over=tallies.passed_over,
        repeated=tallies.repeated,
        replaced=tallies.replaced,
        flags=flags,
        doubts=dict(importer.doubts),
        names=importer.names.readings,
        series=[
            _series(series, cumulative=cumulative) for _, series in sorted(importer.series.items()) if series.claims
        ],
        issues=list(importer.issues),
    )


def _series(series: ImportedSeries, *, cumulative: bool) -> SeriesSummary:
    spans = sorted(series.claims)
    figures = [_people(series, span) for span in spans]
    gaps, end = 0, spans[0].end
    for span in spans:
        gaps += span.first > end
        end = max(end, span.end)
    return SeriesSummary(
        *series.key,
        claims=len(spans),
        cells=sum(kept.cells for kept in series.claims.values()),
        people=figures[-1] if cumulative else sum(figures),
        first=iso_day(spans[0].first),
        last=iso_day(end - 1),
        gaps=gaps,
    )


def _people(series: ImportedSeries, span: DaySpan) -> float:
    days = span.end - span.first if series.per == "day" else 1
    return middle(series.claims[span].people) * days


def lines(summary: Summary) -> Iterator[str]:
    """The summary as lines of text: the issues, what was left out, then the figures."""
    yield from (str(issue) for issue in summary.issues)
    cells = {"taken": summary.taken, "missing": summary.missing, "bad": summary.bad}
    cells |= {"repeated": summary.repeated, "replaced": summary.replaced, "passed over": summary.passed_over}
    yield f"{summary.rows:,} rows; cells: " + ", ".join(
        f"{number:,} {what}" for what, number in cells.items() if number or what in ("taken", "bad")
    )
    for rule, rows in sorted(summary.left_out.items()):
        yield f"  left out by {rule}: {rows:,} rows"
    if summary.note_rows:
        yield f"  left out as text beside the table: {summary.note_rows:,} rows"
        yield from (f"    row {row}: {text[:100]}" for row, text in summary.notes.items())
    for flag, number in sorted(summary.flags.items()):
        yield f"  marked {flag}{' (provisional)' if flag == 'p' else ''}: {number:,} cells"
    for doubt, number in sorted(summary.doubts.items()):
        yield f"  look again: {number:,} {doubt}"
    if summary.names:
        names = sorted(summary.names.items())
        more = f" and {len(names) - MOST_SERIES:,} more" if len(names) > MOST_SERIES else ""
        yield "  read as countries: " + ", ".join(f"{name} = {code}" for name, code in names[:MOST_SERIES]) + more
    yield from _figures(summary)
    if summary.edition is not None:
        yield from _changes(summary.edition)


def _changes(edition: EditionSummary) -> Iterator[str]:
    counts = (f"{getattr(edition, name):,} {name}" for name in ("unchanged", "corrected", "added", "withdrawn"))
    yield f"against {edition.previous}: {', '.join(counts)}"
    if edition.withheld:
        yield f"  {edition.withheld:,} gone but not withdrawn, as other rows could not be read"


def _series_line(series: SeriesSummary) -> str:
    kind = " ".join(word for word in (series.population, series.unit, series.measure) if word not in _USUAL)
    of = f"{series.flow} ({kind})" if kind else series.flow
    gaps = f", {series.gaps:,} gaps" if series.gaps else ""
    return f"{of}: {series.people:,.15g} in {series.claims:,} periods, {series.first} to {series.last}{gaps}"


def _figures(summary: Summary) -> Iterator[str]:
    yield from (f"  {_series_line(series)}" for series in summary.series[:MOST_SERIES])
    if len(summary.series) > MOST_SERIES:
        yield f"  and {len(summary.series) - MOST_SERIES:,} more series; --json has all of them"
    sums: dict[tuple[str, str, str], float] = {}
    for series in summary.series:
        kind = (series.population.partition(":")[0], series.unit, series.measure)
        sums[kind] = sums.get(kind, 0) + series.people
    for (population, unit, measure), total in sorted(sums.items()):
        words = [word for word in (population, measure) if word not in _USUAL]
        yield f"sum of what was taken: {total:,.15g} {unit}" + (f" ({' '.join(words)})" if words else "")


_USUAL = frozenset({"people", "crossings"})
