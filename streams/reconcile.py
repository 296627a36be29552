"""Reconciling: day bins out of claims that overlap, by raking (iterative proportional fitting, RAS).

Three scenarios are raked, every claim at its low, best and high end. In each, the days start from the mean of the
daily rates of the claims covering them and are scaled claim by claim, from the least to the most trusted, until
nothing moves. Deming & Stephan 1940; Bacharach 1970.

Where this goes beyond plain raking, and why:
- Before the first sweep the days are scaled to what the claims imply by difference (98 in a week and 81 on its first
  six days leave 17 for the seventh). Claims that agree then mostly come out exactly, in one pass, also where a
  remainder is zero; plain raking only creeps towards it. Where claims contradict each other they are taken as they
  are. Either way the finest comes first, and each first moves the days that no finer one speaks for. The sweeps
  themselves scale all days of a claim: moving only some of them can go round in circles for ever.
- A second pass moves only claims that are outside their own interval. So a rounded figure ("98,000") never bends exact
  counts that agree with it, and one that disagrees is pulled to its figure, the most trusted last.
- An inequality acts only when violated, and shapes the start only of days that nothing else covers.
- Floors (what is known of the children and of the parts of a flow, day by day) are never undercut.
"""

from __future__ import annotations

import enum
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from streams.periods import DAY, midnight

SWEEPS = 200
TOLERANCE = 1e-9


class Kind(enum.Enum):
    """How a constraint acts on the sum of its days."""

    EQUAL = "equal"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


class Constraint(NamedTuple):
    """A claim as arithmetic: the days from `start` to `end` (wall-clock seconds) hold low..high people.

    `trust` orders constraints, the most trusted last; `weight` is its say in the starting shape. `partial`: readings
    that cover only some hours of their day. `reports` are the ids it stands for.
    """

    start: int
    end: int
    low: float
    best: float
    high: float | None
    kind: Kind
    trust: tuple[object, ...]
    weight: float
    reports: tuple[str, ...]
    partial: bool = False


class Bin(NamedTuple):
    """People on one day. `high` is None where nothing bounds it.

    `full`: claims that say how many, and not how many at least, cover the whole day.
    """

    low: float
    best: float
    high: float | None
    full: bool


class Misfit(NamedTuple):
    """A constraint that cannot hold beside the more trusted `rivals`: its figure is missed by `gap` people.

    Without rivals it is the floors, children or parts of the flow, that leave no room for it.
    """

    constraint: Constraint
    rivals: tuple[Constraint, ...]
    gap: float


class _Scenarios(NamedTuple):
    """The atoms raked at the low, best and high end of every claim."""

    low: list[float]
    best: list[float]
    high: list[float]


class _Fit(NamedTuple):
    """A constraint on the atoms [first, last) in one scenario."""

    first: int
    last: int
    target: float
    low: float
    high: float
    kind: Kind


def reconcile(
    constraints: Sequence[Constraint], floors: Mapping[int, Bin], first_day: int, last_day: int
) -> tuple[dict[int, Bin], list[Misfit]]:
    """Rake the days first_day..last_day (ordinals, inclusive) to constraints that lie within them.

    `floors`: for some days, what the flow is known to be at least, in each scenario. Returns the bins of all covered
    days, and the constraints that could not hold. Depends only on the set of constraints, not on their order.
    """
    ordered = sorted(constraints, key=lambda one: one.trust)
    edges = sorted(
        {midnight(day) for day in range(first_day, last_day + 2)}
        | {edge for one in ordered for edge in (one.start, one.end)}
    )
    spans = [(bisect_left(edges, one.start), bisect_left(edges, one.end)) for one in ordered]
    lengths = [float(right - left) for left, right in pairwise(edges)]
    days = {
        day: (bisect_left(edges, midnight(day)), bisect_left(edges, midnight(day + 1)))
        for day in range(first_day, last_day + 1)
    }
    asked: list[tuple[list[_Fit], dict[tuple[int, int], float]]] = []
    scenarios: list[list[float]] = []
    for end in ("low", "best", "high"):
        fits = [_fit(one, span, end) for one, span in zip(ordered, spans, strict=True)]
        floor = {days[day]: _floor(known, end) for day, known in floors.items() if first_day <= day <= last_day}
        if (fits, floor) in asked:  # exact counts: the scenarios are one
            scenarios.append(scenarios[asked.index((fits, floor))])
        else:
            scenarios.append(_rake(fits, _start(ordered, fits, lengths), lengths, floor))
        asked.append((fits, floor))
    raked = _Scenarios(*scenarios)
    misfits = _misfits(ordered, spans, raked.best)
    refuted = {misfit.constraint for misfit in misfits if not misfit.rivals}
    return _bins(list(zip(ordered, spans, strict=True)), days, floors, raked, refuted), misfits


def _floor(known: Bin, end: str) -> float:
    if end == "low":
        return known.low
    return known.best if end == "best" or known.high is None else known.high


