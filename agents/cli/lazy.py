"""The group of all commands. A command is imported only to run it or to show its help."""

from __future__ import annotations

import importlib
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from bordertally.agents.cli.commands import COMMANDS, Listed
from bordertally.agents.cli.examples import epilog

PACKAGE = "bordertally.agents.cli"


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
        return name, command if name is None else load(COMMANDS[name]), rest
