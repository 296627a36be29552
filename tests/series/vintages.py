"""The editions of invented-vintages.csv, the totals of seven days that they lead to, and a plot of these totals.

`python -m series.vintages ../docs/img/revisions.png`, run in `tests/` with the extra `plot`, writes the plot.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from bordertally.streams.totals.records import AfterRevisions
from bordertally.streams.totals.windows import total_in, totals
from unit.kit import claim, told

SERIES = Path(__file__).with_name("invented-vintages.csv")
LATER = timedelta(days=28)


def editions() -> Iterator[tuple[date, list[tuple[date, int]]]]:
    """By day of publication, the days and figures that were published."""
    by_published: dict[date, list[tuple[date, int]]] = {}
    with SERIES.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            about = date.fromisoformat(row.pop("day"))
            for lag, people in row.items():
                if people:
                    by_published.setdefault(about + timedelta(days=int(lag)), []).append((about, int(people)))
    yield from sorted(by_published.items())


class Week(NamedTuple):
    """A total of seven days as of one edition: `best`, after revisions, and what the edition 28 days later says."""

    published: date
    best: int
    band: AfterRevisions
    later: int


def weeks(until: date = date(2022, 7, 31)) -> list[Week]:
    """The totals with a band of which a later edition has every day, of editions up to a day."""
    desk, found, figures = told(), [], dict[tuple[date, date], int]()
    for published, days in editions():
        at = f"{published}T18:00:00Z"
        figures.update({(about, published): people for about, people in days})
        desk.take(
            *[claim(people, f"{about}", id=f"{published}", published=at, qualifier="count") for about, people in days]
        )
        total = total_in(7, totals(desk.node()))
        if total is not None and total.after_revisions is not None and published <= until:
            last = max(about for about, _ in days)
            found.append((published, total.best, total.after_revisions, last))
    known = []
    for published, best, band, last in found:
        later = [figures.get((last - timedelta(days=back), published + LATER)) for back in range(7)]
        if None not in later:
            known.append(Week(published, best, band, sum(people or 0 for people in later)))
    return known


def draw(path: str) -> None:
    """Write the plot."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - the extra `plot`

    every = weeks()
    days = [week.published.toordinal() - date(1970, 1, 1).toordinal() for week in every]
    figure = Figure(figsize=(11, 3.2), layout="constrained")
    axis = figure.subplots()
    lows, highs = [week.band.low for week in every], [week.band.high for week in every]
    axis.fill_between(days, lows, highs, color="#a0c8e8", label="after_revisions, on the day", linewidth=0)
    axis.plot(days, [week.best for week in every], color="#707070", label="best, on the day")
    axis.plot(days, [week.later for week in every], color="#c00020", label="best of the same days, 28 days later")
    axis.xaxis_date()
    axis.set_ylim(bottom=0)
    axis.set_title("People counted in seven days, as invented editions say it", fontsize=9)
    axis.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    draw(sys.argv[1])
