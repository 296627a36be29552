"""Traits of generated examples, and the share of the examples that have each trait.

A law about conflicts holds trivially in a world without conflicts, so tests set a least share for every trait.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import TypeVar

from hypothesis import event, given, settings
from hypothesis import strategies as st

from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.periods import DAY
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.reports.claims import Claim, Identity
from bordertally.streams.reports.sources import WEIGHT

World = Sequence[Sequence[Claim]]
T = TypeVar("T")


def shares(drawn: st.SearchStrategy[T], traits: Callable[[T], Iterable[str]], number: int) -> dict[str, float]:
    """The share of `number` examples with each trait; a trait that none has is missing. `pytest -s` prints them."""
    times: Counter[str] = Counter()

    @settings(max_examples=number)
    @given(drawn)
    def look(example: T) -> None:
        for trait in set(traits(example)):
            event(trait)
            times[trait] += 1

    look()
    share_of = {trait: count / number for trait, count in sorted(times.items())}
    print({trait: f"{share:.0%}" for trait, share in share_of.items()})  # noqa: T201 - see the docstring
    return share_of


def too_rare(measured: dict[str, float], floors: dict[str, float]) -> dict[str, float]:
    """The traits whose share is below its floor, with the share."""
    return {trait: measured.get(trait, 0.0) for trait, least in floors.items() if measured.get(trait, 0.0) < least}


def traits_of(world: World, ledgers: ReplayLedgers) -> set[str]:
    """The traits of a world: those of its claims, and those of the ledgers and alerts after its reports."""
    traits = {trait for trait, present in _traits_of_claims(world).items() if present}
    if any(state.conflicts for state in ledgers.states.values()):
        traits.add("conflict")
    if ledgers.log:
        traits.add("alert")
    if any(alert.previous is not None for alert in ledgers.log):
        traits.add("second alert")
    if any(_both_bind(ledgers, world)):
        traits.add("children and part bind")
    return traits


def _traits_of_claims(world: World) -> dict[str, bool]:
    every = [claim for claims in world for claim in claims]
    versions: dict[Identity, list[Claim]] = defaultdict(list)
    for claim in every:
        versions[claim.identity].append(claim)
    replaced = [each for each in versions.values() if len(set(map(repr, each))) > 1]
    later = [max(each, key=lambda claim: claim.published) for each in replaced]
    counting = [claim for claim in every if claim.grade in WEIGHT and claim.best is not None]
    return {
        "correction or withdrawal": bool(later),
        "withdrawal": any(claim.best is None for claim in later),
        "doubt": len(counting) < len([claim for claim in every if claim.best is not None]),
        "counts by the hour": any(claim.local_end - claim.local_start < DAY for claim in counting),
        "grades on one flow": any(claim.grade != other.grade for claim, other in _overlapping(counting)),
        "cumulative": any(
            (claim.source, claim.local_start) == (other.source, other.local_start)
            and claim.local_end != other.local_end
            for claim, other in _overlapping(counting)
        ),
    }


def _overlapping(claims: Iterable[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """Pairs of claims on one flow, about the same people, whose periods overlap."""
    about: dict[tuple[str, str, str], list[Claim]] = defaultdict(list)
    for claim in claims:
        about[claim.flow, claim.population, claim.unit].append(claim)
    for each in about.values():
        for claim, other in combinations(each, 2):
            if claim.local_start < other.local_end and other.local_start < claim.local_end:
                yield claim, other


def _both_bind(ledgers: ReplayLedgers, world: World) -> Iterator[bool]:
    """By flow and day: whether the sum of the children and a part each exceed what the flow's own claims come to."""
    every = [claim for claims in world for claim in claims]
    for flow, node in ledgers.ledger.nodes.items():
        below, parts = node.below(PEOPLE), node.parts(PEOPLE)
        if below and parts and PEOPLE in node.series:
            alone = Ledger()
            alone.apply([claim for claim in every if claim.flow == flow and claim.population == "people"])
            own = alone.nodes[flow].open(PEOPLE).bins if flow in alone.nodes else {}
            for day in node.series[PEOPLE].bins:
                least = 1 + (own[day].best if day in own else 0.0)
                children = sum(one.bins[day].best for one in below if day in one.bins)
                yield children > least and any(one.bins[day].best > least for one in parts if day in one.bins)
