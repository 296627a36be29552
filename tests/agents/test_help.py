"""The help of every command: its examples are commands that the command line takes; shells complete them."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bordertally.agents.cli.code_map import modules
from bordertally.agents.cli.commands import COMMANDS
from bordertally.agents.cli.examples import EXAMPLES, HEAD
from bordertally.agents.cli.lazy import load
from bordertally.agents.cli.main import cli
from bordertally.agents.kafka.topics import creation
from bordertally.streams.settings import Settings, load_settings

ROOT: dict[str, Any] = {name: load(listed) for name, listed in COMMANDS.items()}


def commands(group: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its name with those of the groups above it."""
    for name, command in group.items():
        if hasattr(command, "commands"):
            yield from commands(command.commands, (*above, name))
        else:
            yield " ".join((*above, name)), command


ALL = dict(commands(ROOT))


def own_parts(example: str) -> list[list[str]]:
    """Of a line for a shell, the words of each call of ours: settings before it, pipes and redirections left out."""
    paragraphs: list[list[str]] = [[]]
    for word in shlex.split(example):
        if word == "|":
            paragraphs.append([])
        else:
            paragraphs[-1].append(word)
    calls = []
    for words in paragraphs:
        while "=" in words[0] and words[0].startswith("BORDERTALLY_"):
            assert words[0].partition("=")[0] in {f"BORDERTALLY_{name.upper()}" for name in Settings.model_fields}
            words.pop(0)
        if words[0] == "bordertally":
            calls.append(words[1 : words.index(">") if ">" in words else None])
    return calls


def parse(words: list[str]) -> str:
    """The command that these words call, all its arguments and options read; raises what it would tell a user."""
    command, path = ROOT[words[0]], [words.pop(0)]
    while hasattr(command, "commands"):
        command = command.commands[words[0]]
        path.append(words.pop(0))
    command.make_context(path[-1], words)
    return " ".join(path)


@pytest.mark.parametrize("name", ALL)
def test_the_help_of_every_command_ends_with_examples(name: str) -> None:
    assert EXAMPLES.get(name), f"add examples of {name} to agents/cli/examples.py"
    shown = CliRunner().invoke(cli, [*name.split(), "--help"], env={"COLUMNS": "160"})
    assert shown.exit_code == 0
    _, head, examples = shown.output.partition(f"{HEAD}:")
    assert head
    assert "".join(examples.split()) == "".join("".join(EXAMPLES[name]).split())


@pytest.mark.parametrize(("name", "example"), [(name, example) for name, some in EXAMPLES.items() for example in some])
def test_an_example_is_a_command_that_parses(name: str, example: str) -> None:
    calls = own_parts(example)
    assert calls
    assert {parse(words) for words in calls} == {name}


def test_there_are_no_examples_of_commands_that_are_not_there() -> None:
    assert EXAMPLES.keys() - ALL.keys() == set()


def test_the_page_of_the_command_names_every_command_below_the_heading_of_the_help() -> None:
    rows = Path("docs/command.md").read_text(encoding="utf-8").partition("| to | command |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([^`]+)`", rows)) == set(ALL)
    panels: dict[str, str] = {}
    for line in rows.splitlines()[2:]:
        _, panel, names, _ = line.split("|")
        panels |= {name.split()[0]: panel.strip() for name in re.findall(r"`([^`]+)`", names)}
    assert panels == {name: listed.panel.lower() for name, listed in COMMANDS.items()}


def test_an_example_that_is_none_is_found() -> None:
    with pytest.raises(KeyError, match="watsch"):
        parse(own_parts("bordertally watsch")[0])
    with pytest.raises(Exception, match=r"(?i)no such option.*--sinse"):
        parse(own_parts("BORDERTALLY_PARTITIONS=4 bordertally watch --sinse 12h | wc -l")[0])
    with pytest.raises(Exception, match=r"(?i)missing"):
        parse(own_parts("bordertally rejected show > x")[0])


HINT = re.compile(rf"[:;] (bordertally (?:{'|'.join(COMMANDS)})\b[^),;]*)")


def hints() -> Iterator[str]:
    """Every command that an error or a log line tells a user to run; what varies in it is `x`."""
    for path in modules(Path()):
        inner = set[ast.AST]()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                inner.update(node.values)
                parts = (part.value if isinstance(part, ast.Constant) else "x" for part in node.values)
                yield from HINT.findall("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inner:
                yield from HINT.findall(node.value)


@pytest.mark.parametrize("hint", sorted({hint for hint in hints() if "FILE" not in hint}))
def test_a_hint_is_a_command_that_parses(hint: str) -> None:
    ((*words,),) = own_parts(hint)
    assert parse(words) in ALL


def test_hints_are_found() -> None:
    found = set(hints())
    assert {"bordertally webhooks secret", "bordertally topics --create", "bordertally keygen new.pem"} <= found


def test_missing_topics_are_created_where_they_are_missing() -> None:
    ((*words,),) = own_parts(creation(load_settings(brokers="kafka:9092")))
    assert words[-2:] == ["--to", "kafka:9092"]
    assert parse(words) == "topics"


def test_the_version_is_that_of_the_package() -> None:
    shown = CliRunner().invoke(cli, ["--version"])
    assert (shown.exit_code, shown.output) == (0, f"bordertally {metadata.version('bordertally')}\n")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("bordertally rej", ["rejected"]),
        ("bordertally rejected re", ["redrive"]),
        ("bordertally why --fi", ["--files"]),
    ],
)
def test_a_shell_completes_commands_and_options(words: str, wanted: list[str]) -> None:
    program = str(Path(sys.executable).parent / "bordertally")
    at = {"_BORDERTALLY_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    done = subprocess.run([program], capture_output=True, text=True, timeout=60, check=False, env=os.environ | at)
    assert (done.returncode, done.stdout.split()) == (0, wanted)
