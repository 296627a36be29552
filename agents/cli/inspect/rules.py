"""The commands `rules check` and `rules test`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from bordertally.agents.runtime.context import load_registry, load_rules, read_text
from bordertally.agents.runtime.languages import word_reader
from bordertally.agents.terminal.console import RulesFile, Sources, out
from bordertally.streams.alerts.records import Alert
from bordertally.streams.replay.scenario import Difference, Scenario, parse_scenarios, play, value_of
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import Limits
from bordertally.streams.rules.config import Rules
from bordertally.streams.settings import load_settings

rules = typer.Typer(help="Check a rules file, and test rules on scenarios.", no_args_is_help=True)


@rules.command()
def check(
    file: Annotated[Path, typer.Argument(help="The rules (TOML).")],
    sources: Sources = None,
) -> None:
    """Check a rules file.

    The exit code is 1 if an entry concerns no flow on which a source of the registry may report.
    """
    registry = load_registry(sources)
    rules = load_rules(file, registry)
    idle = list(_idle(rules, registry))
    for entry in idle:
        _say(f"{file}: {entry}: no source of the registry may report on such a flow")
    _say(f"{file}: {len(rules.baselines)} baselines, settings for {len(rules.flows)} patterns of flows")
    if idle:
        raise typer.Exit(1)


def _idle(rules: Rules, registry: Registry) -> Iterator[str]:
    """The entries that concern no flow on which a source may report, nor a flow above one."""
    spoken = [flow for source in registry.sources.values() for flow in source.flows]
    named = [(f"baselines[{place}].flow", baseline.flow) for place, baseline in enumerate(rules.baselines)]
    named += [(f"flows[{place}].flow", override.flow) for place, override in enumerate(rules.flows)]
    for name, pattern in named:
        if not any(_meet(pattern, flow) for flow in spoken):
            yield f"{name}: {pattern}"


def _meet(pattern: str, other: str) -> bool:
    """Whether two patterns have a flow in common, or one is above the other."""
    return all("*" in pair or pair[0] == pair[1] for pair in zip(pattern.split(":"), other.split(":"), strict=False))


@rules.command(name="test")
def try_out(
    files: Annotated[list[Path], typer.Argument(help="Scenario files (TOML).")],
    rules_file: RulesFile = None,
    sources: Sources = None,
) -> None:
    """Play scenarios and compare their alerts with the expected ones.

    A scenario file names its rules and sources; the options apply to a file that does not. The exit code is 1 if an
    alert differs.
    """
    played, failed, limits = 0, 0, Limits.of(load_settings())
    for file in files:
        scenarios = parse_scenarios(read_text(file, "scenarios"), str(file))
        registry = load_registry(file.parent / scenarios.sources if scenarios.sources else sources)
        detection = load_rules(file.parent / scenarios.rules if scenarios.rules else rules_file, registry)
        for scenario in scenarios.scenario:
            played += 1
            amiss = play(scenario, registry, detection, limits, word_reader(registry))
            failed += bool(amiss)
            _say(f"{'FAILED' if amiss else 'ok    '}  {file}: {scenario.name}")
            _show(scenario, amiss)
    _say(f"{played} scenario{'' if played == 1 else 's'}, {failed} failed")
    if failed:
        raise typer.Exit(1)


def _show(scenario: Scenario, amiss: list[Difference]) -> None:
    """Print the differences of a scenario by step: `-` was expected, `+` came."""
    step = 0
    for difference in amiss:
        if difference.step != step:
            step = difference.step
            _say(f"  step {step} of {len(scenario.step)}, at {difference.at.isoformat()}")
        if difference.why is not None:
            _say(f"    ! {difference.why}")
        if difference.wanted is not None:
            _say(f"    - {_written(difference.wanted)}{'' if difference.came is not None else '   (did not come)'}")
        if difference.came is not None:
            names = list(difference.wanted) if difference.wanted is not None else ["flow", "rule", "severity", "since"]
            differs = (
                f"   (differs in {', '.join(difference.fields)})"
                if difference.wanted is not None
                else "   (not wanted)"
            )
            _say(f"    + {_written({name: value_of(difference.came, name) for name in names})}{differs}")
            _say(f"      {_told(difference.came)}")


def _written(fields: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in fields.items()) or "an alert"


def _told(alert: Alert) -> str:
    return f"{alert.state.value} {alert.severity}: {alert.explanation}"


def _say(text: str) -> None:
    out.print(text, markup=False, highlight=False, soft_wrap=True)
