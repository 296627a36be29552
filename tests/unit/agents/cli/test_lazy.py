"""The commands as `--help` shows them."""

from __future__ import annotations

import pytest
import typer

from bordertally.agents.cli.commands import COMMANDS
from bordertally.agents.cli.lazy import load


@pytest.mark.parametrize("name", COMMANDS)
def test_a_flag_is_shown_without_a_value(name: str) -> None:
    command = load(COMMANDS[name])
    for member in getattr(command, "commands", {name: command}).values():
        context = typer.Context(member, info_name=name)
        flags = [option for option in member.get_params(context) if getattr(option, "is_flag", False)]
        assert "--help" in {flag.opts[0] for flag in flags}
        assert {flag.metavar for flag in flags} == {""}
