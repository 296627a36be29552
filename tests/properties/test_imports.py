"""Imports are never silently wrong: files with every trap come out right, or what is wrong is refused or listed."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from hypothesis import event, given, settings
from hypothesis import strategies as st

from bordertally.streams.imports.mapping import SameKey, read_mapping
from bordertally.streams.imports.summary import summarize
from bordertally.streams.imports.tables import Importer, middle

PUBLISHED = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = [date(2023, 5, 1) + timedelta(days=number) for number in range(4)]
GATES = {"North": "north", "Old Bridge": "old-bridge", "Мост": "most", "Brod": "brod", "Brød": "brod"}


class Line(NamedTuple):
    """A row of a file: what its cells are, and the true people of it; None where nobody can know them."""

    day: str
    gate: str
    cell: str
    note: str
    day_of: date | None
    people: int | None


def written(people: int, style: str) -> str:
    return {",": f"{people:,}", ".": f"{people:,}".replace(",", "."), " ": f"{people:,}".replace(",", "\u00a0")}.get(
        style, str(people)
    )


@st.composite
def lines(draw: st.DrawFn) -> list[Line]:
    """Rows of an office, some of them with traps: what is written, and what it means."""
    rows: list[Line] = []
    style = draw(st.sampled_from(["", "", ",", ".", " "]))
    for day in DAYS[: draw(st.integers(1, 4))]:
        sums = 0
        for gate in draw(st.lists(st.sampled_from(list(GATES)), min_size=1, max_size=4, unique=True)):
            people = draw(st.one_of(st.integers(0, 30), st.integers(900, 2_000_000)))
            sums += people
            cell = draw(
                st.sampled_from([written(people, style)] * 12 + ["", "NA", "n. d.", f"-{people}", f"{people}*"])
            )
            if cell == f"{people}*":
                event("a flag")
            known = people if cell == written(people, style) else None
            text = day.isoformat()
            trap = draw(st.sampled_from(["none"] * 12 + ["no day", "impossible", "time", "american"]))
            if trap != "none":
                event(trap)
                text = {"no day": "May 2023", "impossible": "2023-02-30", "time": f"{text}T07:00"}.get(trap, "5/4/2023")
            rows.append(Line(text, gate, cell, "", day if trap == "none" else None, known))
        if draw(st.sampled_from([False, False, False, True])):
            name = draw(st.sampled_from(["Total", "Итого", "Whole region"]))
            event(name)
            rows.append(Line(day.isoformat(), name, written(sums, style), "", day, None))
    for row in draw(st.lists(st.sampled_from(rows), max_size=2)):
        event("a row twice")
        rows.insert(draw(st.integers(0, len(rows))), row if draw(st.booleans()) else row._replace(note="again"))
    return rows


MAPPING = """
source = "office"
{top}
[period]
columns = "Day"
unit = "day"
[flow]
path = "BR:UY:{{Gate}}"
[claims.in]
column = "In"
"""


@settings(max_examples=150, deadline=None)
@given(
    lines(),
    st.sampled_from(["", ",", ".", " "]),
    st.sampled_from(["", "*"]),
    st.sampled_from(list(SameKey)),
)
def test_what_is_taken_is_right_and_everything_else_is_counted_or_listed(
    rows: list[Line], group: str, flags: str, policy: SameKey
) -> None:
    decimal = "," if group == "." else "."
    top = f"group = '{group}'\ndecimal = '{decimal}'\nflags = '{flags}'\nsame_key = '{policy.value}'"
    importer = Importer(read_mapping(MAPPING.format(top=top), "map.toml"), PUBLISHED)
    text = io.StringIO()
    csv.writer(text).writerows([("Day", "Gate", "In", "Note"), *(row[:4] for row in rows)])
    importer.add_table("in.csv", "", enumerate(csv.reader(io.StringIO(text.getvalue())), 1))
    importer.finish()
    summary = summarize(importer)

    # Every row is somewhere: taken, without a figure, bad, repeated or replaced.
    cells = summary.taken + summary.missing + summary.bad + summary.repeated + summary.replaced
    assert cells + summary.note_rows == len(rows)
    assert sum(issue.cells for issue in summary.issues) == summary.bad
    assert all(issue.why and issue.column and issue.rows for issue in summary.issues)

    # What was taken is what the office meant, cell by cell.
    meant: dict[tuple[str, date], list[int | None]] = {}
    for row in rows:
        if row.day_of is not None and row.gate in GATES and row.cell not in ("", "NA"):
            people = int(row.cell[:-1]) if flags and row.cell.endswith("*") else row.people
            meant.setdefault((f"BR:UY:{GATES[row.gate]}", row.day_of), []).append(people)
    for key, series in importer.series.items():
        for span, kept in series.claims.items():
            figures = meant.get((key.flow, date.fromordinal(span.first)), [])
            if key.flow == "BR:UY:whole-region":
                continue  # a total by its figures alone: too few of them, or spoilt by the traps
            assert None not in figures
            whole = [figure for figure in figures if figure is not None]
            expected = {SameKey.ADD: sum(whole), SameKey.LAST: whole[-1]}.get(policy, whole[0])
            assert middle(kept.people) == expected
            assert policy is not SameKey.REFUSE or len(whole) == 1
            assert policy is not SameKey.ONCE or len(set(whole)) == 1

    # The people of the summary are those of the claims, and names that collide are in none of them.
    total = sum(series.people for series in summary.series)
    assert total == sum(middle(kept.people) for one in importer.series.values() for kept in one.claims.values())
    if {"Brod", "Brød"} <= {row.gate for row in rows if row.day_of is not None and row.people is not None}:
        assert not any(series.flow == "BR:UY:brod" for series in summary.series)
    assert not any("total" in series.flow or "itogo" in series.flow for series in summary.series)
    if policy is SameKey.ADD:
        twice = Counter(row[:4] for row in rows if (f"BR:UY:{GATES.get(row.gate)}", row.day_of) in _taken(importer))
        assert summary.doubts or all(number == 1 for row, number in twice.items() if row[2] not in ("", "NA"))


def _taken(importer: Importer) -> set[tuple[str, date | None]]:
    return {(key.flow, date.fromordinal(span.first)) for key, one in importer.series.items() for span in one.claims}
