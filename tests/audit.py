"""`make audit`: pip-audit over what is installed; where its data cannot be reached, that is said, and nothing fails.

pip-audit itself passes what it could look up nowhere: behind a mirror that serves no vulnerabilities it finds none.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, NamedTuple

TIMEOUT_S = 120
OURS = "bordertally"


class Audit(NamedTuple):
    """What to print, and the exit code."""

    said: str
    code: int


def judged(report: dict[str, Any]) -> Audit:
    """What pip-audit's report in JSON comes to."""
    every = [dependency for dependency in report["dependencies"] if dependency["name"] != OURS]
    looked_up = [package for package in every if "vulns" in package]
    if not looked_up:
        reason = f"its data knows none of {len(every)} packages, so it cannot be reached here"
        return Audit(f"pip-audit: skipped: {reason}", 0)
    vulnerabilities = [
        f"{package['name']} {package['version']}: {vuln['id']}" for package in looked_up for vuln in package["vulns"]
    ]
    unknown = [package["name"] for package in every if "vulns" not in package]
    reason = f"pip-audit: {len(looked_up)} packages looked up, {len(vulnerabilities)} vulnerabilities"
    return Audit(
        "\n".join([reason + (f"; unknown: {', '.join(unknown)}" if unknown else ""), *vulnerabilities]),
        int(bool(vulnerabilities)),
    )


def audit() -> Audit:
    """Run it."""
    command = [sys.executable, "-m", "pip_audit", "--progress-spinner", "off", "--format", "json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return Audit(f"pip-audit: skipped: no answer within {TIMEOUT_S} s", 0)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        return Audit(f"pip-audit: skipped: {lines[-1][:300]}", 0)
    return judged(report)


if __name__ == "__main__":
    outcome = audit()
    sys.stdout.write(outcome.said + "\n")
    sys.exit(outcome.code)
