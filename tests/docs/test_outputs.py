"""The tables and alerts that pages show are what the commands print, at the width that is said here."""

from __future__ import annotations

import io
import re
from functools import cache
from pathlib import Path

import pytest
from rich.console import Console

from bordertally.agents.demo.run import sample
from bordertally.agents.terminal.totals import alert_line, normal_levels, show_outcome
from live import pure

ROOT = Path(__file__).parents[2]
README, DOCS = ROOT / "README.md", ROOT / "docs"
FENCE = re.compile(r"^```text\n(.*?)^```", re.DOTALL | re.MULTILINE)
WIDTHS = {README: 100, DOCS / "quickstart.md": 100, DOCS / "replay.md": 120}
ROW = re.compile(r"^flow  .*|^─+$|^ *[\w-]+ +[▁▂▃▄▅▆▇█·]{9}  .*", re.MULTILINE)
ALERT = re.compile(r"^[▲△▽✕] .*", re.MULTILINE)


def shown(pattern: re.Pattern[str], text: str) -> list[str]:
    """The lines of a kind in the outputs that a page shows."""
    return [line for block in FENCE.findall(text) for line in pattern.findall(block)]


@cache
def printed(width: int) -> set[str]:
    """What is printed of the sample, and of the sample with the quickstart's own report."""
    (own,) = re.findall(r"^\{.*\}$", (DOCS / "quickstart.md").read_text(encoding="utf-8"), re.MULTILINE)
    lines: set[str] = set()
    for raws in (sample(), [*sample(), own.encode()]):
        desk, file = pure(raws), io.StringIO()
        outcome = desk.outcome([])
        show_outcome(Console(file=file, width=width), outcome, normal_levels(list(desk.states.values())))
        lines |= {line.rstrip() for line in file.getvalue().splitlines()}
        lines |= {alert_line(alert).plain for alert in (*desk.log, *outcome.alerts)}
    return lines


@pytest.mark.parametrize("page", WIDTHS, ids=lambda page: page.name)
def test_what_a_page_shows_of_totals_and_alerts_is_printed(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    rows, alerts = shown(ROW, text), shown(ALERT, text)
    assert len(rows) > 3
    assert len(alerts) > 1
    assert [line for line in rows + alerts if line not in printed(WIDTHS[page])] == []
