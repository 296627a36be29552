"""The group of all commands. A command is imported only to run it or to show its help."""

from __future__ import annotations

import importlib
import os
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from bordertally.agents.cli.commands import COMMANDS, Listed
from bordertally.agents.cli.examples import epilog

PACKAGE = "bordertally.agents.cli"

LOGGING = ("worker", "gateway")
"""Commands that have a log, and warn there of misspelt settings."""


def load(listed: Listed) -> Any:
    """Import a command and return it as Typer runs it, with its examples at the end of its help."""
    module, _, attribute = listed.place.partition(":")
    target = getattr(importlib.import_module(f"{PACKAGE}.{module}"), attribute)
    command: Any
    if isinstance(target, typer.Typer):
        command = get_group(target)
        for name, member in command.commands.items():
            member.epilog = epilog(f"{listed.name} {name}")
    else:
        app = typer.Typer(add_completion=False)
        app.command(epilog=epilog(listed.name))(target)
        command = get_command(app)
    command.name = listed.name
    for member in getattr(command, "commands", {"": command}).values():
        for parameter in [*member.params, member.get_help_option(typer.Context(member))]:
            if getattr(parameter, "is_flag", False):
                parameter.metavar = ""  # not <bool>: a flag takes no value
    return command


class LazyGroup(TyperGroup):
    """Lists the commands from the table, so that `--help` and shell completion import none of them."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for listed in COMMANDS.values():
            self.add_command(TyperCommand(listed.name, help=listed.help, rich_help_panel=listed.panel))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the command that the arguments name; returns its name, the command, and its arguments."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is None:
            return name, command, rest
        if name not in LOGGING and any(variable.startswith("BORDERTALLY_") for variable in os.environ):
            _warn_of_misspelt()
        return name, load(COMMANDS[name]), rest


def _warn_of_misspelt() -> None:
    """Print which environment variables look like misspelt settings."""
    from bordertally.agents.terminal.console import err  # noqa: PLC0415 - only where there are variables
    from bordertally.streams.settings import misspelt  # noqa: PLC0415

    for sentence in misspelt(os.environ):
        err.print(f"warning: {sentence}", style="yellow", markup=False, highlight=False, soft_wrap=True)