def _fit(one: Constraint, span: tuple[int, int], end: str) -> _Fit:
    high = float("inf") if one.high is None else one.high
    match one.kind:
        case Kind.EQUAL:
            target = {"low": one.low, "best": one.best, "high": high}[end]
        case Kind.AT_LEAST:
            target = one.low if end == "low" else one.best
        case Kind.AT_MOST:
            target = one.low if end == "low" else high
    low = target if one.kind is Kind.AT_LEAST else one.low
    return _Fit(*span, target, low, high, one.kind)


def _start(ordered: list[Constraint], fits: list[_Fit], lengths: list[float]) -> list[float]:
    """The starting shape: the weighted mean rate of the equalities; else of the upper bounds; else what is needed."""
    start = [0.0] * len(lengths)
    for kind in (Kind.EQUAL, Kind.AT_MOST):
        rates, weights = [0.0] * len(lengths), [0.0] * len(lengths)
        for one, fit in zip(ordered, fits, strict=True):
            if one.kind is kind:
                rate = one.weight * fit.target / sum(lengths[fit.first : fit.last])
                for atom in range(fit.first, fit.last):
                    rates[atom] += rate
                    weights[atom] += one.weight
        for atom, weight in enumerate(weights):
            if weight and not start[atom]:
                start[atom] = lengths[atom] * rates[atom] / weight
    bounded = {atom for fit in fits if fit.kind is not Kind.AT_LEAST for atom in range(fit.first, fit.last)}
    least = [fit for fit in fits if fit.kind is Kind.AT_LEAST]
    for fit in sorted(least, key=lambda fit: (fit.last - fit.first, fit.first, fit.target)):
        missing = fit.target - sum(start[fit.first : fit.last])
        empty = [atom for atom in range(fit.first, fit.last) if not start[atom] and atom not in bounded]
        if missing > 0 and empty:
            whole = sum(lengths[atom] for atom in empty)
            for atom in empty:
                start[atom] = missing * lengths[atom] / whole
    return start


def _rake(
    fits: list[_Fit], start: list[float], lengths: list[float], floors: dict[tuple[int, int], float]
) -> list[float]:
    x = list(start)
    least = [0.0] * len(x)
    wide = {}
    for (first, last), floor in floors.items():
        if last - first == 1:
            least[first] = floor
        else:
            wide[first, last] = floor
    _raise(x, least, wide, lengths)
    equalities = [fit for fit in fits if fit.kind is Kind.EQUAL]
    implied = _implied(equalities, floors)
    _fill(x, implied or equalities, least, lengths)
    shaping = [*implied, *(fit for fit in fits if fit.kind is not Kind.EQUAL)] if implied else fits
    for _ in range(SWEEPS):
        before = list(x)
        for fit in shaping:
            _apply(x, fit, least, lengths, always=True)
        if len(fits) > 1:
            for fit in fits:
                _apply(x, fit, least, lengths, always=False)
        _raise(x, least, wide, lengths)
        scale = TOLERANCE * max(1.0, *before) if before else 0.0
        if all(abs(now - then) <= scale for now, then in zip(x, before, strict=True)):
            break
    return x


def _raise(x: list[float], least: list[float], wide: dict[tuple[int, int], float], lengths: list[float]) -> None:
    for atom, floor in enumerate(least):
        x[atom] = max(x[atom], floor)
    for (first, last), floor in wide.items():
        if sum(x[first:last]) < floor:
            _scale(x, range(first, last), floor, least, lengths)


def _implied(equalities: list[_Fit], floors: dict[tuple[int, int], float]) -> list[_Fit]:
    """The finest sums that follow from equalities by adding and subtracting them.

    None where they contradict each other, or leave less than nothing or than the floors anywhere.

    A sum over [first, last) is the difference of two running totals. Claims that share an end tie running totals
    together, and two neighbours among tied ones say what lies between.
    """
    ties: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for fit in equalities:
        ties[fit.first].append((fit.last, fit.target))
        ties[fit.last].append((fit.first, -fit.target))
    slack = TOLERANCE * max([1.0, *(fit.target for fit in equalities)])
    seen: set[int] = set()
    implied = []
    for root in sorted(ties):
        if root in seen:
            continue
        running, waiting = {root: 0.0}, [root]
        while waiting:
            here = waiting.pop()
            for there, step in ties[here]:
                if there not in running:
                    running[there] = running[here] + step
                    waiting.append(there)
                elif abs(running[here] + step - running[there]) > slack:
                    return []
        seen.update(running)
        for left, right in pairwise(sorted(running)):
            people = running[right] - running[left]
            least = sum(floor for (first, last), floor in floors.items() if left <= first and last <= right)
            if people < least - slack:
                return []
            people = people if people > slack else 0.0
            implied.append(_Fit(left, right, people, people, people, Kind.EQUAL))
    return implied


