"""Plots of a backtest as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from bordertally.agents.terminal.plot import Panel, draw
from bordertally.streams.errors import BordertallyError
from bordertally.streams.replay.backtest import Alarm, PlottedDay
from bordertally.streams.replay.ground_truth import Surge
from unit.kit import ordinal

FIRST = ordinal("2022-09-01")
DAYS = [PlottedDay(FIRST + at, 100.0 + at, 100.0, 150.0) for at in range(3)]


def panel(title: str) -> Panel:
    return Panel(title, DAYS, [Alarm(FIRST + 1, FIRST + 2, "warning")], [Surge(FIRST + 1, FIRST + 2)])


@pytest.mark.parametrize("flows", [("RU:KZ",), ("RU:KZ", "RU:GE")])
def test_a_file_has_a_panel_for_each_flow(tmp_path: Path, flows: tuple[str, ...]) -> None:
    path = tmp_path / "flows.svg"
    draw(path, [panel(flow) for flow in flows])
    drawn = path.read_text()
    assert drawn.count('<g id="axes_') == len(flows)
    assert [f"<!-- {flow} -->" in drawn for flow in ("RU:KZ", "RU:GE")] == [True, len(flows) == 2]


def test_a_wrong_suffix_and_too_many_panels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        BordertallyError, match=r"flows.txt must end in \.png or \.svg|flows.txt must end in \.svg or \.png"
    ):
        draw(tmp_path / "flows.txt", [panel("RU:KZ")])
    with pytest.raises(BordertallyError, match=r"13 plots .* are more than 12"):
        draw(tmp_path / "flows.svg", [panel("RU:KZ")] * 13)
