"""Every command that reads reports says what to write in place of a flow that is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bordertally.agents.cli.main import cli

SOURCES = '[sources.desk-a]\nname = "Desk A"\nflows = ["*"]\ngrade = "B"\n'
HINTS = {
    "RU:KAZ": "'KAZ' is not a two-letter country code; did you mean KZ?",
    "RU:EL": "'EL' is not a country code of ISO 3166-1, nor a bloc (EU); did you mean GR?",
    "RU:UK": "'UK' is not a country code of ISO 3166-1, nor a bloc (EU); did you mean GB?",
    "ru:ge": "'ru' is not a two-letter country code; did you mean RU:GE?",
    "russia": "'russia' is not a two-letter country code; did you mean RU?",
}
COMMANDS = {"check": (), "replay": ("--json",), "publish": ("--to", "127.0.0.1:1")}  # nobody listens there


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_what_to_write(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    head = {"source": "desk-a", "published": "2022-10-20T00:00:00Z", "period": "2022-09-21", "people": 5}
    lines = [json.dumps({"id": flow, "flow": flow, **head}) for flow in HINTS]
    Path("reports.ndjson").write_text("\n".join(lines), encoding="utf-8")
    Path("sources.toml").write_text(SOURCES, encoding="utf-8")
    arguments = [command, "reports.ndjson", "--sources", "sources.toml", *COMMANDS[command]]
    output = " ".join(CliRunner().invoke(cli, arguments).output.split())
    assert [hint for hint in HINTS.values() if hint not in output] == []
