from __future__ import annotations

import pytest

from bordertally.streams.errors import Reason, RefusedError
from bordertally.streams.flows import (
    Flow,
    adds_to,
    check_pattern,
    covers,
    depth,
    destination_of,
    includes,
    is_destination,
    nested,
    origin,
    parent,
    parse_flow,
    root,
)


@pytest.mark.parametrize(
    "text",
    [
        "RU",
        "RU:KZ",
        "RU:KZ:mashtakovo",
        "RU:EU",
        "RU:EU:kz",
        "RU:EU:FI",
        "RU:EU:FI:vaalimaa",
        "RU:FI:e18-a",
        "XK:AL",
        "RU:GE:1",
        "*:RO",
        "*:EU",
        "*:EU:RO",
    ],
)
def test_what_is_a_flow(text: str) -> None:
    assert parse_flow(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.BAD_FLOW),
        ("ru:kz", Reason.BAD_FLOW),
        ("RU:", Reason.BAD_FLOW),
        ("RU:lars", Reason.BAD_FLOW),
        ("RU:RU", Reason.BAD_FLOW),
        ("RU:KZ:FI", Reason.BAD_FLOW),
        ("RU:EU:KZ", Reason.BAD_FLOW),
        ("RU:EU:EU", Reason.BAD_FLOW),
        ("RU:KZ:-a", Reason.BAD_FLOW),
        ("RU:KZ:Mashtakovo", Reason.BAD_FLOW),
        ("RU:EU:FI:vaalimaa:lane-1", Reason.BAD_FLOW),
        ("RU:KZ:" + "a" * 200, Reason.BAD_FLOW),
        ("RUS:KAZ", Reason.BAD_FLOW),
        ("RU:XX", Reason.UNKNOWN_COUNTRY),
        ("SU", Reason.UNKNOWN_COUNTRY),
    ],
)
def test_what_is_no_flow_and_why(text: str, reason: Reason) -> None:
    with pytest.raises(RefusedError) as caught:
        parse_flow(text)
    assert (caught.value.reason, caught.value.field) == (reason, "flow")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("KAZ", "'KAZ' is not a two-letter country code; did you mean KZ?"),
        ("RU:kz", "write a checkpoint after its country; did you mean KZ?"),
        ("rus:KZ", "did you mean RU?"),
        ("el:TR", "did you mean GR?"),
        ("RU:eu", "write a checkpoint after its country; did you mean EU?"),
        ("RU:EU:fi", "a country is written in capitals; did you mean FI?"),
        ("RU:EU:fin", "a country is written in capitals; did you mean FI?"),
        ("RU:EU:EL", "did you mean GR?"),
        ("RU:XKX", "did you mean XK?"),
        ("russia", "'russia' is not a two-letter country code; did you mean RU?"),
        ("Russia", "'Russia' is not a two-letter country code; did you mean RU?"),
        ("ru:ge", "'ru' is not a two-letter country code; did you mean RU:GE?"),
        ("RUS:KAZ", "did you mean RU:KZ?"),
        ("ru:kz:mashtakovo", "did you mean RU:KZ:mashtakovo?"),
        ("RU:GE:Verkhny Lars", "did you mean RU:GE:verkhny-lars?"),
        ("RU:eu:fi", "did you mean RU:EU:FI?"),
        ("russia -> georgia", "did you mean RU:GE?"),
        ("RU-GE", "did you mean RU:GE?"),
        ("everybody", "'everybody' is not a two-letter country code; write a flow as RU or RU:GE, in capitals"),
        ("RU:Kazakhstan", "did you mean KZ?"),
        ("UK:FR", "'UK' is not a country code of ISO 3166-1, nor a bloc (EU); did you mean GB?"),
        ("RU:QQ", "'QQ' is not a country code of ISO 3166-1, nor a bloc (EU)"),
        ("RU:KZ:Mashtakovo", "a checkpoint is written in lower case, mashtakovo, after its country"),
        ("RU:mashtakovo", "write a checkpoint after its country"),
        ("RU:KZ:GE", "'KZ' is not a bloc (EU), so no country may follow it"),
        ("RU:EU:KZ", "'KZ' is not a member of EU"),
        ("RU:EU:FI:a:b", "write a flow as origin[:bloc][:country][:checkpoint]"),
        ("RU:RU", "origin and destination are the same country"),
        ("RU:KZ:" + "a" * 200, "at most 120 characters"),
        ("RU:", "'' is not a two-letter country code"),
    ],
)
def test_an_error_says_what_to_write_instead(text: str, why: str) -> None:
    for parse in (parse_flow, check_pattern):
        with pytest.raises(RefusedError) as caught:
            parse(text)
        assert why in caught.value.why


@pytest.mark.parametrize("text", ["RU:KZ:GE:x", "ru:ru", "atlantis:ge", "RU:QQ", ":", "ru:kz:" + "a" * 70])
def test_what_means_no_flow_gets_no_guess(text: str) -> None:
    with pytest.raises(RefusedError) as caught:
        parse_flow(text)
    assert "did you mean RU:" not in caught.value.why


