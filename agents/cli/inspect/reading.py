"""Reading the reports of files, for the commands that compute from them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from bordertally.agents.producing.publish import read_lines
from bordertally.agents.runtime.languages import word_reader
from bordertally.agents.runtime.memory import without_collector
from bordertally.agents.terminal.console import counted, err
from bordertally.agents.terminal.progress import Progress
from bordertally.streams.replay.reports_by_hour import ReplayedReport, ReportsByHour
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import Limits
from bordertally.streams.settings import load_settings


def reports_of(
    command: str, files: Iterable[Path], registry: Registry, until: float | None = None, *, strict: bool = False
) -> ReportsByHour:
    """The reports of files, those published by `until`. `strict` refuses reports with unknown fields."""
    now = int(time.time() * 1000)
    reports = ReportsByHour(registry, Limits.of(load_settings()), word_reader(registry), until, strict=strict)
    with without_collector(), Progress(f"{command}: reading", "reports") as progress:
        reports.add(ReplayedReport.of_line(raw, now) for _, raw in progress.over(read_lines(files)))
    return reports


def print_refused(command: str, reports: ReportsByHour, listed: str = "bordertally check names them") -> None:
    """Say on standard error how many reports were refused and why the first was; `listed`: where all of them are."""
    if reports.rejected:
        first = reports.rejected[0]
        refused = f"{counted(len(reports.rejected), 'report')} refused and not counted; {listed}"
        reason = f"the first: {first.field}: {first.why} (got {first.value})"
        err.print(f"{command}: {refused}; {reason}", markup=False, highlight=False, soft_wrap=True)