def _fill(x: list[float], equalities: list[_Fit], least: list[float], lengths: list[float]) -> None:
    """Apply equalities once, the finest first: each to the days that no finer one speaks for, where there is room."""
    finest = sorted(equalities, key=lambda fit: fit.last - fit.first)
    for index, (first, last, target, *_) in enumerate(finest):
        taken = {
            atom
            for finer in finest[:index]
            if first <= finer.first and finer.last <= last and finer.last - finer.first < last - first
            for atom in range(finer.first, finer.last)
        }
        rest = [atom for atom in range(first, last) if atom not in taken]
        need = target - sum([x[atom] for atom in taken])
        room = sum([least[atom] for atom in rest])
        if rest and need >= room - TOLERANCE * max(1.0, target):
            _scale(x, rest, max(need, room), least, lengths)
        else:
            _scale(x, range(first, last), target, least, lengths)


def _apply(x: list[float], fit: _Fit, least: list[float], lengths: list[float], *, always: bool) -> None:
    held = sum(x[fit.first : fit.last])
    slack = TOLERANCE * max(1.0, fit.target)
    if fit.kind is Kind.EQUAL:
        if not always and fit.low - slack <= held <= fit.high + slack:
            return
    elif (fit.kind is Kind.AT_LEAST and held >= fit.low - slack) or (
        fit.kind is Kind.AT_MOST and held <= fit.high + slack
    ):
        return
    target = fit.high if fit.kind is Kind.AT_MOST else fit.target
    if held == target:
        return
    if held > 0.0 and not any(least[fit.first : fit.last]):  # as _scale does, without floors to look after
        factor = target / held
        x[fit.first : fit.last] = [people * factor for people in x[fit.first : fit.last]]
    else:
        _scale(x, range(fit.first, fit.last), target, least, lengths)


def _scale(x: list[float], atoms: Sequence[int], target: float, least: list[float], lengths: list[float]) -> None:
    """Scale atoms proportionally to a sum, none below its floor; atoms that are all zero share it by length."""
    free = atoms
    while free:
        held = sum([x[atom] for atom in free])
        if held <= 0.0:
            whole = sum(lengths[atom] for atom in free)
            for atom in free:
                x[atom] = max(least[atom], max(0.0, target) * lengths[atom] / whole)
            return
        factor = max(0.0, target) / held
        for atom in free:
            x[atom] *= factor
        stuck = [atom for atom in free if x[atom] < least[atom]]
        if not stuck:
            return
        for atom in stuck:
            x[atom] = least[atom]
            target -= least[atom]
        free = [atom for atom in free if x[atom] > least[atom]]


def _bins(
    placed: list[tuple[Constraint, tuple[int, int]]],
    days: dict[int, tuple[int, int]],
    floors: Mapping[int, Bin],
    raked: _Scenarios,
    refuted: set[Constraint],
) -> dict[int, Bin]:
    touched: set[int] = set()
    covered: set[int] = set()
    bounded: set[int] = set()
    for one, (first, last) in placed:
        touched.update(range(first, last))
        if one.kind is Kind.AT_LEAST:
            continue
        if not one.partial:
            covered.update(range(first, last))
        if one.high is not None and one not in refuted:
            bounded.update(range(first, last))
    bins = {}
    for day, (first, last) in days.items():
        atoms = range(first, last)
        floor = floors.get(day)
        if floor is None and touched.isdisjoint(atoms):
            continue
        full = covered.issuperset(atoms) or (floor is not None and floor.full)
        bins[day] = Bin(
            sum(raked.low[first:last]),
            sum(raked.best[first:last]),
            sum(raked.high[first:last]) if bounded.issuperset(atoms) else None,
            full,
        )
    return bins


def _misfits(ordered: list[Constraint], spans: list[tuple[int, int]], best: list[float]) -> list[Misfit]:
    misfits = []
    sums = [sum(best[first:last]) for first, last in spans]
    missed = [
        not (
            one.low - _slack(one) <= held
            and (one.kind is Kind.AT_LEAST or one.high is None or held <= one.high + _slack(one))
        )
        for one, held in zip(ordered, sums, strict=True)
    ]
    for index, (one, held) in enumerate(zip(ordered, sums, strict=True)):
        if missed[index]:
            rivals = tuple(
                other
                for other, wrong in zip(ordered[index + 1 :], missed[index + 1 :], strict=True)
                if not wrong and other.start < one.end and one.start < other.end
            )
            misfits.append(Misfit(one, rivals, abs(one.best - held)))
    return misfits


def _slack(one: Constraint) -> float:
    """What rounding may leave: half a person, or a millionth of a large figure."""
    return max(0.5, 1e-6 * one.best)


def day_span(day: int) -> tuple[int, int]:
    """Start and end of an ordinal day, in wall-clock seconds."""
    start = midnight(day)
    return start, start + DAY
