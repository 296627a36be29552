"""Aliases: places that have several names, and what the claims under these names come to.

The ledger stores a claim under the name that its report used. The place is looked up whenever claims are read, so a
registry with other aliases moves the claims that are stored, and taking an alias back undoes the move.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import fsum
from typing import NamedTuple

from msgspec.structs import replace

from bordertally.streams.flows import Flow, ancestors
from bordertally.streams.ledger.groups import Groups, constraint_of
from bordertally.streams.qualifiers import Bound
from bordertally.streams.reconciliation.constraints import Constraint
from bordertally.streams.reports.claims import Claim, Identity, period_of
from bordertally.streams.reports.readings import NO_READINGS, Columns, Reading


def names_of(aliases: Mapping[Flow, Flow]) -> dict[Flow, tuple[Flow, ...]]:
    """Return the other names of each place, ordered."""
    names: dict[Flow, list[Flow]] = defaultdict(list)
    for name, place in sorted(aliases.items()):
        names[place].append(name)
    return {place: tuple(others) for place, others in names.items()}


def moved(flows: Collection[Flow], before: Mapping[Flow, Flow], after: Mapping[Flow, Flow]) -> set[Flow]:
    """Return the flows whose figures may differ after a change of aliases, with the flows above them.

    `flows`: the names under which claims are stored.
    """
    places = {
        place
        for name in before.keys() | after.keys()
        if name in flows and before.get(name) != after.get(name)
        for place in (name, before.get(name, name), after.get(name, name))
    }
    return places | {Flow(above) for place in places for above in ancestors(place)}


class Doubled(NamedTuple):
    """A period for which one source reports different figures under several names of a place: they are added up.

    `figures`: of each name, the report and the people, ordered by name. Days are ordinals, both inclusive.
    """

    source: str
    population: str
    unit: str
    first_day: int
    last_day: int
    figures: tuple[tuple[Flow, str, float], ...]


# --- statements ------------------------------------------------------------------------------------------------------


class PlaceGroups(Groups):
    """The groups of a place with several names: the claims of one source and period become one constraint."""

    def __init__(self) -> None:
        super().__init__()
        self._same: dict[Identity, dict[Flow, Claim]] = defaultdict(dict)
        self._doubled: set[Identity] = set()

    def add(self, claim: Claim) -> None:
        """Add a claim, beside the claims of its source on the same period under other names."""
        self._change(claim, claim)

    def remove(self, claim: Claim) -> None:
        """Remove a claim that was added."""
        self._change(claim, None)

    def _change(self, claim: Claim, now: Claim | None) -> None:
        slot, name = claim.identity._replace(flow=""), Flow(claim.flow)
        same = self._same[slot]
        if same:
            self.delete(one_constraint(map(constraint_of, same.values())))
        if now is None:
            del same[name]
        else:
            same[name] = now
        if same:
            self.insert(one_constraint(map(constraint_of, same.values())))
        else:
            del self._same[slot]
        if len({claim.best for claim in same.values()}) > 1:
            self._doubled.add(slot)
        else:
            self._doubled.discard(slot)

    def doubled(self) -> Iterator[Doubled]:
        """Yield the periods whose figures are added up."""
        for slot in sorted(self._doubled):
            same = self._same[slot]
            period = period_of(next(iter(same.values())))
            figures = tuple((name, claim.report, claim.best or 0.0) for name, claim in sorted(same.items()))
            yield Doubled(slot.source, slot.population, slot.unit, period.first_day, period.last_day, figures)


def one_constraint(same: Iterable[Constraint]) -> Constraint:
    """Return what the constraints of one source and one period come to, one for each name of a place.

    Equal figures are one figure, in the words of the most trusted constraint. Unequal figures are added up. The order
    of the constraints does not matter.
    """
    ordered = sorted(same, key=lambda each: (each.order, each.kind.value))
    newest = ordered[-1]
    if len(ordered) == 1:
        return newest
    reports = tuple(sorted({report for each in ordered for report in each.reports}))
    if len({each.best for each in ordered}) == 1:
        return newest._replace(reports=reports)
    return newest._replace(
        trust=newest.trust._replace(exact=all(each.trust.exact for each in ordered)),
        low=fsum([each.low for each in ordered]),
        best=fsum([each.best for each in ordered]),
        high=_sum_of([each.high for each in ordered]),
        kind=_bound_of([each.kind for each in ordered]),
        reports=reports,
    )


def _sum_of(highs: Sequence[float | None]) -> float | None:
    """Return the sum; None where a bound is open."""
    closed = [high for high in highs if high is not None]
    return fsum(closed) if len(closed) == len(highs) else None


def _bound_of(kinds: Collection[Bound]) -> Bound:
    """Return how a sum of figures bounds the people whom they count."""
    if Bound.AT_LEAST in kinds:
        return Bound.AT_LEAST
    return Bound.AT_MOST if Bound.AT_MOST in kinds else Bound.EQUAL


# --- readings --------------------------------------------------------------------------------------------------------

_MARK = "\n"
"""Begins a voice that uses another name of a place; no flow contains it."""


def voice_of(source: str, name: Flow, place: Flow) -> str:
    """Return the key under which a place keeps the readings that a source sent under one of its names."""
    return source if name == place else f"{_MARK}{name}{_MARK}{source}"


def speaker_of(voice: str, place: Flow) -> tuple[Flow, str]:
    """Return the name and the source of a voice."""
    if not voice.startswith(_MARK):
        return place, voice
    _, name, source = voice.split(_MARK, 2)
    return Flow(name), source


def source_of(voice: str) -> str:
    """Return the source of a voice."""
    return voice.rpartition(_MARK)[2]


def is_renamed(voice: str) -> bool:
    """Whether a voice uses another name of its place."""
    return voice.startswith(_MARK)


def by_source(by_voice: Mapping[str, Columns]) -> dict[str, Columns]:
    """Return the readings of one day by source: equal figures of one slot are one figure, unequal are added up."""
    same: dict[str, list[Columns]] = defaultdict(list)
    for voice, columns in sorted(by_voice.items()):
        same[source_of(voice)].append(columns)
    return {source: _one_set(columns) for source, columns in same.items()}


def side_by_side(by_voice: Mapping[str, Columns]) -> dict[str, Columns]:
    """Return the readings of one day by source, those of all names one after another."""
    joined: dict[str, Columns] = defaultdict(lambda: NO_READINGS)
    for voice, columns in sorted(by_voice.items()):
        joined[source_of(voice)] = joined[source_of(voice)].plus(columns)
    return dict(joined)


def _slots_of(same: Iterable[Columns]) -> dict[tuple[int, int], list[Reading]]:
    slots: dict[tuple[int, int], list[Reading]] = defaultdict(list)
    for columns in same:
        for reading in columns.readings():
            slots[reading.start, reading.end].append(reading)
    return slots


def _one_set(same: Sequence[Columns]) -> Columns:
    if len(same) == 1:
        return same[0]
    slots = _slots_of(same)
    return Columns.of([_one_reading(slots[slot]) for slot in sorted(slots)])


def _one_reading(same: Sequence[Reading]) -> Reading:
    ordered = sorted(same, key=lambda reading: (reading.published, reading.report, reading.grade, reading.low))
    newest = ordered[-1]
    if len({reading.best for reading in ordered}) == 1:
        return newest
    return replace(
        newest,
        low=fsum([reading.low for reading in ordered]),
        best=fsum([reading.best or 0.0 for reading in ordered]),
        high=_sum_of([reading.high for reading in ordered]),
    )


def doubled_on(day: int, by_voice: Mapping[str, Columns], place: Flow, population: str, unit: str) -> Iterator[Doubled]:
    """Yield the sources whose readings of a day are added up in a slot."""
    names: dict[str, dict[Flow, Columns]] = defaultdict(dict)
    for voice, columns in by_voice.items():
        name, source = speaker_of(voice, place)
        names[source][name] = columns
    for source, same in sorted(names.items()):
        if any(len({reading.best for reading in slot}) > 1 for slot in _slots_of(same.values()).values()):
            figures = tuple(
                (name, max(columns.reports), fsum([best or 0.0 for best in columns.bests]))
                for name, columns in sorted(same.items())
            )
            yield Doubled(source, population, unit, day, day, figures)
