"""Raking one scenario: atoms are scaled claim by claim, from the least to the most trusted, until nothing moves.

Iterative proportional fitting, or RAS (Deming & Stephan 1940; Bacharach 1970). Where this goes beyond it, and why:
- Before the first sweep the days are scaled to what the claims imply by difference (98 in a week and 81 on its first
  six days leave 17 for the seventh). Claims that agree then mostly come out exactly, in one pass, also where a
  remainder is zero; plain raking only creeps towards it. Where claims contradict each other they are taken as they
  are. Either way the finest comes first, and each first moves the days that no finer one speaks for.
- Every claim is taken at its figure once. A claim that cannot hold beside more trusted ones then gives way (see
  `feasibility`): swept again and again it would bend those that can hold, and nothing would ever come to rest.
- After that a claim moves only what is outside its own interval. So a rounded figure ("98,000") never bends exact
  counts that agree with it, and one that disagrees is pulled to its figure.
- An inequality acts only when violated, and shapes the start only of days that nothing else covers.
- Raking creeps where claims overlap much. What it leaves amiss after some sweeps is put right at one go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum
from operator import ge
from typing import NamedTuple

from bordertally.streams.reconciliation.constraints import Kind
from bordertally.streams.reconciliation.feasibility import Feasibility, implied
from bordertally.streams.reconciliation.margins import TOLERANCE, Atoms, Margin, slack_of

LEAST_SWEEPS = 2
EFFORT = 100
"""So many times a claim is looked at beyond the least number of sweeps: few claims are swept often, many seldom."""


class Raked(NamedTuple):
    """The people of each atom, and the ranks of the margins that gave way to more trusted ones.

    `circled`: the ranks of all margins that took part in a contradiction, those that hold too.
    """

    people: list[float]
    gone: frozenset[int] = frozenset()
    exact: bool = False
    circled: frozenset[int] = frozenset()


def rake(  # noqa: PLR0913 - the claims in three columns, and what is known of another scenario
    margins: Sequence[Margin],
    weights: Sequence[float],
    atoms: Atoms,
    model: Raked | None = None,
    origins: Sequence[str] = (),
    *,
    gone: frozenset[int] = frozenset(),
) -> Raked:
    """Rake margins in order of trust, each with its say in the starting shape.

    `model`, another scenario of the same claims: where their figures do not agree it lends its shape, and what gave
    way there gives way here. `origins`: that of each margin, as margins of one origin have one say; without any,
    each has its own. `gone`: the ranks of margins that give way in any case. Every margin that has not given way holds
    in the end.
    """
    slack = slack_of(margins)
    gone = model.gone if model else gone
    holding = _without(margins, gone)
    sums = implied(_equalities(holding), atoms, slack) if model is None or model.exact else []
    if model is None or (sums and not gone):
        x = _start(margins, weights, atoms, origins)
        _fill(x, sums or _equalities(margins), atoms)
    else:
        x = _start_like(model.people, margins, weights, atoms, origins)
    if sums and (exact := _exactly(x, sums, holding, atoms, slack)):
        return Raked(exact, gone, exact=True)
    begun = list(x)
    sweep(x, [_at_its_figure(margin) for margin in holding], atoms, slack)
    if all(margin.low - slack <= fsum(x[margin.first : margin.last]) <= margin.high + slack for margin in holding):
        return Raked(x, gone)
    feasibility = Feasibility(margins, atoms, slack, gone)
    feasibility.seek(begun if model else x)
    if feasibility.gone != gone:
        gone = frozenset(feasibility.gone)
        holding = _without(margins, gone)
        sums = implied(_equalities(holding), atoms, slack)
        if sums and (exact := _exactly(x, sums, holding, atoms, slack)):
            return Raked(exact, gone, exact=True, circled=frozenset(feasibility.circled))
    if not _rests(x, holding, atoms, slack):
        x = feasibility.close(x)
    return Raked(x, frozenset(feasibility.gone), circled=frozenset(feasibility.circled))


def _exactly(
    x: list[float], sums: Sequence[Margin], holding: Sequence[Margin], atoms: Atoms, slack: float
) -> list[float] | None:
    """Rake to sums that equalities imply; None where they cannot hold beside each other, floors and inequalities."""
    margins = [*sums, *[margin for margin in holding if margin.kind is not Kind.EQUAL]]
    exact = list(x)
    _fill(exact, sums, atoms)
    if not sweep(exact, margins, atoms, slack):
        return exact
    feasibility = Feasibility(margins, atoms, slack)
    feasibility.seek(exact)
    if feasibility.gone:
        return None
    return exact if _rests(exact, margins, atoms, slack) else feasibility.close(exact)


def _rests(x: list[float], margins: Sequence[Margin], atoms: Atoms, slack: float) -> bool:
    """Sweep until nothing moves; whether it came to that."""
    return any(not sweep(x, margins, atoms, slack) for _ in range(max(LEAST_SWEEPS, EFFORT // max(1, len(margins)))))


def sweep(x: list[float], margins: Iterable[Margin], atoms: Atoms, slack: float) -> bool:
    """Scale, in order, what every margin covers that does not hold; whether any did not."""
    moved = False
    for first, last, target, low, high, kind in margins:
        people = fsum(x[first:last])
        if low - slack <= people <= high + slack:
            continue
        aim = target if kind is Kind.EQUAL else low if people < low else high
        _scale(x, first, last, aim, atoms)
        moved = True
    return lift(x, atoms) or moved


def _without(margins: Sequence[Margin], gone: Iterable[int]) -> Sequence[Margin]:
    return [margin for rank, margin in enumerate(margins) if rank not in gone] if gone else margins


def _equalities(margins: Iterable[Margin]) -> list[Margin]:
    return [margin for margin in margins if margin.kind is Kind.EQUAL]


def _at_its_figure(margin: Margin) -> Margin:
    first, last, target, low, high, kind = margin
    return margin if kind is not Kind.EQUAL or low == high else Margin(first, last, target, target, target, kind)


def _start(margins: Sequence[Margin], weights: Sequence[float], atoms: Atoms, origins: Sequence[str]) -> list[float]:
    """The starting shape: the weighted mean rate of the equalities; else of the upper bounds; else what is needed."""
    lengths = atoms.lengths
    weighed = list(zip(margins, weights, origins or map(str, range(len(margins))), strict=True))
    x = [0.0] * len(lengths)
    for kind in (Kind.EQUAL, Kind.AT_MOST):
        for atom, rate in enumerate(_mean_rates(kind, weighed, lengths)):
            if rate is not None and not x[atom]:
                x[atom] = lengths[atom] * rate
    least = [margin for margin in margins if margin.kind is Kind.AT_LEAST]
    if least:
        settled = [margin for margin in margins if margin.kind is Kind.EQUAL or margin.high == 0.0]
        fixed = {atom for margin in settled for atom in range(margin.first, margin.last)}
        for first, last, target, *_ in sorted(
            least, key=lambda margin: (margin.last - margin.first, margin.first, margin.target)
        ):
            missing = target - fsum(x[first:last])
            empty = [atom for atom in range(first, last) if not x[atom] and atom not in fixed]
            if missing > 0 and empty:
                _spread(x, empty, missing, Atoms(lengths, [0.0] * len(x), {}, floored=False))
    lift(x, atoms)
    return x


def _mean_rates(
    kind: Kind, weighed: Sequence[tuple[Margin, float, str]], lengths: Sequence[float]
) -> list[float | None]:
    """The weighted mean rate of the claims of a kind at each atom; None where none covers it.

    `weighed`: each margin with its weight and its origin. Claims of one origin at an atom have one say, that of the
    most trusted: their own weighted mean rate counts once.
    """
    origins = {origin for _, _, origin in weighed}
    if len(origins) in {1, len(weighed)}:  # mostly; the mean of one origin is the mean of its claims
        return [rate / share if share else None for rate, share, _ in _rates(kind, weighed, lengths)]
    by_origin = [_rates(kind, weighed, lengths, origin) for origin in sorted(origins)]
    means: list[float | None] = []
    for here in zip(*by_origin, strict=True):
        weight = fsum([most for _, _, most in here])
        means.append(fsum([most * rate / share for rate, share, most in here if share]) / weight if weight else None)
    return means


def _rates(
    kind: Kind, weighed: Sequence[tuple[Margin, float, str]], lengths: Sequence[float], only: str | None = None
) -> Iterable[tuple[float, float, float]]:
    """At each atom, of claims of a kind (and of one origin): rates by weight, the weights, and the largest weight."""
    rates, shares, most = ([0.0] * len(lengths) for _ in range(3))
    for (first, last, target, _, _, of), weight, origin in weighed:
        if of is kind and (only is None or origin == only):
            rate = weight * target / fsum(lengths[first:last])
            for atom in range(first, last):
                rates[atom] += rate
                shares[atom] += weight
                most[atom] = max(most[atom], weight)
    return zip(rates, shares, most, strict=True)


def _start_like(
    people: list[float], margins: Sequence[Margin], weights: Sequence[float], atoms: Atoms, origins: Sequence[str]
) -> list[float]:
    """A starting shape that is known, but for atoms that only inequalities cover."""
    x = list(people)
    equalities = _equalities(margins)
    if len(equalities) < len(margins):
        fixed = {atom for margin in equalities for atom in range(margin.first, margin.last)}
        own = _start(margins, weights, atoms, origins)
        x = [people[atom] if atom in fixed else own[atom] for atom in range(len(x))]
    lift(x, atoms)
    return x


def _fill(x: list[float], equalities: Iterable[Margin], atoms: Atoms) -> None:
    """Apply equalities once, the finest first: each to the days that no finer one speaks for, where there is room."""
    finest = sorted(equalities, key=lambda margin: margin.last - margin.first)
    least = atoms.least
    for (first, last, target, *_), finer in zip(finest, _finer_within(finest), strict=True):
        if not finer:
            _scale(x, first, last, max(target, fsum(least[first:last])), atoms)
            continue
        rest = [atom for atom in range(first, last) if not finer >> atom & 1]
        need = target - fsum([x[atom] for atom in range(first, last) if finer >> atom & 1])
        room = fsum([least[atom] for atom in rest])
        if rest and need >= room - TOLERANCE * max(1.0, target):
            _spread(x, rest, max(need, room), atoms)
        else:
            _scale(x, first, last, target, atoms)


def _finer_within(finest: Iterable[Margin]) -> list[int]:
    """Of each margin, the atoms that shorter ones within it cover, as bits."""
    spans = [(1 << last) - (1 << first) for first, last, *_ in finest]
    finer = []
    for index, span in enumerate(spans):
        covered = 0
        for other in spans[:index]:
            if other | span == span and other != span:
                covered |= other
        finer.append(covered)
    return finer


def lift(x: list[float], atoms: Atoms) -> bool:
    """Raise what is below its floor; whether a day of several atoms was."""
    raised = False
    if atoms.floored:
        x[:] = map(max, x, atoms.least)
    for (first, last), floor in atoms.wide.items():
        people = fsum(x[first:last])
        if people < floor:
            _spread(x, range(first, last), floor, atoms)
            raised |= people < floor * (1 - TOLERANCE)
    return raised


def _scale(x: list[float], first: int, last: int, target: float, atoms: Atoms) -> None:
    """What `_spread` does, for neighbours, and quickly where no floor is in the way."""
    people = x[first:last]
    total = fsum(people)
    if total > 0.0:
        scaled = list(map((target / total).__mul__, people))
        if not atoms.floored or total <= target or all(map(ge, scaled, atoms.least[first:last])):
            x[first:last] = scaled
            return
    _spread(x, range(first, last), target, atoms)


def _spread(x: list[float], among: Sequence[int], target: float, atoms: Atoms) -> None:
    """Scale atoms proportionally to a sum, none below its floor; atoms that are all zero share it by length."""
    least, free = atoms.least, among
    while free:
        total = fsum([x[atom] for atom in free])
        if total <= 0.0:
            whole = fsum([atoms.lengths[atom] for atom in free])
            for atom in free:
                x[atom] = max(least[atom], max(0.0, target) * atoms.lengths[atom] / whole)
            return
        factor = max(0.0, target) / total
        for atom in free:
            x[atom] *= factor
        stuck = [atom for atom in free if x[atom] < least[atom]]
        if not stuck:
            return
        for atom in stuck:
            x[atom] = least[atom]
            target -= least[atom]
        free = [atom for atom in free if x[atom] > least[atom]]
