from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from bordertally.agents.demo.run import sample
from bordertally.agents.terminal.totals import _COLOURS, _MARKS, normal_levels, people, show_outcome
from bordertally.streams.alerts.records import AlertState
from bordertally.streams.rules.config import SEVERITIES
from bordertally.streams.totals.records import Total
from bordertally.streams.totals.windows import WEEK, WINDOWS
from bordertally.streams.totals.wording import interval
from live import pure
from unit.kit import claim, daily, told
from unit.streams.totals.test_revisions import revised

DESK = pure(sample())
WIDE = "flow  last days  to  1 day  low to high  7 days  low to high"
LONGER = "  ".join(f"{days} days  low to high" for days in WINDOWS if days > WEEK)
TOTALS = {(total.flow, total.window_days): total for total in DESK.outcome([]).totals}


def test_every_state_has_a_mark_and_every_severity_a_colour() -> None:
    assert set(_MARKS) == set(AlertState)
    assert len(set(_MARKS.values())) == len(AlertState)
    assert set(_COLOURS) == set(SEVERITIES)


@pytest.mark.parametrize(
    ("total", "bounds", "figure"),
    [
        (TOTALS["RU", 7], "at least 196,929", "217,000 (at least 196,929)"),
        (TOTALS["RU:GE", 7], "53,000 to 54,000", "53,000 (53,000 to 54,000)"),
        (TOTALS["RU:KZ:kairak", 7], "", "7,200"),
    ],
)
def test_an_open_bound_is_said_in_words_and_an_exact_figure_stands_alone(
    total: Total, bounds: str, figure: str
) -> None:
    assert (interval(total), people(total)) == (bounds, figure)


def table(width: int) -> list[str]:
    """The lines of the table of totals at a width, its title left out."""
    file = io.StringIO()
    show_outcome(Console(file=file, width=width), DESK.outcome([]), normal_levels(list(DESK.states.values())))
    return file.getvalue().partition("\n\n")[0].splitlines()[1:]


@pytest.mark.parametrize(
    ("width", "wanted"),
    [
        (40, "flow  7 days  low to high"),
        (80, "flow  1 day  7 days  low to high  reporting"),
        (100, "flow  last days  to  1 day  7 days  low to high  reporting"),
        (120, f"{WIDE}  reporting"),
        (240, f"{WIDE}  {LONGER}  projected  reporting  reports"),
    ],
)
def test_the_table_has_the_columns_that_fit_and_cuts_no_figure(width: int, wanted: str) -> None:
    head, _, *rows = table(width)
    names = re.split(r" {2,}", head.strip())
    assert names == [*wanted.split("  "), *(["normal a day"] if width > 40 else [])]
    assert "…" not in "".join(rows)
    assert all(len(row) <= max(width, 44) for row in rows)
    (russia,) = (row for row in rows if row.startswith("RU "))
    assert re.search(r"217,000 +at least 196,929", russia)


def test_a_day_that_not_all_report_is_not_compared_unless_it_is_above_normal() -> None:
    weeks = [each for flow in ("RU:KZ", "RU:GE") for each in daily([500.0] * 42, flow=flow, qualifier="count")]
    for rate, normal in ((500, "cannot be compared"), (1_800, "1,000 (learned)")):
        desk = told([*weeks, claim(rate, "2022-10-13", "RU:KZ", qualifier="count")])
        assert normal_levels([desk.state("RU")]) == {"RU": normal}


def test_totals_with_a_band_are_printed_below_the_table() -> None:
    desk, file = told(revised(45)), io.StringIO()  # see there: best 720, and 770 / 730 of it after revisions
    show_outcome(Console(file=file, width=100), desk.desk.outcome([]), {})
    lines = [line for line in file.getvalue().splitlines() if line.startswith("After revisions")]
    assert lines == [f"After revisions: {flow} 7 days 759 to 759" for flow in ("RU", "RU:KZ")]


def test_destinations_have_a_table_of_their_own() -> None:
    file = io.StringIO()
    desk = told(claim(70, flow="RU:GE", id="one"), claim(50, flow="KZ:GE", id="two"))
    show_outcome(Console(file=file, width=100), desk.desk.outcome([]), {})
    by_flow, by_destination = file.getvalue().split("People by destination: best, low to high")
    assert "*" not in by_flow
    assert re.search(r"^\*:GE .* 120 .*2 of 2", by_destination, re.MULTILINE)


def test_conflicts_and_old_news_are_said_in_words() -> None:
    """The flows below come to 1,300 beside the 1,000 of a better grade; 5,000 on 21 March were reported in May."""
    day, often = "2022-03-21", daily([1_000] * 40, "2022-03-01", flow="RU:GE", source="b")
    desk = told(
        [
            claim(1_000, day, source="a", id="whole", qualifier="count"),
            claim(700, day, "RU:KZ:aksai", "c", id="aksai", qualifier="count"),
            claim(600, day, "RU:KZ:mashtakovo", "c", id="mashtakovo", qualifier="count"),
            claim(1_100, "2022-03-21/2022-03-22", source="b", id="other", qualifier="count"),
            *often,
        ],
        [claim(5_000, day, "RU:GE", "a", id="late", published="2022-10-20T00:00:00Z", qualifier="count")],
    )
    file = io.StringIO()
    show_outcome(Console(file=file, width=200), desk.desk.outcome([]), normal_levels(list(desk.desk.states.values())))
    printed = file.getvalue()
    assert "Conflict on RU:KZ, 2022-03-21: the flows below miss a/whole by 300 (23.1 %)" in printed
    assert "Conflict on RU:KZ, 2022-03-21: b/other misses a/whole by 100 (9.1 %)" in printed
    assert "closed on 2022-03-22; a backfill: nobody is notified" in " ".join(printed.split())
