"""Thousands of small worlds: reports in any order, late by months, corrected, withdrawn and delivered again.

A world is drawn by a seed, in plain Python: that costs a tenth of drawing it piece by piece, so there can be many more:
five times 600 in `make laws`, five times 240 in `make test`.
They are small and crowded: few flows and days, so that nearly every claim meets another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

import msgspec
from hypothesis import given, settings

from bordertally.streams.detection.flow_state import flow_state
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.reports.claims import Claim
from bordertally.streams.rules.config import Rules
from properties.worlds import EVERY_RULE, RULES, SEEDS, START, desk_of, figures, read, stored
from steady import examples
from unit.kit import alerts_of

MANY = settings(max_examples=examples(600))
FLOWS = ("RU:KZ", "RU:KZ", "RU:KZ", "RU:KZ:aksai", "RU:KZ:mashtakovo", "RU")
QUALIFIERS = ("count", "count", "stated", "about", "more_than", "at_least", "at_most")
PEOPLE = (0, 90, 100, 120, 150, 200, 300, 450, 900, 2_000)
DAYS = 6


def _day(offset: int) -> str:
    return (START + timedelta(days=offset)).date().isoformat()


def fields(random: Random) -> tuple[dict[str, Any], int]:
    """A claim as a producer writes it, and the day after it ends."""
    first, flow = random.randrange(DAYS), random.choice(FLOWS)
    kind = random.randrange(8)
    if kind < 3:
        hours = random.choice((4, 6, 12, 24))
        begin = START + timedelta(days=first, hours=random.choice((0, 6, 12, 18)))
        period, end = f"{begin:%Y-%m-%dT%H:%M}Z/PT{hours}H", first + 2
    else:
        length = random.choice((1, 1, 1, 2, 3, 7))
        period, end = f"{_day(first)}/{_day(first + length)}", first + length
    found: dict[str, Any] = {"flow": flow, "period": period, "qualifier": random.choice(QUALIFIERS)}
    if kind > 2 and not random.randrange(3):
        found |= random.choice(({"normal": {"daily": 100}}, {"normal": {"daily": [90, 140]}}, {"change_percent": 30}))
    elif not random.randrange(12):
        found["population"] = "men"
    return found, end


def world(random: Random) -> list[list[Claim]]:
    """Reports of one claim each: versions of a few claims, the later ones published up to half a year later."""
    documents = []
    for number in range(random.randint(2, 9)):
        claim, end = fields(random)
        source = random.choice("aabbcd")
        for version in range(random.choice((1, 1, 2, 3))):
            late = random.choice((0, 1, 5, 40, 180)) if version or not random.randrange(4) else 0
            published = START + timedelta(days=end + late, hours=6 + version)
            people = None if version and not random.randrange(4) else random.choice(PEOPLE)
            head = {"id": f"r{number}-{version}", "source": source, "published": published.isoformat()}
            documents.append({**head, "claims": [{**claim, "people": people}]})
    return read(documents)


def disordered(random: Random, reports: Sequence[list[Claim]]) -> list[list[Claim]]:
    """The same in another order and in batches, some of them delivered again."""
    every = [one for claims in reports for one in claims]
    every += random.choices(every, k=random.randrange(len(every) + 1))
    random.shuffle(every)
    batches = []
    while every:
        size = random.choice((1, 2, 5, len(every)))
        batches.append(every[:size])
        every = every[size:]
    return batches


def in_order(reports: Sequence[list[Claim]]) -> list[list[Claim]]:
    """Report by report as they were published."""
    return sorted(reports, key=lambda claims: (claims[0].published, msgspec.msgpack.encode(claims)))


def bears_on_levels(claim: Claim) -> bool:
    """Whether a version counts for a level though another version is in force: it states one, or takes one back."""
    return claim.normal is not None or claim.change_percent is not None or claim.best is None


def same(random: Random, rules: Rules) -> None:
    """Published in order, and however else it may come: figures and alerts are the same."""
    reports = world(random)
    expected, other = desk_of(in_order(reports), rules), desk_of(disordered(random, reports), rules)
    assert figures(other) == figures(expected)
    assert alerts_of(other) == alerts_of(expected)


@given(SEEDS)
@MANY
def test_any_order_late_corrected_withdrawn_and_again_comes_to_what_order_of_publication_does(seed: int) -> None:
    same(Random(seed), RULES)


@given(SEEDS)
@MANY
def test_the_same_holds_with_every_rule(seed: int) -> None:
    same(Random(seed), EVERY_RULE)


@given(SEEDS)
@MANY
def test_versions_that_are_replaced_leave_no_trace_but_the_level_they_state(seed: int) -> None:
    random = Random(seed)
    reports = world(random)
    newest: dict[tuple[object, ...], list[Claim]] = {}
    for claims in in_order(reports):
        newest[tuple(claims[0].identity)] = claims
    kept = [claims for claims in reports if newest[tuple(claims[0].identity)] is claims or bears_on_levels(claims[0])]
    desk, plain = desk_of(disordered(random, reports)), desk_of(in_order(kept))
    assert {flow: one.days for flow, one in desk.states.items()} == {f: one.days for f, one in plain.states.items()}
    assert alerts_of(desk) == alerts_of(plain)


@given(SEEDS)
@MANY
def test_a_ledger_restored_again_and_again_while_reports_come_twice_comes_to_the_same(seed: int) -> None:
    random = Random(seed)
    reports = world(random)
    ledger, rows = Ledger(), dict[bytes, bytes]()
    batches = disordered(random, reports)
    for number, batch in enumerate(batches):
        for claims in [batch, *batches[random.randint(0, number) : number]]:  # what was not committed comes again
            rows |= {row.key: ledger.row(row) for row in ledger.apply(claims).rows}
        if random.randrange(3):
            ledger = stored(rows)
    expected = desk_of(in_order(reports))
    assert {flow: flow_state(node, RULES) for flow, node in stored(rows).nodes.items()} == dict(expected.states)


@given(SEEDS)
@MANY
def test_what_is_delivered_again_says_nothing(seed: int) -> None:
    random = Random(seed)
    reports = world(random)
    desk = desk_of(in_order(reports))
    before, said = figures(desk), len(desk.log)
    for batch in disordered(random, reports):
        assert list(desk.apply(batch)) == []
    assert figures(desk) == before
    assert len(desk.log) == said
