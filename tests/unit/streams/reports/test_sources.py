from __future__ import annotations

import pytest

from bordertally.streams.errors import ConfigError
from bordertally.streams.reports.sources import Grade, parse_registry
from unit.kit import REGISTRY

ENTRY = 'name = "K"\nflows = ["RU"]\ngrade = "B"\n'


def test_a_source_speaks_for_its_flows_and_those_below() -> None:
    assert REGISTRY.allows("almaty", "RU:KZ:mashtakovo")
    assert not REGISTRY.allows("almaty", "RU:GE")
    assert not REGISTRY.allows("almaty", "RU:GE")  # remembered


def test_a_source_that_left_the_registry_keeps_its_id_as_a_name() -> None:
    assert REGISTRY.name("warsaw") == "Frontex"
    assert REGISTRY.name("gone") == "gone"


def test_grades_a_to_c_count() -> None:
    assert [grade.value for grade in Grade if grade.counts] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "needs at least one"),
        ("sources = 1", "needs at least one"),
        ("x = [", "not TOML"),
        ("y = 1\n[sources.k]\n" + ENTRY, "unknown key y"),
        ('blocs = ["AU"]\n[sources.k]\n' + ENTRY, "blocs"),
        ("[sources.k]\n" + ENTRY + 'tz = "Asia/Nowhere"', r"sources.k.tz: Asia/Nowhere is no IANA time zone"),
        ("[sources.k]\n" + ENTRY + 'tz = "../etc/passwd"', r"sources.k.tz"),
        ("[sources.k]\n" + ENTRY.replace('"B"', '"Z"'), "sources.k: .*'Z'"),
        ("[sources.k]\n" + ENTRY + 'every = "1 day"', r"sources.k.every: 1 day: .*write, say, PT1H or P7D"),
        ("[sources.k]\n" + ENTRY + 'every = "PT0S"', r"sources.k.every: PT0S"),
        ("[sources.k]\n" + ENTRY + "colour = 1", "sources.k: .*colour"),
        ('[sources.k]\nname = "K"\ngrade = "B"\nflows = ["ru"]', "sources.k.flows: .*got ru"),
        ('[sources.k]\nname = "K"\ngrade = "B"\nflows = ["*:ZZ"]', r"sources.k.flows: .*got \*:ZZ"),
    ],
)
def test_a_wrong_registry_is_named_with_its_entry(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        parse_registry(text, "sources.toml")


def test_a_pattern_of_a_member_is_one_inside_the_bloc() -> None:
    registry = parse_registry('blocs = ["EU"]\n[sources.k]\nname = "K"\ngrade = "B"\nflows = ["*:FI"]', "sources.toml")
    assert registry.allows("k", "RU:EU:FI:vaalimaa")
    assert not registry.allows("k", "RU:EU:LV")


def test_every_is_a_duration_in_seconds() -> None:
    registry = parse_registry("[sources.k]\n" + ENTRY + 'every = "P1DT6H"', "sources.toml")
    assert registry.every == {"k": 108_000}