def test_a_path_knows_its_parent_its_origin_and_its_depth() -> None:
    assert parent(Flow("RU:EU:FI")) == "RU:EU"
    assert parent(Flow("RU")) is None
    assert origin("RU:EU:FI") == "RU"
    assert [depth(flow) for flow in ("RU", "RU:KZ", "RU:EU:FI:vaalimaa")] == [0, 1, 3]


def test_a_destination_tops_a_tree_of_its_own() -> None:
    assert [parent(Flow(flow)) for flow in ("*:RO", "*:EU", "*:EU:RO")] == [None, None, "*:EU"]
    assert [root(flow) for flow in ("RU:EU:FI", "RU", "*:RO", "*:EU:RO")] == ["RU", "RU", "*:RO", "*:EU"]
    assert [flow for flow in ("*:RO", "RU:RO", "RU") if is_destination(flow)] == ["*:RO"]


@pytest.mark.parametrize(
    ("flow", "destination"),
    [
        ("UA:RO", "*:RO"),
        ("UA:EU", "*:EU"),
        ("UA:EU:RO", "*:EU:RO"),
        ("UA", None),
        ("UA:RO:siret", None),
        ("UA:EU:RO:siret", None),
        ("*:RO", None),
        ("*:EU:RO", None),
    ],
)
def test_corridors_add_to_a_destination(flow: str, destination: str | None) -> None:
    assert destination_of(flow) == destination


def test_a_flow_adds_to_those_above_it_and_to_its_destinations() -> None:
    assert list(adds_to("UA:EU:RO:siret")) == ["UA:EU:RO", "UA:EU", "UA", "*:EU:RO", "*:EU"]
    assert list(adds_to("UA:RO")) == ["UA", "*:RO"]
    assert list(adds_to("*:EU:RO")) == ["*:EU"]


@pytest.mark.parametrize(
    ("above", "flow", "answer"),
    [
        ("RU", "RU", True),
        ("RU", "RU:GE:lars", True),
        ("RU", "RUS", False),
        ("*:RO", "*:RO", True),
        ("*:RO", "UA:RO:siret", True),
        ("*:RO", "UA:EU:RO", False),
        ("*:EU", "UA:EU:RO", True),
        ("*:EU", "*:EU:RO", True),
        ("UA:RO", "*:RO", False),
    ],
)
def test_a_flow_includes_those_below_it(above: str, flow: str, *, answer: bool) -> None:
    assert includes(above, flow) is answer


@pytest.mark.parametrize("text", ["*", "*:RO:siret", "*:EU:RO:siret", "*:siret"])
def test_a_destination_is_a_country_or_a_bloc(text: str) -> None:
    with pytest.raises(RefusedError, match=r"\*:RO, \*:EU or \*:EU:RO, without a checkpoint") as caught:
        parse_flow(text)
    assert caught.value.reason is Reason.BAD_FLOW


def test_members_are_written_inside_their_bloc() -> None:
    assert nested(Flow("RU:FI:vaalimaa"), frozenset({"EU"})) == "RU:EU:FI:vaalimaa"
    assert nested(Flow("RU:EU:FI"), frozenset({"EU"})) == "RU:EU:FI"
    assert nested(Flow("RU:KZ"), frozenset({"EU"})) == "RU:KZ"
    assert nested(Flow("RU:FI"), frozenset()) == "RU:FI"


@pytest.mark.parametrize(
    ("pattern", "flow", "answer"),
    [
        ("RU:KZ", "RU:KZ", True),
        ("RU:KZ", "RU:KZ:mashtakovo", True),
        ("RU:KZ:mashtakovo", "RU:KZ", False),
        ("*:EU", "RU:EU:FI", True),
        ("*:EU", "RU:KZ", False),
        ("RU", "RUS", False),
    ],
)
def test_a_pattern_covers_its_path_and_all_below(pattern: str, flow: str, answer: bool) -> None:
    assert covers(pattern, flow) is answer


@pytest.mark.parametrize("pattern", ["*", "RU", "*:EU", "RU:*:FI", "*:*:*:*", "RU:KZ:*", "*:KZ:mashtakovo"])
def test_patterns(pattern: str) -> None:
    assert check_pattern(pattern) == pattern


@pytest.mark.parametrize("pattern", ["", "ru", "**", "RU:*:*:*:*", "*:kz", "RU::*", "*:QQ", "*:kz:*"])
def test_no_patterns(pattern: str) -> None:
    with pytest.raises(RefusedError):
        check_pattern(pattern)


MEMBERS = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"


@pytest.mark.parametrize("country", MEMBERS.split())
def test_a_member_of_the_union_stands_below_it(country: str) -> None:
    assert nested(Flow(f"RU:{country}"), frozenset({"EU"})) == f"RU:EU:{country}"
