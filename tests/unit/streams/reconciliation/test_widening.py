"""Two sources of one grade that contradict each other widen the interval: answers worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from bordertally.streams.reconciliation.widening import lowered, raised, widening_claims
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.sources import parse_registry
from bordertally.streams.reports.validation import read_report
from unit.kit import NOW, Told, report, told

REGISTRY = parse_registry(
    "\n".join(
        f'[sources.{source}]\nname = "{source}"\nflows = ["RU"]\ngrade = "{grade}"'
        for source, grade in (("a", "A"), ("b", "B"), ("b2", "B"), ("b3", "B"), ("c", "C"))
    ),
    "registry",
)
WEEK = "2022-09-21/2022-09-28"


def said(people: object, source: str, period: str = "2022-09-21", flow: str = "RU:KZ", **more: Any) -> Claim:
    """A claim; a source that comes later in the alphabet publishes later, so it is trusted more within its grade."""
    published = {"a": "01", "b": "02", "b2": "03", "b3": "04", "c": "05"}[source]
    raw = report(people, period, flow, source, id=source, published=f"2022-10-{published}T00:00:00Z", **more)
    (claim,) = read_report(raw, REGISTRY, NOW)
    return claim


def days(*claims: Claim) -> list[tuple[int, int, int | None]]:
    one: Told = told(claims, registry=REGISTRY)
    return list(one.days().values())


@pytest.mark.parametrize(
    ("claims", "day"),
    [
        # b2 is trusted more, being later: best is its figure, and the interval reaches b's
        ([said(1_600, "b", qualifier="count"), said(1_000, "b2", qualifier="count")], (1_000, 1_000, 1_600)),
        ([said(400, "b", qualifier="count"), said(1_000, "b2", qualifier="count")], (400, 1_000, 1_000)),
        ([said(1_600, "b", qualifier="about"), said(1_000, "b2", qualifier="count")], (1_000, 1_000, 1_700)),
        ([said(400, "b"), said(1_600, "b2"), said(1_000, "b3", qualifier="count")], (380, 1_000, 1_650)),
        ([said(1_600, "c", qualifier="count"), said(1_000, "b", qualifier="count")], (1_000, 1_000, 1_000)),
        ([said(1_600, "b", qualifier="at_least"), said(1_000, "b2", qualifier="count")], (1_000, 1_000, 1_000)),
        ([said(400, "b", qualifier="at_most"), said(1_000, "b2", qualifier="count")], (1_000, 1_000, 1_000)),
        ([said(1_000, "b"), said(1_000, "b2", qualifier="count")], (1_000, 1_000, 1_000)),  # they agree
        # both give way to a: what they say beside each other does not count
        (
            [said(n, source, qualifier="count") for n, source in ((400, "b"), (1_600, "b2"), (900, "a"))],
            (900, 900, 900),
        ),
    ],
)
def test_the_interval_reaches_what_a_contradicting_source_of_the_same_grade_says(
    claims: list[Claim], day: tuple[int, int, int | None]
) -> None:
    assert days(*claims) == [day]


def test_a_source_that_contradicts_itself_widens_nothing() -> None:
    week, day = said(700, "b", WEEK, qualifier="count"), said(900, "b", qualifier="count")
    assert [low == best == high for low, best, high in days(week, day)] == [True] * 7


def test_sources_that_quote_one_origin_widen_nothing_and_those_of_two_do() -> None:
    for office, high in (("office", 1_000), ("press", 1_600)):
        first = said(1_600, "b", qualifier="count", attributed_to=office)
        second = said(1_000, "b2", qualifier="count", attributed_to="office")
        assert days(first, second) == [(1_000, 1_000, high)]


def test_an_unlikely_claim_widens_nothing() -> None:
    history = [said(100, "a", f"2022-08-{day:02}", qualifier="count") for day in range(1, 32)]
    for people, high in ((1_000, 1_000), (1_001, 90)):  # above ten times the largest day it is unlikely
        claims = [said(people, "b", qualifier="count"), said(90, "b2", qualifier="count")]
        assert days(*history, *claims)[-1] == (90, 90, high)


def test_the_days_of_a_period_are_scaled_in_their_proportion() -> None:
    """a counts 160 on the first day, and b2 700 in the week; b has 1,400 in the week, twice as many."""
    claims = [
        said(1_400, "b", WEEK, qualifier="count"),
        said(700, "b2", WEEK, qualifier="count"),
        said(160, "a", qualifier="count"),
    ]
    # the first day is 160, the others 90 each
    assert days(*claims) == [(160, 160, 320), *[(90, 90, 180)] * 6]


def test_low_does_not_fall_below_what_children_hold_for_sure() -> None:
    below = said(700, "a", flow="RU:KZ:aksai", qualifier="count")
    claims = [said(400, "b", qualifier="count"), said(1_000, "b2", qualifier="count"), below]
    assert days(*claims) == [(700, 1_000, 1_000)]


def test_a_bound_that_cannot_hold_widens_nothing() -> None:
    """The children by b2 come to 1,600; b says 1,000: it gives way to a bound, not to a claim."""
    below = said(1_600, "b2", flow="RU:KZ:aksai", qualifier="count")
    assert days(said(1_000, "b", qualifier="count"), below) == [(1_600, 1_600, None)]


def test_of_several_claims_the_widest_counts_in_any_order() -> None:
    #  atoms      |  0 |  1 |  2 |
    people = [100.0, 200.0, 100.0]
    claims = [((0, 2), 150.0), ((1, 3), 30.0)]
    for order in (claims, claims[::-1]):
        assert lowered(people, order, []) == pytest.approx([50, 20, 10])
        assert raised(people, [(span, 2_000 - low) for span, low in order], [1, 1, 1]) == pytest.approx(
            [616.666667, 1_313.333333, 656.666667]
        )


def test_atoms_without_people_share_what_a_claim_has_by_length() -> None:
    assert raised([0.0, 0.0], [((0, 2), 90.0)], [1, 2]) == [30, 60]
    assert lowered([0.0], [((0, 1), 0.0)], []) == [0]
    assert widening_claims([]) == []
