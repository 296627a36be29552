from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bordertally.streams.errors import ConfigError
from bordertally.streams.reports.sources import Grade, Registry, counts, parse_registry, source_of
from unit.kit import REGISTRY

ENTRY = 'name = "K"\nflows = ["RU"]\ngrade = "B"\n'


def test_a_source_speaks_for_its_flows_and_those_below() -> None:
    assert REGISTRY.allows("almaty", "RU:KZ:mashtakovo")
    assert not REGISTRY.allows("almaty", "RU:GE")
    assert not REGISTRY.allows("almaty", "RU:GE")  # remembered


def test_names_are_by_id() -> None:
    assert REGISTRY.names == {
        "a": "Agency A",
        "b": "Bureau B",
        "c": "Counter C",
        "d": "Daily D",
        "warsaw": "Frontex",
        "almaty": "Ministry in Astana",
    }


@pytest.mark.parametrize(
    ("raw", "source"),
    [
        (b'{"source": "a"}', "a"),
        (b"{", ""),
        (b"[" * 5000, ""),
        (b'{"source": 7}', ""),
        (b"\xff", ""),
        (b'{"source": "\xff"}', ""),
        (b"", ""),
    ],
)
def test_the_source_is_read_where_it_can_be(raw: bytes, source: str) -> None:
    assert source_of(raw) == source
    assert source_of(raw, 10_000) == source


def test_of_a_message_that_is_too_large_no_source_is_read() -> None:
    assert source_of(b'{"source": "a"}', 15) == "a"
    assert source_of(b'{"source": "a"}', 14) == ""


RELAYS = f"""
[sources.mia]
{ENTRY}
[sources.paper]
{ENTRY}relays = "mia"
[sources.radio]
{ENTRY}
"""


@pytest.mark.parametrize(
    ("source", "attributed_to", "origin"),
    [
        ("mia", None, None),
        ("paper", None, "mia"),
        ("radio", None, None),
        ("radio", "mia", "mia"),
        ("radio", "paper", "mia"),  # one who relays another is no origin
        ("paper", "radio", "radio"),  # whom it quotes comes before whom it relays
        ("radio", "a-stranger", "a-stranger"),
        ("mia", "paper", None),  # quotes itself by way of another
    ],
)
def test_the_origin_is_whom_a_source_quotes_else_whom_it_relays_else_itself(
    source: str, attributed_to: str | None, origin: str | None
) -> None:
    assert parse_registry(RELAYS, "r").origin(source, attributed_to) == origin


@pytest.mark.parametrize(
    ("relays", "complaint"),
    [
        ("nobody", "sources.blog.relays: nobody: this is not a source of the registry"),
        ("blog", "sources.blog.relays: blog: a source does not relay itself"),
        ("paper", "sources.blog.relays: paper: this source relays mia itself; name that one"),
    ],
)
def test_a_source_relays_one_that_is_known_and_relays_nobody(relays: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        parse_registry(f'{RELAYS}\n[sources.blog]\n{ENTRY}relays = "{relays}"', "r")


def test_grades_a_to_c_count() -> None:
    assert [grade.value for grade in Grade if counts(grade)] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "needs at least one"),
        ("sources = 1", "needs at least one"),
        ("x = [", "not TOML"),
        ("y = 1\n[sources.k]\n" + ENTRY, "unknown key y"),
        ('blocs = ["AU"]\n[sources.k]\n' + ENTRY, "blocs"),
        ("[sources.k]\n" + ENTRY + 'tz = "Asia/Nowhere"', r"sources.k.tz: Asia/Nowhere is not an IANA time zone"),
        ("[sources.k]\n" + ENTRY + 'tz = "../etc/passwd"', r"sources.k.tz"),
        ("[sources.k]\n" + ENTRY.replace('"B"', '"Z"'), r"sources.k.grade: this must be A, B, C, D, E or F \(got Z\)"),
        ("[sources.k]\n" + ENTRY + 'every = "1 day"', r"sources.k.every: 1 day: .*write, say, PT1H or P7D"),
        ("[sources.k]\n" + ENTRY + 'every = "PT0S"', r"sources.k.every: PT0S"),
        (
            "[sources.k]\n" + ENTRY + "colour = 1",
            "k.colour: there is no such field; the fields are name, .*got 1",
        ),
        ("[sources.k]\n" + ENTRY.replace('name = "K"', ""), "sources.k.name: this field is required"),
        ("[sources.k]\n" + ENTRY + "topics = [5]", r"sources.k.topics\[0\]: this must be government, frontex or"),
        ("[sources.k]\n" + ENTRY + "topics = 5", "sources.k.topics: this must be a list of government, frontex or"),
        ("sources.k = 5", r"sources.k: this must be an object with name, flows, grade \(got 5\)"),
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


