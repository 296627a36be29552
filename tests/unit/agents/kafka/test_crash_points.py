from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bordertally.agents.kafka.crash_points import EXIT_CODE, POINTS, VARIABLE

PAGE = Path(__file__).parents[4] / "docs" / "faults.md"


def run(code: str, named: str) -> int:
    done = subprocess.run(["env", f"{VARIABLE}={named}", sys.executable, "-c", code], check=False, capture_output=True)
    return done.returncode


def test_a_process_dies_at_the_point_named_and_at_no_other(tmp_path: Path) -> None:
    points = "crash_at('intake.read'); crash_at('intake.sorted')"
    code = f"from bordertally.agents.kafka.crash_points import crash_at; {points}; raise SystemExit(3)"
    assert run(code, "intake.sorted") == EXIT_CODE
    assert run(code, "ledger.added") == 3
    assert run(code, "") == 3
    assert run(code, f"intake.read@{tmp_path / 'now'}") == 3
    (tmp_path / "now").touch()
    assert run(code, f"intake.read@{tmp_path / 'now'}") == EXIT_CODE


def test_a_point_that_does_not_exist_is_refused() -> None:
    assert run("from bordertally.agents.kafka.crash_points import armed; armed()", "intake.red") == 1


def test_every_point_is_described() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    points = [
        line for line in rows if line.split("`")[1] in POINTS or "." in line.split("`")[1].removeprefix("reports.")
    ]
    assert points == [f"| `{point}` | {meaning} |" for point, meaning in POINTS.items()]
