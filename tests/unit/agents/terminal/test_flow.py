from __future__ import annotations

import io

import pytest
from rich.console import Console

from bordertally.agents.demo.run import sample
from bordertally.agents.terminal.flow import bar, day_chart, show_flow
from bordertally.streams.flows import Flow
from bordertally.streams.totals.records import DayFigure
from bordertally.streams.totals.windows import WINDOWS
from live import pure

DAYS = [
    DayFigure("RU:GE", "2022-09-21", 6_600, 6_600, 6_600),
    DayFigure("RU:GE", "2022-09-23", 9_590, 10_000, 11_000),
    DayFigure("RU:GE", "2022-09-24", 2_500, 5_000, None),
]


@pytest.mark.parametrize(
    ("value", "drawn"), [(16, "██"), (8, "█"), (9, "█▏"), (7, "▉"), (15, "█▉"), (1, "▏"), (0, ""), (12, "█▌")]
)
def test_a_bar_is_drawn_to_an_eighth_of_a_character(value: int, drawn: str) -> None:
    assert bar(value, 16, 2) == drawn


def test_every_day_has_a_line_and_a_day_without_a_claim_no_figure() -> None:
    # beside day, people, bounds, gaps and mark there is room for 80 - 6 - 6 - 15 - 6 - 2 = 45 characters
    assert [row.plain for row in day_chart(DAYS, 6_875, 80)] == [
        f"21 Sep   6,600  {'':<15}  {'█' * 29}▊",
        "22 Sep       -",
        f"23 Sep  10,000  9,590 to 11,000  {'█' * 45} ▲",
        f"24 Sep   5,000  at least 2,500   {'█' * 22}▌",
    ]


@pytest.mark.parametrize("width", [20, 30, 46, 47, 60, 80, 200])
def test_no_figure_is_cut_at_any_width(width: int) -> None:
    rows = [row.plain for row in day_chart(DAYS, None, width)]
    assert all(figure in row for figure, row in zip(("6,600", "-", "10,000", "5,000"), rows, strict=True))
    assert all(len(row) <= max(width, 26) for row in rows)
    assert ("9,590 to 11,000" in rows[2]) == (width >= 46)


def test_without_days_there_is_no_chart() -> None:
    assert day_chart([], 5.0, 80) == []


def test_a_flow_shows_its_totals_its_level_its_alert_and_its_days() -> None:
    state, file = pure(sample()).states[Flow("RU:GE")], io.StringIO()
    show_flow(Console(file=file, width=80), state, [])
    lines = file.getvalue().splitlines()
    assert lines[0] == "RU:GE, to 27 Sep 2022"
    assert {
        "  1 day  10,000  9,590 to 11,000",
        " 7 days  53,000  53,000 to 54,000",
        "30 days  53,000  at least 53,000",
    } <= set(lines[1 : 1 + len(WINDOWS)])
    assert "normal a day: 5,500 (stated)" in lines
    assert lines[-1] == "▲ above the threshold, 6,875 a day"
    assert [line[:14] for line in lines if line.endswith("▲")] == ["26 Sep  10,000", "27 Sep  10,000"]
