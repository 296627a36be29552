"""No file is imported silently wrong: each figure is right, or it is named as refused, missing or doubtful.

Files are made with the traps of real ones, of which the truth is known: signs between thousands, months without a day,
names of places that collide, totals among the members with or without their name, rows that stand twice, markers in
place of figures, a sign between thousands that is the delimiter, and a revised edition.
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from bordertally.agents.imports.files import import_tables
from bordertally.streams.imports.editions import Edition
from bordertally.streams.imports.mapping import ImportMap, SameKey, read_mapping
from bordertally.streams.imports.places import slug_of
from bordertally.streams.imports.tables import Importer
from steady import examples
from unit.streams.imports.kit import PUBLISHED

Place = tuple[str, str]
"""The slug of a place, and a period as reports write it."""

NAMES = ("North", "Old Bridge", "Brod", "Brød", "brod ", "Мост", "Most", "Zoll 7")
TOTALS = ("Total", "Итого", "合計", "All gates", "Whole border")
SIGNS = ("", ",", ".", "'", " ")
MARKERS = ("n. d.", "<5", "-12", "1.5", "")
SHIFTED = "a sign between thousands"
"""What is said of figures that may be taken apart."""
MONTHS = ("Jan 2023", "Feb 2023", "Mar 2023", "Apr 2023")
DAYS = ("2023-05-01", "2023-05-02", "2023-05-03", "2023-05-04")
PERIODS = {
    **{day: day for day in DAYS},
    "Jan 2023": "2023-01-01/2023-02-01",
    "Feb 2023": "2023-02-01/2023-03-01",
    "Mar 2023": "2023-03-01/2023-04-01",
    "Apr 2023": "2023-04-01/2023-05-01",
}


class Figure(NamedTuple):
    """A row of a file: what it says, and the people that it means; None where it means no figure by itself."""

    name: str
    period: str
    text: str
    people: int | None

    @property
    def place(self) -> Place:
        return slug_of(self.name), PERIODS[self.period]


HEADERS = (
    ("When", "Gate", "In"),
    ("When", "Gate", "In", ""),
    ("When", "Gate", "In", "Remark"),
    ("When", "In", "Gate", "Remark"),
    ("When", "In", "Gate", "Region", "Remark"),
    ("When", "Gate", "In", "Code", "Remark"),
    ("When", "Gate", "In", "Code", "Region", "Remark"),
    ("When", "Gate", "Lorries", "In", "Remark"),
)
"""The columns of a file."""

FILLED: Sequence[Mapping[str, Sequence[str]]] = (
    {},
    {"Code": ("642", "112")},
    {"Code": ("642", "112"), "Region": ("A", "B")},
    {"Code": ("A12", "7"), "Remark": ("open", "closed")},
    {"Lorries": ("12", "642")},
    {"Lorries": ("1,642", "2,112")},
)
"""What stands in the columns beside Gate, When and In, by turns; nothing in the others."""


class Trap(NamedTuple):
    """A file, and the mapping that somebody has for it.

    `quoted`: cells are; else a sign between thousands may be the delimiter. `ragged`: empty last cells are left out.
    """

    figures: list[Figure]
    mapping: str
    header: Sequence[str]
    quoted: bool
    ragged: bool
    beside: Mapping[str, Sequence[str]] = {}

    @property
    def is_shifted(self) -> bool:
        """Whether the delimiter takes a figure apart."""
        texts = [figure.text for figure in self.figures]
        texts += [text for name in self.header for text in self.beside.get(name, ())]
        return not self.quoted and any("," in text for text in texts)

    @property
    def has_codes(self) -> bool:
        """Whether a column of codes looks as if it held the ends of figures that were taken apart."""
        cells = [text for name in self.header for text in self.beside.get(name, ())]
        return any(len(text) == 3 and text.isdecimal() for text in cells)


def written(people: int, sign: str) -> str:
    return f"{people:,}".replace(",", sign)


@st.composite
def tables(draw: st.DrawFn) -> Trap:
    sign = draw(st.sampled_from(SIGNS))
    periods = draw(st.sampled_from([MONTHS, DAYS, (*DAYS[:2], *MONTHS[:2])]))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    people = st.one_of(st.integers(0, 40), st.integers(900, 4_000), st.integers(1_000_000, 2_000_000))
    figures = []
    for period in periods:
        members = [(name, draw(people)) for name in names]
        figures += [Figure(name, period, written(number, sign), number) for name, number in members]
    of_all = totals(figures, draw(st.sampled_from(TOTALS)), sign) if draw(st.booleans()) else []
    for place in draw(st.lists(st.integers(0, len(figures) - 1), max_size=2)):
        text = draw(st.sampled_from(MARKERS))
        figures[place] = figures[place]._replace(text=text, people=None)
    figures += of_all
    for place in draw(st.lists(st.integers(0, len(figures) - 1), max_size=2)):
        figures.append(figures[place])
    chosen = draw(st.sampled_from(SIGNS)) if draw(st.booleans()) else sign
    unit = draw(st.sampled_from(['unit = "day"', 'unit = "month"\nformat = "%b %Y"']))
    mapping = MAPPING.format(
        group=chosen,
        decimal="," if chosen == "." else ".",
        same_key=draw(st.sampled_from(list(SameKey))).value,
        unit=unit,
    )
    header, beside = draw(st.sampled_from(HEADERS)), draw(st.sampled_from(FILLED))
    return Trap(figures, mapping, header, draw(st.booleans()), draw(st.booleans()), beside)


def totals(figures: Sequence[Figure], name: str, sign: str) -> list[Figure]:
    """A row for the people of all places in each period; without its name only where it cannot be so by chance."""
    sums: Counter[str] = Counter()
    large: Counter[str] = Counter()
    for figure in figures:
        sums[figure.period] += figure.people or 0
        large[figure.period] += (figure.people or 0) >= 500
    if name == TOTALS[-1] and min(large.values()) < 2:
        name = TOTALS[0]
    return [Figure(name, period, written(number, sign), None) for period, number in sums.items()]


MAPPING = """
source = "police"
group = "{group}"
decimal = "{decimal}"
same_key = "{same_key}"
[period]
columns = "When"
{unit}
[flow]
path = "BR:UY:{{Gate}}"
[claims.entries]
column = "In"
"""


def imported(trap: Trap, figures: Iterable[Figure] | None = None) -> Importer:
    """What an importer makes of the file of a trap."""
    text = io.StringIO()
    rows = [list(trap.header)]
    for figure in trap.figures if figures is None else figures:
        cells = {name: texts[len(figure.name) % len(texts)] for name, texts in trap.beside.items()}
        cells |= {"When": figure.period, "Gate": figure.name, "In": figure.text}
        row = [cells.get(name, "") for name in trap.header]
        while trap.ragged and row[-1] == "" and len(row) > 1:
            del row[-1]
        rows.append(row)
    if trap.quoted:
        csv.writer(text).writerows(rows)
    else:
        text.writelines(",".join(row) + "\n" for row in rows)
    importer = Importer(read_mapping(trap.mapping, "map.toml"), PUBLISHED)
    import_tables(io.BytesIO(text.getvalue().encode()), "in.csv", importer)
    importer.finish()
    return importer


def claimed(importer: Importer) -> dict[Place, tuple[object, int]]:
    """By place and period, the people of a claim and the number of its cells."""
    return {
        (key.flow.rpartition(":")[2], span.text()): (kept.people, kept.cells)
        for key, series in importer.series.items()
        for span, kept in series.claims.items()
    }


def means(figures: Sequence[Figure], mapping: ImportMap) -> object:
    """What the rows about one place and period mean together by a mapping; None where nothing can be said."""
    people = [figure.people for figure in figures]
    if any(number is None for number in people):
        return None
    if mapping.same_key is SameKey.ADD:
        return sum(number for number in people if number is not None)
    if mapping.same_key is SameKey.LAST:
        return people[-1]
    if len(people) > 1 and (mapping.same_key is SameKey.REFUSE or len(set(figures)) > 1):
        return None
    return people[0]


def possible(figures: Sequence[Figure], importer: Importer) -> list[object]:
    """What may be claimed of a place and a period: what its rows mean together.

    Rows that cannot even be placed, as their cells are shifted, are listed, and the others mean what they do. Of rows
    that are added up the sum is then said to be doubtful.
    """
    if not importer.unplaced or (importer.mapping.same_key is SameKey.ADD and not importer.doubts):
        return [means(figures, importer.mapping)]
    some = [rows for number in range(1, len(figures) + 1) for rows in combinations(figures, number)]
    return [means(rows, importer.mapping) for rows in some]


def by_place(figures: Iterable[Figure]) -> Mapping[Place, list[Figure]]:
    places: dict[Place, list[Figure]] = defaultdict(list)
    for figure in figures:
        if figure.text:  # an empty cell says nothing
            places[figure.place].append(figure)
    return places


@settings(max_examples=examples(500))
@given(tables())
def test_every_figure_is_right_or_named(trap: Trap) -> None:
    importer = check_figures(trap)
    event(f"{'some' if claimed(importer) else 'no'} claims, {'some' if importer.issues.cells else 'no'} bad cells")


def check_figures(trap: Trap) -> Importer:
    """Check what an importer makes of the file of a trap, and return it."""
    importer = imported(trap)
    is_shifted = any(SHIFTED in doubt for doubt in importer.doubts)
    assert trap.is_shifted or trap.has_codes or not is_shifted
    mapping, claims, places = importer.mapping, claimed(importer), by_place(trap.figures)
    tallies, bad = importer.tallies, importer.issues.cells
    for place, (people, _) in claims.items():
        if is_shifted and trap.is_shifted:
            assert place in places
        elif place[0] == slug_of(TOTALS[-1]):  # found by its sum, for which too much may be missing or doubled
            assert bad or importer.doubts or tallies.missing
        else:
            assert people in possible(places[place], importer), place
    cells = tallies.taken + tallies.missing + tallies.repeated + tallies.replaced + tallies.note_rows + bad
    assert cells == tallies.rows == len(trap.figures)
    assert tallies.taken == sum(number for _, number in claims.values())
    if not bad:
        assert {place for place, figures in places.items() if figures} == set(claims)
        names = {
            figure.place: {figure.name.strip() for figure in figures}
            for figures in places.values()
            for figure in figures
        }
        assert all(len(together) == 1 for together in names.values())
    if mapping.same_key is SameKey.ADD and any(len(set(figures)) < len(figures) for figures in places.values()):
        assert bad or importer.doubts
    return importer


@settings(max_examples=examples(500))
@given(tables(), st.data())
def test_an_edition_leads_from_the_claims_of_the_old_file_to_those_of_the_new_one(
    trap: Trap, data: st.DataObject
) -> None:
    """Where both files can be read; else what is sent is right, and nothing is withdrawn that may still be there."""
    changed = list(trap.figures)
    for place in data.draw(st.lists(st.integers(0, len(changed) - 1), max_size=3)):
        changed[place] = changed[place]._replace(text="8", people=8)
    for place in sorted(data.draw(st.sets(st.integers(0, len(changed) - 1), max_size=2)), reverse=True):
        del changed[place]
    old, new = imported(trap), imported(trap, changed)
    edition = Edition(old, new)
    state = {place: people for place, (people, _) in claimed(old).items()}
    wanted = {place: people for place, (people, _) in claimed(new).items()}
    for claim in edition.claims():
        at = claim.key.flow.rpartition(":")[2], claim.span.text()
        if claim.people is None:
            assert at not in wanted
            del state[at]
        else:
            assert claim.people == wanted[at] != state.get(at)
            state[at] = claim.people
    assert {place: people for place, people in state.items() if place in wanted} == wanted
    assert len(state) == len(wanted) + edition.withheld
    if not new.issues.cells:
        assert state == wanted
    event(f"withdrawn {edition.withdrawn}, withheld {edition.withheld}")


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("texts", [("1,234", "85"), ("1,234", "23,456"), ("1,234", "3,210", "2,345", "2,468")])
@pytest.mark.parametrize("beside", FILLED)
def test_a_figure_that_the_delimiter_takes_apart_is_refused_or_listed(
    header: Sequence[str], ragged: bool, texts: Sequence[str], beside: Mapping[str, Sequence[str]]
) -> None:
    rows = [Figure("North", day, text, int(text.replace(",", ""))) for day, text in zip(DAYS, texts, strict=False)]
    mapping = MAPPING.format(group="", decimal=".", same_key="refuse", unit='unit = "day"')
    trap = Trap(rows, mapping, header, quoted=False, ragged=ragged, beside=beside)
    importer = check_figures(trap)
    assert importer.issues.cells or any(SHIFTED in doubt for doubt in importer.doubts)
    assert set(claimed(importer)) <= {row.place for row in rows}


def test_the_traps_are_traps() -> None:
    """The checks catch a misread number, such as one person where a thousand crossed."""
    trap = Trap(
        [Figure("North", DAYS[0], "1,234", 1_234)],
        MAPPING.format(group="", decimal=".", same_key="add", unit='unit = "day"'),
        header=HEADERS[1],
        quoted=False,
        ragged=False,
    )
    assert claimed(imported(trap)) == {}
    with pytest.raises(AssertionError):
        check_figures(trap._replace(figures=[trap.figures[0]._replace(text="1")]))
