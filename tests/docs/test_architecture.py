"""What docs/architecture.md and CONTRIBUTING.md name exists, and the map of the code shows every module and import."""

from __future__ import annotations

import ast
import fnmatch
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from bordertally.agents.cli.code_map import (
    PACKAGES,
    describe_folders,
    draw_packages,
    first_sentence,
    imports,
    modules,
    name_of,
    package_of,
)
from bordertally.agents.cli.pages import ROOT
from bordertally.streams.topics import Topics

ARCHITECTURE = ROOT / "docs" / "architecture.md"
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FUNCTION = re.compile(r"`([\w/]+\.py):([\w.]+)`")
CODE = re.compile(r"`([^`\n]+)`|^(?:make|\.venv)[^#\n]*", re.MULTILINE)
PATH = re.compile(r"(?<![\w./-])[\w-]+(?:/[\w.-]+)*/?(?:\.\w+)?")
NEW = "NAME"
"""Stands for the name of what is added: a path with it does not exist yet."""


def has(path: Path, name: str) -> bool:
    """Whether a module defines a function, class, method or constant, written as `name` or `Class.name`."""
    body = ast.parse(path.read_text(encoding="utf-8")).body if path.is_file() else []
    for part in name.split("."):
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == part:
                body = node.body
                break
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if any(isinstance(target, ast.Name) and target.id == part for target in targets):
                body = []
                break
        else:
            return False
    return True


def test_every_function_named_exists() -> None:
    named = FUNCTION.findall(ARCHITECTURE.read_text(encoding="utf-8"))
    assert len(named) > 20
    assert [f"{path}:{name}" for path, name in named if not has(ROOT / path, name)] == []


def test_a_function_that_does_not_exist_is_noticed() -> None:
    assert has(ROOT / "streams/topics.py", "Topics.specs")
    assert has(ROOT / "streams/topics.py", "BIGGEST")
    assert not has(ROOT / "streams/topics.py", "Topics.partition_of")
    assert not has(ROOT / "streams/topic.py", "Topics")


def test_every_step_of_a_count_names_its_function_and_its_topic() -> None:
    page = ARCHITECTURE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \| (.*?) ?\|$", page, re.MULTILINE)
    assert [int(number) for number, *_ in rows] == list(range(1, len(rows) + 1))
    known = {spec.name for spec in Topics().specs()}
    for number, step, where, topics in rows:
        assert step.endswith("."), number
        assert FUNCTION.fullmatch(where), number
        assert all(fnmatch.filter(known, topic) for topic in re.findall(r"`([^`]+)`", topics)), number
    written = {topic for *_, topics in rows if topics.startswith("←") for topic in re.findall(r"`([^`]+)`", topics)}
    aside = {
        Topics().clock,
        Topics().redriven,
        Topics().review,
        Topics().silences,
        Topics().acknowledgements,
        Topics().unsubscribed,
        "reports.government",
        "reports.frontex",
    }
    assert written == known - aside


def test_the_map_has_every_module_once_and_the_folders_in_order() -> None:
    text = describe_folders(ROOT)
    linked = re.findall(r"\]\(\.\./(\S+)\)", text)
    assert sorted(linked) == [str(path) for path in modules(ROOT) if path.name != "__init__.py"]
    folders = re.findall(r"^### (\S+)$", text, re.MULTILINE)
    assert [folder for folder in folders if folder in PACKAGES] == list(PACKAGES)
    assert set(folders) == {str(path.parent) for path in modules(ROOT)}


