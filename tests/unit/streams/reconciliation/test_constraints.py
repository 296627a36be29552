from __future__ import annotations

from bordertally.streams.qualifiers import Qualifier
from bordertally.streams.reconciliation.constraints import Kind, day_span
from unit.kit import ordinal


def test_a_day_goes_from_midnight_to_midnight_of_the_wall_clock() -> None:
    """2022-09-21 comes 19,256 days after 1970-01-01."""
    assert day_span(ordinal("1970-01-01")) == (0, 86_400)
    assert day_span(ordinal("2022-09-21")) == (19_256 * 86_400, 19_257 * 86_400)
    assert day_span(ordinal("2022-09-21"))[1] == day_span(ordinal("2022-09-22"))[0]


def test_a_constraint_acts_as_the_qualifier_of_its_claim_bounds_the_people() -> None:
    kinds = {qualifier: qualifier.bound for qualifier in Qualifier}
    assert {one for one, kind in kinds.items() if kind is Kind.AT_LEAST} == {Qualifier.AT_LEAST}
    assert {one for one, kind in kinds.items() if kind is Kind.AT_MOST} == {Qualifier.AT_MOST}
