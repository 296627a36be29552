from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bordertally.streams.evidence.records import Traced
from bordertally.streams.reports.claims import Claim, Claims, address_of, is_exact, is_reading, reading_of
from bordertally.streams.reports.plain import NOT_KEPT
from bordertally.streams.reports.readings import Reading
from bordertally.streams.reports.records import REQUIRED, ClaimFields
from bordertally.streams.reports.validation import CARRIED, LEVELS, OF_WHOLE_DAYS
from unit.kit import claim


def test_claims_survive_the_wire() -> None:
    sent = Claims([claim(5, normal={"daily": [1, 2]}), claim(None)])
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(sent), type=Claims) == sent


def test_a_claim_from_before_a_field_was_added_can_still_be_read() -> None:
    short = msgspec.to_builtins(claim(5))[:13]
    assert msgspec.convert(short, Claim) == claim(5)


# --- a field of a claim: declared for producers and for the pipeline, and lost nowhere ----------------------------

PRODUCED, CARRIES = set(ClaimFields.__struct_fields__), set(Claim.__struct_fields__)


def test_a_claim_has_every_field_that_its_producer_may_write_or_what_it_comes_to() -> None:
    assert {"period", "people", "per"} == PRODUCED - CARRIES  # they become start, end, low, best and high
    assert set(CARRIED) == PRODUCED & CARRIES - {"flow", "qualifier"}
    assert set(REQUIRED) < PRODUCED


def test_a_claim_has_a_default_for_every_field_that_may_be_left_out() -> None:
    defaults = {field.name for field in msgspec.structs.fields(Claim) if not field.required}
    assert defaults == {*CARRIED, "origin", "dated"}  # the registry knows the origin, the broker the arrival


def test_a_reading_keeps_every_field_of_a_claim_or_the_field_is_known_to_be_dropped() -> None:
    one = claim(5, "2022-09-26T10:00Z/PT1H")
    assert is_reading(one)
    kept = set(Reading.__struct_fields__) | {"flow", "source", "population", "unit"}  # the address
    assert address_of(one) == (one.flow, one.source, one.population, one.unit)
    assert reading_of(one).report == one.report
    crossings_only, in_the_figures = {"measure"}, {"qualifier"}
    as_a_claim = {"dated"}  # a reading that is dated ahead travels as a claim
    assert CARRIES - kept == {*crossings_only, *in_the_figures, *as_a_claim, *OF_WHOLE_DAYS, *(NOT_KEPT & CARRIES)}


def test_evidence_shows_every_field_of_a_claim_but_the_levels_it_brought() -> None:
    placed = {"start", "end", "local_start", "local_end"}  # shown as the period
    assert CARRIES - set(Traced.__struct_fields__) == placed | set(LEVELS)


@pytest.mark.parametrize(
    ("people", "more", "exact"),
    [
        (61_357, {}, True),  # stated to the last person: 61,356.5 to 61,357.5
        (98_000, {}, False),  # 97,500 to 98,500
        (98_000, {"qualifier": "count"}, True),
        (61_360, {}, True),  # 10 apart, and a thousandth are 61
        (9_990, {}, False),  # 10 apart, and a thousandth are 9.99
        (137, {"qualifier": "about"}, False),
        (61_357, {"qualifier": "nearly"}, False),
        (61_357, {"qualifier": "at_least"}, False),
        ([61_350, 61_352], {}, False),  # a range is two numbers
        ([61_350, 61_352], {"qualifier": "count"}, False),
        (5_501, {"per": "day", "period": "2022-09-21/2022-10-01"}, True),  # 55,010, and 10 apart
        (5_500, {"per": "day", "period": "2022-09-21/2022-10-01"}, False),  # 55,000, and 1,000 apart
        (0, {"qualifier": "count"}, True),
        (None, {}, False),
    ],
)
def test_a_figure_is_exact_that_is_one_number_known_to_a_person_or_to_a_thousandth(
    people: Any, more: dict[str, Any], exact: bool
) -> None:
    assert is_exact(claim(people, **more)) is exact
