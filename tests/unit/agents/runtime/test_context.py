"""The files of a worker as Windows saves them, and the rules of a registry with aliases."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from bordertally.agents.runtime.context import Context, load_registry, load_rules
from bordertally.streams.errors import ConfigError
from bordertally.streams.flows import Flow
from bordertally.streams.reports.sources import Registry
from bordertally.streams.settings import load_settings

SOURCES = """
[aliases]
"RU:KZ:new-bridge" = "RU:KZ:old-bridge"
[sources.k]
name = "K"
flows = ["RU"]
grade = "B"
"""
RULES = """
[[baselines]]
flow = "RU:KZ:new-bridge"
daily = 400
[[flows]]
flow = "RU:KZ:new-bridge"
drop = 0.5
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    file = tmp_path / "sources.toml"
    file.write_bytes(b"\xef\xbb\xbf" + SOURCES.replace("\n", "\r\n").encode())
    return file


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    file = tmp_path / "rules.toml"
    file.write_text(RULES, encoding="utf-8-sig")
    return file


def test_a_byte_order_mark_is_skipped(sources: Path) -> None:
    assert list(load_registry(sources).sources) == ["k"]


def test_another_encoding_is_named_with_the_file(sources: Path) -> None:
    sources.write_bytes(SOURCES.encode("utf-16"))
    with pytest.raises(
        ConfigError, match=r"source registry .*sources\.toml: byte 0 is not UTF-8; save the file as UTF-8"
    ):
        load_registry(sources)


def test_rules_for_an_alias_are_rules_for_the_place(sources: Path, rules: Path) -> None:
    loaded = load_rules(rules, load_registry(sources))
    assert [baseline.level for baseline in loaded.for_flow("RU:KZ:old-bridge")] == [(400, 400)]
    assert loaded.of("RU:KZ:old-bridge").detection.drop == 0.5
    assert loaded.of("RU:KZ:new-bridge").detection.drop is None


def test_a_registry_with_another_alias_renames_the_rules_and_notifies(sources: Path, rules: Path) -> None:
    context = Context.load(load_settings(rules=rules))
    assert context.rules.of("RU:KZ:new-bridge").detection.drop == 0.5
    seen: list[float | None] = []
    context.renewed.append(lambda: seen.append(context.rules.of("RU:KZ:old-bridge").detection.drop))
    context.renew(load_registry(sources))
    assert seen == [0.5]
    assert context.rules == load_rules(rules, context.registry)


def test_rules_that_name_no_alias_stay_the_same_object(rules: Path) -> None:
    loaded = load_rules(rules, load_registry(None))
    other = Registry({}, aliases={Flow("RU:KZ:a"): Flow("RU:KZ:b")})
    assert loaded.renamed(other.aliases) is loaded
    assert dataclasses.replace(loaded).renamed({}) == loaded