BRIDGES = '"BR:UY:new-bridge" = "BR:UY:old-bridge"'


def aliased(*lines: str, blocs: str = "[]") -> Registry:
    table = "\n".join(lines)
    return parse_registry(f"blocs = {blocs}\n[aliases]\n{table}\n[sources.k]\n{ENTRY}", "sources.toml")


def test_an_alias_names_the_place_of_its_flow() -> None:
    registry = aliased(BRIDGES)
    assert registry.aliases == {"BR:UY:new-bridge": "BR:UY:old-bridge"}
    places = [registry.place(flow) for flow in ("BR:UY:new-bridge", "BR:UY:old-bridge", "BR:UY")]
    assert places == ["BR:UY:old-bridge", "BR:UY:old-bridge", "BR:UY"]


def test_an_alias_of_a_member_is_one_inside_the_bloc() -> None:
    registry = aliased('"RU:FI:imatra" = "RU:FI:svetogorsk"', blocs='["EU"]')
    assert registry.aliases == {"RU:EU:FI:imatra": "RU:EU:FI:svetogorsk"}


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (['"BR:UY:a" = "UY:BR:a"'], "BR:UY:a = UY:BR:a: both names must have one origin, not BR and UY"),
        (['"BR:UY:a" = "BR:UY:a"'], "BR:UY:a = BR:UY:a: both are the same name; remove the line"),
        (['"BR:UY" = "BR:AR"'], "BR:UY = BR:AR: BR:UY is not a checkpoint; only a checkpoint can have another name"),
        (
            ['"BR:UY:a" = "BR:UY"'],
            "BR:UY:a = BR:UY: BR:UY is not a checkpoint; only a checkpoint can have another name",
        ),
        (['"BR:UY:A" = "BR:UY:b"'], "BR:UY:A = BR:UY:b: 'A' is not a two-letter country code"),
        (['"BR:UY:a" = 5'], "BR:UY:a = 5: '5' is not a two-letter country code"),
        (
            ['"BR:UY:a" = "BR:UY:b"', '"BR:UY:b" = "BR:UY:c"'],
            "BR:UY:a = BR:UY:b: BR:UY:b is an alias, too; write BR:UY:a = BR:UY:c",
        ),
        (
            ['"RU:FI:a" = "RU:FI:b"', '"RU:EU:FI:a" = "RU:FI:c"'],
            "RU:EU:FI:a = RU:FI:c: RU:EU:FI:a is already an alias of RU:EU:FI:b; remove one of the two lines",
        ),
    ],
)
def test_a_wrong_alias_is_quoted_with_what_to_do(lines: list[str], complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        aliased(*lines, blocs='["EU"]')
    assert str(caught.value).startswith(f"sources.toml: aliases: {complaint}")


def test_aliases_are_a_table() -> None:
    with pytest.raises(ConfigError, match=r"aliases: this must be a table \[aliases\] \(got 5\)"):
        parse_registry(f"aliases = 5\n[sources.k]\n{ENTRY}", "sources.toml")


@pytest.mark.parametrize("path", sorted([*Path("streams").rglob("*.py"), *Path("agents").rglob("*.py")]), ids=str)
def test_no_other_module_decides_which_grades_count(path: Path) -> None:
    """A grade is looked for in WEIGHT nowhere; the weight of one that counts is read from it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Compare):
            sides = {getattr(side, "id", getattr(side, "attr", None)) for side in node.comparators}
            assert "WEIGHT" not in sides, f"{path}:{node.lineno}"
