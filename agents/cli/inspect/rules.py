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
    found = load_rules(file, registry)
    idle = list(_idle(found, registry))
    for what in idle:
        _say(f"{file}: {what}: no source of the registry may report on such a flow")
    _say(f"{file}: {len(found.baselines)} baselines, settings for {len(found.flows)} patterns of flows")
    if idle:
        raise typer.Exit(1)


def _idle(found: Rules, registry: Registry) -> Iterator[str]:
    """The entries that concern no flow on which a source may report, nor a flow above one."""
    spoken = [flow for source in registry.sources.values() for flow in source.flows]
    named = [(f"baselines[{place}].flow", one.flow) for place, one in enumerate(found.baselines)]
    named += [(f"flows[{place}].flow", one.flow) for place, one in enumerate(found.flows)]
    for name, pattern in named:
        if not any(_meet(pattern, flow) for flow in spoken):
            yield f"{name}: {pattern}"


def _meet(one: str, other: str) -> bool:
    """Whether two patterns have a flow in common, or one is above the other."""
    return all("*" in pair or pair[0] == pair[1] for pair in zip(one.split(":"), other.split(":"), strict=False))


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
        held = parse_scenarios(read_text(file, "scenarios"), str(file))
        registry = load_registry(file.parent / held.sources if held.sources else sources)
        detection = load_rules(file.parent / held.rules if held.rules else rules_file, registry)
        for scenario in held.scenario:
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
    for one in amiss:
        if one.step != step:
            step = one.step
            _say(f"  step {step} of {len(scenario.step)}, at {one.at.isoformat()}")
        if one.why is not None:
            _say(f"    ! {one.why}")
        if one.wanted is not None:
            _say(f"    - {_written(one.wanted)}{'' if one.came is not None else '   (did not come)'}")
        if one.came is not None:
            names = list(one.wanted) if one.wanted is not None else ["flow", "rule", "severity", "since"]
            differs = f"   (differs in {', '.join(one.fields)})" if one.wanted is not None else "   (not wanted)"
            _say(f"    + {_written({name: value_of(one.came, name) for name in names})}{differs}")
            _say(f"      {_told(one.came)}")


def _written(fields: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in fields.items()) or "an alert"


def _told(alert: Alert) -> str:
    return f"{alert.state.value} {alert.severity}: {alert.explanation}"


def _say(text: str) -> None:
    out.print(text, markup=False, highlight=False, soft_wrap=True)
