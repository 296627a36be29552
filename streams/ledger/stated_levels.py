"""Stated levels: the normals and changes that sources state, which outlive later versions of their claims.

A level is a record of its own, of one source, population and first day. A later version of the claim that corrects only
the people says nothing of the level; a version that is stale for its people may still state the latest level.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from bordertally.streams.ledger.rows import BLOCK_DAYS
from bordertally.streams.ledger.versions import rank
from bordertally.streams.periods import ordinal_of
from bordertally.streams.reports.claims import NO_NORMAL, Claim, Identity
from bordertally.streams.reports.records import Unit
from bordertally.streams.reports.sources import counts

LevelKind = Literal["stated", "derived"]
"""A stated level is the `normal` of a claim; a derived level follows from its `change_percent`."""

KINDS: tuple[LevelKind, ...] = ("stated", "derived")


class LevelStatement(NamedTuple):
    """A level in force, with the version of the claim that states it."""

    kind: LevelKind
    claim: Claim


def states(claim: Claim, kind: LevelKind) -> bool:
    """Whether a version of a claim states a level of a kind, or takes one back; only people that count have levels."""
    if claim.best is None or claim.unit != Unit.PEOPLE or not counts(claim.grade):
        return False
    return claim.normal is not None if kind == "stated" else claim.change_percent is not None and claim.best > 0


class _Versions:
    """The versions of one claim that matter for its levels: the latest that states each, and the latest withdrawal."""

    def __init__(self) -> None:
        self.statements: dict[LevelKind, Claim] = {}
        self.withdrawal: Claim | None = None

    def add(self, claim: Claim) -> bool:
        """Add a version; whether it is kept."""
        if claim.best is None:
            kept = self.withdrawal is None or rank(claim) > rank(self.withdrawal)
            if kept:
                self.withdrawal = claim
            return kept
        later = [
            kind
            for kind in KINDS
            if states(claim, kind) and (kind not in self.statements or rank(claim) > rank(self.statements[kind]))
        ]
        self.statements.update(dict.fromkeys(later, claim))
        return bool(later)

    def statement(self, kind: LevelKind) -> Claim | None:
        """The version that states the level of a kind, unless a withdrawal at that time or later took it back."""
        claim = self.statements.get(kind)
        if claim is None or (self.withdrawal is not None and self.withdrawal.published >= claim.published):
            return None
        return claim

    def kept(self) -> list[Claim]:
        """All of these versions."""
        withdrawal = [] if self.withdrawal is None else [self.withdrawal]
        return [*dict.fromkeys(self.statements.values()), *withdrawal]


Place = tuple[str, str, int]
"""Source, population and first day: what a level is the record of, beside its kind and the flow."""


def _place_of(claim: Claim) -> Place:
    return claim.source, claim.population, ordinal_of(claim.local_start)


class StatedLevels:
    """The stated levels of one flow. They depend on the set of versions alone, not on their order."""

    def __init__(self) -> None:
        self._places: dict[Place, dict[Identity, _Versions]] = defaultdict(dict)
        self._blocks: dict[int, set[Place]] = defaultdict(set)

    def add(self, claim: Claim) -> tuple[bool, list[LevelStatement], list[LevelStatement]]:
        """Add a version of a claim about crossings: whether it is kept, and the levels that went and came."""
        if claim.best is not None and not any(states(claim, kind) for kind in KINDS):
            return False, [], []
        place = _place_of(claim)
        before = self._in_force(place)
        kept = self._places[place].setdefault(claim.identity, _Versions()).add(claim)
        self._blocks[place[2] // BLOCK_DAYS].add(place)
        now = self._in_force(place)
        return kept, [one for one in before if one not in now], [one for one in now if one not in before]

    def _in_force(self, place: Place) -> list[LevelStatement]:
        """The levels of a place: of each kind that of the latest version, unless this version takes it back."""
        levels = []
        for kind in KINDS:
            versions = self._places.get(place, {}).values()
            stated = [claim for each in versions if (claim := each.statement(kind)) is not None]
            latest = max(stated, key=rank, default=None)
            if latest is not None and (kind == "derived" or latest.normal != NO_NORMAL):
                levels.append(LevelStatement(kind, latest))
        return levels

    def __iter__(self) -> Iterator[LevelStatement]:
        """All levels in force."""
        return (statement for place in self._places for statement in self._in_force(place))

    def begun(self, block: int) -> Iterable[Claim]:
        """The versions to keep of claims whose period begins in a block of BLOCK_DAYS days, in any order."""
        for place in self._blocks.get(block, ()):
            for versions in self._places[place].values():
                yield from versions.kept()