def test_the_diagram_has_the_arrows_that_lead_to_every_import_and_no_other() -> None:
    text = draw_packages(ROOT)
    arrows: dict[str, set[str]] = {package.replace("/", "_"): set() for package in PACKAGES}
    for first, second in re.findall(r"^    (\w+) --> (\w+)$", text, re.MULTILINE):
        arrows[second].add(first)
    reached: dict[str, set[str]] = {}
    for package in TopologicalSorter(arrows).static_order():
        implied = set().union(*(reached[other] for other in arrows[package]))
        assert not arrows[package] & implied, "an arrow that follows from others"
        reached[package] = arrows[package] | implied
    for path, imported in imports(ROOT).items():
        package = package_of(path).replace("/", "_")
        used = {package_of(other).replace("/", "_") for other in imported} - {package}
        assert used <= reached[package], path
    assert {name for name, others in arrows.items() if others} == set(re.findall(r'(\w+)\["\w+/', text)) - {
        "streams_learning",  # which imports nothing of the project
        "agents_servers",
    }


@pytest.mark.parametrize(
    ("docstring", "sentence"),
    [
        ("A claim.\n\nMore of it.", "A claim."),
        ("A claim as the intake\npasses it on. Pure.", "A claim as the intake passes it on."),
        ("CAP 1.2 (OASIS), e.g. an update. Done.", "CAP 1.2 (OASIS), e.g. an update."),
        ("no end", "no end"),
        ("", ""),
    ],
)
def test_the_first_sentence_of_a_docstring(docstring: str, sentence: str) -> None:
    assert first_sentence(docstring) == sentence


def test_the_names_of_a_module() -> None:
    path = Path("streams/statements/lexicon/marks.py")
    assert (package_of(path), name_of(path)) == ("streams/statements", "bordertally.streams.statements.lexicon.marks")
    assert name_of(Path("agents/__init__.py")) == "bordertally.agents"


def test_a_relative_import_is_named(tmp_path: Path) -> None:
    (tmp_path / "streams").mkdir()
    (tmp_path / "streams" / "flows.py").write_text("import re\nfrom . import errors\n")
    with pytest.raises(ValueError, match=r"streams/flows.py:2: a relative import"):
        imports(tmp_path)


# --- CONTRIBUTING.md -------------------------------------------------------------------------------------------


def paths(text: str) -> list[str]:
    """Every path in the code of a page: what has a slash, and files of the project's own folder."""
    words = [word for match in CODE.finditer(text) for word in PATH.findall(match[0])]
    own = re.compile(r"\w+\.(?:md|txt|toml)")
    return [word for word in words if NEW not in word and ("/" in word or own.fullmatch(word))]


def test_every_path_named_exists() -> None:
    named = set(paths(CONTRIBUTING))
    assert len(named) > 40
    assert sorted(path for path in named if not (ROOT / path).exists()) == []


def test_a_path_that_does_not_exist_is_noticed() -> None:
    text = "See `streams/no.py`, `streams/detection/NAME.py` and `no/folder/`.\n\n.venv/bin/pytest tests/no\n"
    assert paths(text) == ["streams/no.py", "no/folder/", "tests/no"]


def test_every_name_said_to_be_in_a_file_is_there() -> None:
    named = re.findall(r"`([A-Z]\w+)`\s(?:of|in)\s`([\w/]+\.py)`", CONTRIBUTING)
    assert len(named) > 8
    assert [f"{path}:{name}" for name, path in named if not has(ROOT / path, name)] == []


def test_every_target_named_exists() -> None:
    made = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", CONTRIBUTING, re.MULTILINE))
    assert {"lint", "test", "docs", "bench"} <= named
    assert named - made == set()


def test_every_way_to_extend_has_its_recipe() -> None:
    recipes = CONTRIBUTING.partition("## Recipes")[2].partition("\n## ")[0]
    titles = re.findall(r"^### When adding (.+)$", recipes, re.MULTILINE)
    assert set(titles) == {
        *("a rule", "a delivery channel", "a window", "a qualifier", "a field to a claim"),
        *("a language", "a gateway endpoint", "a metric"),
    }
    for recipe in recipes.split("### ")[1:]:
        assert re.findall(r"^(\d)\. ", recipe, re.MULTILINE)[:3] == ["1", "2", "3"], recipe
        assert "`tests/" in recipe, recipe
