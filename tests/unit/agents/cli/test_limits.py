"""Every command that reads reports obeys BORDERTALLY_PERIOD_DAYS and BORDERTALLY_REPORT_BYTES, as the intake does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bordertally.agents.cli.main import cli
from bordertally.agents.runtime.context import Context
from bordertally.streams.reports.validation import Limits
from bordertally.streams.settings import load_settings

SOURCES = '[sources.desk-a]\nname = "Desk A"\nflows = ["BR"]\ngrade = "B"\n'
SINCE: dict[str, Any] = {
    "id": "s",
    "source": "desk-a",
    "published": "2023-04-01T12:00:00Z",
    "flow": "BR:UY",
    "period": "2022-02-24/2023-04-01",
    "people": 1_030_000,
    "qualifier": "stated",
}
"""A figure "since 24 February 2022", 401 days long."""

TOO_LONG = "this period has 401 days; at most 400 are allowed (BORDERTALLY_PERIOD_DAYS)"
SCENARIO = f"""
sources = "sources.toml"

[[scenario]]
name = "since"

[[scenario.step]]
at = 2023-04-01T12:00:00Z
report = {{ source = "desk-a", flow = "BR:UY", period = "{SINCE["period"]}", people = 1_030_000 }}
"""

COMMANDS = {
    "check": ("check", "since.ndjson", "--sources", "sources.toml"),
    "replay": ("replay", "since.ndjson", "--sources", "sources.toml", "--json"),
    "publish": ("publish", "since.ndjson", "--sources", "sources.toml", "--to", "127.0.0.1:1"),  # nobody listens there
    "backtest": ("backtest", "since.ndjson", "--sources", "sources.toml"),
    "rules test": ("rules", "test", "since.toml"),
    "read": ("read", "words.txt", "--source", "desk-a", "--sources", "sources.toml", "--published", "2023-04-01"),
    "follow": ("follow", "feed.xml", "--source", "desk-a", "--sources", "sources.toml"),
}
TEXT = "Since 24 February 2022 1,030,000 people have crossed from Brazil into Uruguay."


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    item = f"<item><guid>1</guid><link>http://desk.invalid/1</link><description>{TEXT}</description>"
    date = "<pubDate>Sat, 01 Apr 2023 12:00:00 GMT</pubDate></item>"
    written = {
        "since.ndjson": json.dumps(SINCE),
        "sources.toml": SOURCES,
        "since.toml": SCENARIO,
        "words.txt": TEXT,
        "feed.xml": f'<rss version="2.0"><channel><title>Desk A</title>{item}{date}</channel></rss>',
    }
    for name, text in written.items():
        Path(name).write_text(text, encoding="utf-8")


def output_of(command: str) -> str:
    return CliRunner().invoke(cli, COMMANDS[command]).output


def test_a_figure_since_a_day_years_ago_is_taken() -> None:
    Path("long.ndjson").write_text(json.dumps(SINCE | {"period": "2013-04-01/2023-04-01"}), encoding="utf-8")
    result = CliRunner().invoke(cli, ["check", "long.ndjson", "--sources", "sources.toml"])
    assert "1 report, 0 with a fault" in result.output


@pytest.mark.parametrize("command", ["check", "replay", "publish", "backtest", "rules test"])
def test_a_command_obeys_the_setting_and_names_it(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BORDERTALLY_PERIOD_DAYS", "401")
    assert "BORDERTALLY_PERIOD_DAYS" not in output_of(command)
    monkeypatch.setenv("BORDERTALLY_PERIOD_DAYS", "400")
    output = " ".join(output_of(command).split())
    assert TOO_LONG in output


def test_words_obey_the_setting_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BORDERTALLY_PERIOD_DAYS", "402")  # the day of publication is part of "since"
    assert "BORDERTALLY_PERIOD_DAYS" not in output_of("read")
    monkeypatch.setenv("BORDERTALLY_PERIOD_DAYS", "401")
    output = " ".join(output_of("read").split())
    assert "402 days; at most 401 are allowed (BORDERTALLY_PERIOD_DAYS)" in output


def test_follow_leaves_out_a_report_that_the_intake_would_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BORDERTALLY_REPORT_BYTES", "1000")
    assert "1 report," in output_of("follow")
    feed = Path("feed.xml").read_text(encoding="utf-8").replace(TEXT, f"{TEXT}{' Nothing else is known.' * 50}")
    Path("feed.xml").write_text(feed, encoding="utf-8")
    assert "0 reports," in output_of("follow")


def test_the_worker_has_the_limits_of_its_settings() -> None:
    settings = load_settings(period_days=401, report_bytes=5_000, skew_s=7)
    assert Context.load(settings).limits == Limits.of(settings) == Limits(5_000, 401, 7)
    assert Limits.of(load_settings()) == Limits()
