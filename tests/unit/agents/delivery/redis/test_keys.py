"""docs/redis.md lists every key and channel of keys.py and no other, and no other module spells one."""

from __future__ import annotations

import ast
import re
from inspect import getmembers, isfunction, signature
from pathlib import Path

import pytest

from bordertally.agents.delivery.redis import keys
from bordertally.agents.delivery.redis.view import fields_of
from bordertally.streams.rules.config import OperatorBaseline, Rules
from bordertally.streams.totals.windows import window_names
from unit.kit import claim, told

PAGE = Path("docs/redis.md").read_text()
NAMES = {name: value for name, value in vars(keys).items() if name.isupper() and name != "PREFIX"}


def documented(heading: str) -> set[str]:
    """The names in the first column of the table with this heading there."""
    table = PAGE.split(f"\n| {heading} |", maxsplit=1)[1].split("\n\n", maxsplit=1)[0]
    return set(re.findall(r"^\| `(bordertally:[^`]+)`", table, re.MULTILINE))


def test_the_page_lists_every_key() -> None:
    made = {
        key(*(f"<{part}>".replace("_", "") for part in signature(key).parameters))
        for _, key in getmembers(keys, isfunction)
    }
    assert documented("key") == made | {value for name, value in NAMES.items() if not name.endswith("_CHANNEL")}


def test_the_page_lists_every_channel() -> None:
    assert documented("channel") == {value for name, value in NAMES.items() if name.endswith("_CHANNEL")}


@pytest.mark.parametrize("path", sorted({*Path("agents").rglob("*.py"), *Path("streams").rglob("*.py")}), ids=str)
def test_no_other_module_spells_a_key(path: Path) -> None:
    """In prose a name of ours may stand before a colon; a key has no space after it."""
    if path == Path("agents/delivery/redis/keys.py"):
        return
    spelled = [
        node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"bordertally:\w", node.value)
    ]
    assert spelled == []


def test_the_page_lists_every_field_of_a_flow() -> None:
    table = PAGE.split("\n| field of `bordertally:flow:<flow>` |", maxsplit=1)[1].split("\n\n", maxsplit=1)[0]
    listed = [name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split(" | ")[0])]
    rules = Rules(baselines=(OperatorBaseline(flow="RU:KZ", daily=50.0),))
    state = told(claim(100), rules=rules).state()
    fields = set(fields_of(state, b""))
    assert set(listed) - {"1d", "7d"} == fields - set(window_names())
    assert set(window_names()) <= fields
