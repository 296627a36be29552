"""What a command imports: nothing for the version, no command for the list of commands, and only its own to run."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from bordertally.agents.cli.commands import COMMANDS, Listed
from bordertally.agents.cli.lazy import PACKAGE, load
from bordertally.agents.cli.main import cli

HEAVY = {"aiohttp", "aiokafka", "cryptography", "faust", "msgspec", "prometheus_client", "pydantic", "redis", "stamina"}
RUN = """
import sys
from bordertally.agents.cli.entry import main
sys.argv[0] = "bordertally"
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""
EVERY = {listed.place.partition(":")[0] for listed in COMMANDS.values()}
"""The modules of all commands, below the package of the command line."""


def modules(*words: str, **environment: str) -> tuple[int, set[str]]:
    """How `bordertally WORDS` ends, and the modules that it has imported by then."""
    command = [sys.executable, "-c", RUN, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)
    return done.returncode, set(done.stderr.splitlines()[-1].split())


def commands_in(names: set[str]) -> set[str]:
    """The modules of commands among these."""
    return {name for name in EVERY if f"{PACKAGE}.{name}" in names}


def test_the_version_is_printed_without_what_commands_need() -> None:
    code, imported = modules("--version")
    assert code == 0
    assert imported & {*HEAVY, "rich"} == set()


@pytest.mark.parametrize(
    ("words", "environment", "ends"),
    [
        (("--help",), {}, 0),
        (("no-such-command",), {}, 2),
        ((), {"_BORDERTALLY_COMPLETE": "complete_bash", "COMP_WORDS": "bordertally re", "COMP_CWORD": "1"}, 0),
    ],
)
def test_the_commands_are_listed_without_importing_any(
    words: tuple[str, ...], environment: dict[str, str], ends: int
) -> None:
    code, imported = modules(*words, **environment)
    assert code == ends
    assert imported & HEAVY <= {"pydantic"}  # Typer itself reads arguments with it
    assert commands_in(imported) == set()


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("token", {"operate.tokens"}),
        ("check", {"publish.publish", "publish.keys"}),
        ("replay", {"inspect.replay"}),
        ("rejected", {"operate.rejected"}),
    ],
)
def test_the_help_of_a_command_imports_only_what_the_command_imports(name: str, needed: set[str]) -> None:
    code, imported = modules(name, "--help")
    assert code == 0
    assert commands_in(imported) == needed


@pytest.mark.parametrize("listed", COMMANDS.values(), ids=lambda listed: listed.name)
def test_the_line_of_a_command_is_how_its_own_help_begins(listed: Listed) -> None:
    assert load(listed).help.partition("\n\n")[0] == listed.help
    shown = CliRunner().invoke(cli, [listed.name, "--help"], env={"COLUMNS": "160"})
    assert listed.help in shown.output


def test_the_list_of_commands_shows_each_with_its_line_below_its_heading() -> None:
    shown = CliRunner().invoke(cli, ["--help"], env={"COLUMNS": "100"}).output
    at = 0
    for listed in COMMANDS.values():
        assert f"─ {listed.panel} ─" in shown
        assert shown.index(f"─ {listed.panel} ─") < shown.index(f"│ {listed.name} ", at) < shown.index(listed.help, at)
        at = shown.index(listed.help, at)


GATEWAY = """
import importlib, pkgutil, sys
import bordertally.agents.cli.operate.gateway
import bordertally.agents.gateway as gateway
for one in pkgutil.walk_packages(gateway.__path__, f"{gateway.__name__}."):
    importlib.import_module(one.name)
print(*sys.modules)
"""
PIPELINE = {"faust", "mode", "bordertally.agents.hops", "bordertally.agents.worker.worker"}
PATCHES = {f"bordertally.agents.kafka.{name}" for name in ("decompression", "faust_consumer")}


def test_the_gateway_imports_no_pipeline_and_none_of_its_patches() -> None:
    done = subprocess.run([sys.executable, "-c", GATEWAY], capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    assert "bordertally.agents.gateway.app" in imported
    assert imported & (PIPELINE | PATCHES) == set()


INTERRUPTED = """
import importlib.abc, sys
class Interrupting(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == AT:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
from bordertally.agents.cli.entry import main
main()
"""


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("bordertally.agents.cli.running", ["check", "-"]),
        ("bordertally.agents.cli.main", ["check", "-"]),
        ("bordertally.agents.cli.publish.publish", ["check", "-"]),
        ("aiokafka", ["check", "-"]),
        ("bordertally.agents.worker.run", ["worker"]),
        ("faust", ["worker"]),
    ],
)
def test_ctrl_c_during_an_import_prints_no_traceback(module: str, words: list[str]) -> None:
    code = INTERRUPTED.replace("AT", repr(module))
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False, input="")
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    assert "KeyboardInterrupt" not in done.stderr
