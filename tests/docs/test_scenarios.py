"""The scenarios shown in the documentation pass, by the command that it shows."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from forking import run

FILES = sorted(path for path in Path("docs/scenarios").glob("*.toml") if path.name != "rules.toml")


def rules(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run("rules", *arguments)


@pytest.mark.parametrize("file", FILES, ids=str)
def test_the_scenarios_shown_pass(file: Path) -> None:
    done = rules("test", str(file))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.endswith(" 0 failed\n")
    assert f"docs/scenarios/{file.name}" in Path("docs/scenario.md").read_text(encoding="utf-8")


def test_the_rules_shown_are_sound() -> None:
    done = rules("check", "docs/scenarios/rules.toml")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_a_scenario_that_fails_shows_what_was_wanted_and_what_came(tmp_path: Path) -> None:
    text = Path("docs/scenarios/georgia.toml").read_text(encoding="utf-8")
    (tmp_path / "rules.toml").write_text("[detection]\nwarning = 1.9\n")
    (tmp_path / "wrong.toml").write_text(text)
    done = rules("test", str(tmp_path / "wrong.toml"))
    assert done.returncode == 1
    shown = [line.strip() for line in done.stdout.splitlines()]
    assert "step 2 of 2, at 2022-09-28T08:00:00+00:00" in shown
    assert "- flow RU:GE, severity warning, since 2022-09-26, rate 10000, expected 5500" in shown
    assert "+ flow RU:GE, severity notice, since 2022-09-26, rate 10000, expected 5500   (differs in severity)" in shown
    assert any(line.startswith("- flow RU:GE:verkhny-lars") and line.endswith("(did not come)") for line in shown)
    assert shown[-1] == "2 scenarios, 2 failed"


def test_rules_that_concern_nobody_are_named(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text('[[baselines]]\nflow = "BR:AR"\ndaily = 9\n[[flows]]\nflow = "RU:*"\ndrop = 0.5\n')
    done = rules("check", str(file))
    assert done.returncode == 1
    assert f"{file}: baselines[0].flow: BR:AR: no source" in done.stdout
    assert "flows[0]" not in done.stdout
