"""Unlikely claims: the same in any order and after a restart, as the slow ledger finds them."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bordertally.streams.detection.flow_state import flow_state
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.sources import Registry, Source
from bordertally.streams.reports.validation import read_report
from oracle.slow_ledger import PlainClaim, in_force, unlikely
from properties.traits import shares, too_rare
from properties.worlds import NOW, REGISTRY, RULES, SEEDS, batched, desk_of, figures, lived_and_restored
from properties.worlds import _day as day_of
from steady import examples
from unit.kit import alerts_of

Document = dict[str, Any]
GRADES = {name: name.upper() for name in "abcdef"}
UTC = Registry({name: Source(one.name, one.flows, one.grade) for name, one in REGISTRY.sources.items()}, REGISTRY.blocs)
FEW = settings(max_examples=examples(60))


def outliers(seed: int) -> list[Document]:
    """A month of counts at two checkpoints or of a country, a few figures far above them, and later versions of some.

    Sources are in UTC. `seed`: of what is drawn.
    """
    random = Random(seed)
    documents: list[Document] = []

    def report(source: str, flow: str, days: tuple[int, int], people: object, **more: Any) -> None:
        first, length = days
        published = f"2024-01-01T{len(documents) % 24:02}:{len(documents) // 24:02}:00+00:00"
        period = f"{day_of(first)}/{day_of(first + length)}"
        fields = {"flow": flow, "period": period, "people": people, "qualifier": "count", **more}
        documents.append({"id": f"r{len(documents)}", "source": source, "published": published, "claims": [fields]})

    known, country = random.choice((29, 30, 33, 33)), random.random() < 0.5
    for place in range(known):
        if country:
            report("a", "RU:KZ", (place, 1), random.choice((95, 100)))
        else:
            report("a", "RU:KZ:aksai", (place, 1), random.choice((55, 60)))
            report("b" if place == 7 else "a", "RU:KZ:mashtakovo", (place, 1), 40)
    for _ in range(random.choice((1, 2, 3))):
        flow = random.choice(("RU:KZ", "RU:KZ", "RU:KZ", "RU:KZ:aksai", "RU"))
        first, length = known + random.randrange(3), random.choice((1, 1, 1, 3))
        people = length * random.choice((1_000, 1_001, 3_000, 3_000, 6_000, 2_000_000))
        qualifier = random.choice(("count", "count", "count", "at_least", "at_most"))
        report(random.choice("abcd"), flow, (first, length), people, qualifier=qualifier)
        if random.randrange(2):
            report("b", flow, (first + random.choice((0, 0, 1, 400)), 1), people // length // random.choice((1, 2, 3)))
    for document in random.sample(documents, random.choice((0, 1, 3))):
        fields = document["claims"][0]
        version = random.choice((None, 100, 900, 1_500))
        documents.append(
            {
                **document,
                "id": "later",
                "published": "2024-06-01T00:00:00+00:00",
                "claims": [{**fields, "people": version}],
            }
        )
    return documents


def read(documents: list[Document]) -> list[list[Claim]]:
    return [read_report(json.dumps(document).encode(), UTC, NOW) for document in documents]


def found(documents: list[Document]) -> set[tuple[str, str, str]]:
    desk = desk_of(read(documents))
    return {(claim.flow, claim.report, claim.population) for state in desk.states.values() for claim in state.unlikely}


def expected(documents: list[Document]) -> list[PlainClaim]:
    return unlikely(in_force(documents, GRADES))


@FEW
@given(SEEDS)
def test_they_are_those_that_the_slow_ledger_finds(seed: int) -> None:
    documents = outliers(seed)
    assert found(documents) == {(claim.flow, claim.report, claim.population) for claim in expected(documents)}


@FEW
@given(SEEDS, st.data())
def test_any_order_finds_the_same(seed: int, data: st.DataObject) -> None:
    world = read(outliers(seed))
    one, other = desk_of(world), desk_of(data.draw(batched(world)))
    assert figures(other) == figures(one)
    assert alerts_of(other) == alerts_of(one)
    log = len(other.log)
    assert [list(other.apply(batch)) for batch in world] == [[]] * len(world)  # delivered again
    assert (figures(other), len(other.log)) == (figures(one), log)


@FEW
@given(SEEDS)
def test_a_restored_ledger_finds_the_same(seed: int) -> None:
    ledger, restored = lived_and_restored(read(outliers(seed)))
    for flow, node in ledger.nodes.items():
        assert flow_state(restored.nodes[flow], RULES) == flow_state(node, RULES)


def test_worlds_have_unlikely_claims_and_some_that_are_confirmed() -> None:
    def traits(seed: int) -> set[str]:
        desk = desk_of(read(outliers(seed)))
        suspicions = [
            suspicion
            for node in desk.ledger.nodes.values()
            for series in node.series.values()
            for suspicion in series.suspects.values()
        ]
        return {"confirmed" if suspicion.confirmed else "unlikely" for suspicion in suspicions}

    assert too_rare(shares(SEEDS, traits, 100), {"unlikely": 0.2, "confirmed": 0.1}) == {}
