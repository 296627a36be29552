"""Years of days in a file: totals and levels come of them, and nobody is notified of a surge of years ago."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bordertally.agents.cli.main import cli
from unit.streams.imports.kit import PLAIN

FIRST, DAYS = date(2019, 1, 1), 5 * 365
SURGES = {date(2020, 6, 1), date(2022, 3, 1)}
"""The first days of two surges of five days, of 2,000 people instead of 500 a day, give or take a few."""


def people_on(day: date) -> int:
    rising = any(first <= day < first + timedelta(days=5) for first in SURGES)
    return (2000 if rising else 500) + day.toordinal() * 37 % 23


def test_history_is_totalled_and_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    Path("in.csv").write_text("Day,Gate,In\n" + "".join(f"{day},A,{people_on(day)}\n" for day in days))
    Path("map.toml").write_text(PLAIN.format(top='published = "2024-01-02"', claims=""))
    Path("sources.toml").write_text('[sources.police]\nname = "Police"\nflows = ["BR"]\ngrade = "A"\n')
    made = CliRunner().invoke(cli, ["import", "in.csv", "--map", "map.toml"], catch_exceptions=False)
    Path("reports.ndjson").write_text(made.stdout)
    assert len(made.stdout.splitlines()) == 2
    call = ["replay", "reports.ndjson", "--sources", "sources.toml", "--json"]
    replayed: dict[str, Any] = json.loads(CliRunner().invoke(cli, call, catch_exceptions=False).stdout)
    alerts = [alert for alert in replayed["alerts"] if alert["flow"] == "BR:UY:a"]
    assert {alert["since"] for alert in alerts if alert["rule"] == "daily-rate"} >= {str(day) for day in SURGES}
    assert all(alert["backfill"] for alert in alerts)
    totals = {total["window_days"]: total["best"] for total in replayed["totals"] if total["flow"] == "BR:UY:a"}
    assert totals[30] == sum(people_on(day) for day in days[-30:])
