"""What a world is about: what contradicts, corrects, bounds and follows what, so that no world is drawn in vain."""

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
    """The share of so many examples that have each trait; one that none has is missing. `pytest -s` prints them."""
    found: Counter[str] = Counter()

    @settings(max_examples=number)
    @given(drawn)
    def look(example: T) -> None:
        for trait in set(traits(example)):
            event(trait)
            found[trait] += 1

    look()
    known = {trait: times / number for trait, times in sorted(found.items())}
    print({trait: f"{share:.0%}" for trait, share in known.items()})  # noqa: T201 - see the docstring
    return known


def too_rare(shares: dict[str, float], floors: dict[str, float]) -> dict[str, float]:
    """The traits whose share is below the least it has to be, with that share."""
    return {trait: shares.get(trait, 0.0) for trait, least in floors.items() if shares.get(trait, 0.0) < least}


def traits_of(world: World, desk: ReplayLedgers) -> set[str]:
    """The traits of a world, by the claims in it and by what a desk came to that took them."""
    found = {name for name, holds in _said(world).items() if holds}
    if any(state.conflicts for state in desk.states.values()):
        found.add("conflict")
    if desk.log:
        found.add("alert")
    if any(alert.previous is not None for alert in desk.log):
        found.add("second alert")
    if any(_both_bind(desk, world)):
        found.add("children and part bind")
    return found


def _said(world: World) -> dict[str, bool]:
    every = [claim for claims in world for claim in claims]
    versions: dict[Identity, list[Claim]] = defaultdict(list)
    for claim in every:
        versions[claim.identity].append(claim)
    later = [max(each, key=lambda one: one.published) for each in versions.values() if len(set(map(repr, each))) > 1]
    counting = [one for one in every if one.grade in WEIGHT and one.best is not None]
    return {
        "correction or withdrawal": bool(later),
        "withdrawal": any(one.best is None for one in later),
        "doubt": len(counting) < len([one for one in every if one.best is not None]),
        "counts by the hour": any(one.local_end - one.local_start < DAY for one in counting),
        "grades on one flow": any(one.grade != two.grade for one, two in _meeting(counting)),
        "cumulative": any(
            (one.source, one.local_start) == (two.source, two.local_start) and one.local_end != two.local_end
            for one, two in _meeting(counting)
        ),
    }


def _meeting(claims: Iterable[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """Pairs of claims on one flow, about the same people, whose periods overlap."""
    about: dict[tuple[str, str, str], list[Claim]] = defaultdict(list)
    for claim in claims:
        about[claim.flow, claim.population, claim.unit].append(claim)
    for each in about.values():
        for one, two in combinations(each, 2):
            if one.local_start < two.local_end and two.local_start < one.local_end:
                yield one, two


def _both_bind(desk: ReplayLedgers, world: World) -> Iterator[bool]:
    """By flow and day, whether the children added up and a part each exceed what the flow's own claims come to."""
    every = [claim for claims in world for claim in claims]
    for flow, node in desk.ledger.nodes.items():
        below, parts = node.below(PEOPLE), node.parts(PEOPLE)
        if below and parts and PEOPLE in node.series:
            alone = Ledger()
            alone.apply([claim for claim in every if claim.flow == flow and claim.population == "people"])
            own = alone.nodes[flow].open(PEOPLE).bins if flow in alone.nodes else {}
            for day in node.series[PEOPLE].bins:
                least = 1 + (own[day].best if day in own else 0.0)
                children = sum(one.bins[day].best for one in below if day in one.bins)
                yield children > least and any(one.bins[day].best > least for one in parts if day in one.bins)
