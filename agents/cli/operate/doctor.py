"""The command `doctor`."""

from __future__ import annotations

import typer

from bordertally.agents.terminal.console import AsJson, out, print_json, run
from bordertally.agents.worker.doctor import Finding, Health, examine
from bordertally.streams.settings import Settings, load_settings

STYLES = {Health.OK: "green", Health.WARNING: "yellow", Health.FAILED: "red"}


def doctor(as_json: AsJson = False) -> None:
    """Check the set-up, from broker to clock, and say how to fix each fault.

    Checks the registry and rules, the port of /metrics, the broker, its topics, the clock, and Redis. The exit code is
    1 if a check failed.
    """
    findings = run(_all(load_settings()))
    if as_json:
        print_json({"findings": findings})
    else:
        for finding in findings:
            out.print(f"{finding.health:8}", style=STYLES[finding.health], end="")
            out.print(f"{finding.check}: {finding.found}", markup=False, highlight=False, soft_wrap=True)
            if finding.do:
                out.print(f"{'':8}-> {finding.do}", markup=False, highlight=False, soft_wrap=True)
    if any(finding.health is Health.FAILED for finding in findings):
        raise typer.Exit(1)


async def _all(settings: Settings) -> list[Finding]:
    return [finding async for finding in examine(settings)]
