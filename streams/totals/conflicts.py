"""Claims that contradict more trusted ones, and claims that are listed but not totalled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import fsum

import msgspec

from bordertally.streams.ledger.aliases import Doubled
from bordertally.streams.ledger.rows import Key
from bordertally.streams.ledger.series import Series
from bordertally.streams.ledger.tree import Node
from bordertally.streams.ledger.views import View
from bordertally.streams.periods import iso_day, ordinal_of
from bordertally.streams.reconciliation.constraints import Constraint, Floor, Misfit, day_span
from bordertally.streams.reconciliation.contradictions import contradictions_of, per_cent
from bordertally.streams.reports.claims import citation, period_of
from bordertally.streams.totals.days import people
from bordertally.streams.totals.records import Conflict, Noted, Opponent

FLOOR_WORDS = {"children": "the flows below", "parts": "parts of the people"}
"""How sentences call a floor, by what it is the sum of."""


def conflicts(node: Node) -> list[Conflict]:
    """The claims on a flow that contradict more trusted ones, of every population and unit."""
    disputes = [
        _conflict(node, key, series, misfit)
        for key, series in node.series.items()
        for misfits in series.misfits.values()
        for misfit in _merged(misfits)
    ]
    return sorted(
        disputes, key=lambda conflict: (conflict.first_day, conflict.report or "", msgspec.json.encode(conflict))
    )


def _merged(misfits: Iterable[Misfit]) -> Iterator[Misfit]:
    """The same misfits; floors of successive days that give way to the same claims are one."""
    run: Misfit | None = None
    for misfit in sorted(misfits, key=lambda misfit: (misfit.constraint.bound or "", misfit.constraint.start)):
        if run is not None and _continues(run, misfit):
            first, last = run.constraint, misfit.constraint
            floor = first._replace(end=last.end, low=first.low + last.low, best=first.best + last.best)
            run = Misfit(floor, run.rivals, run.gap + misfit.gap)
            continue
        if run is not None:
            yield run
        run = misfit
    if run is not None:
        yield run


def _continues(run: Misfit, misfit: Misfit) -> bool:
    first, last = run.constraint, misfit.constraint
    together = first.bound is not None and first.bound == last.bound and first.end == last.start
    return together and first.weight == last.weight and run.rivals == misfit.rivals


def _conflict(node: Node, key: Key, series: Series, misfit: Misfit) -> Conflict:
    claim = misfit.constraint
    rivals = [
        Opponent(_report(rival), people(gap), per_cent(gap, claim.best, rival.best), rival.bound)
        for rival, gap in contradictions_of(misfit)
    ]
    floor = _floor_over(series, claim)
    if floor is not None and floor.low > claim.low + 0.5:
        gap = floor.best - claim.best
        rivals.append(Opponent(None, people(gap), per_cent(gap, floor.best), floor.of))
    if not rivals:  # floors of some of its days, together
        rivals = [Opponent(None, people(misfit.gap), per_cent(misfit.gap, claim.best, misfit.gap), "children")]
    largest = max(rivals, key=lambda rival: rival.gap)
    return Conflict(
        flow=node.flow,
        report=_report(claim),
        with_=sorted(rivals, key=lambda rival: (-rival.gap, rival.report or "", rival.bound or "")),
        gap=largest.gap,
        percent=largest.percent,
        population=key.population,
        unit=key.unit,
        first_day=iso_day(ordinal_of(claim.start)),
        last_day=iso_day(ordinal_of(claim.end - 1)),
        bound=claim.bound,
    )


def _report(claim: Constraint) -> str | None:
    return None if claim.bound is not None else citation(claim.trust.source, claim.trust.report)


def _floor_over(series: Series, claim: Constraint) -> Floor | None:
    """The floors, added up, that overrule a claim on the days which it covers whole; None without any."""
    floors: list[Floor] = []
    for day in range(ordinal_of(claim.start), ordinal_of(claim.end - 1) + 1):
        start, end = day_span(day)
        superior = [floor for floor in series.floors.get(day, ()) if floor.weight >= claim.weight]
        if superior and claim.start <= start and end <= claim.end and claim.bound is None:
            floors.append(superior[-1])
    if not floors:
        return None
    low, best = fsum([floor.low for floor in floors]), fsum([floor.best for floor in floors])
    largest = max(floors, key=lambda floor: floor.best)
    return largest._replace(low=low, best=best)


class NotedClaims(View):
    """The claims of a flow that are listed but not totalled; None until they are asked for."""

    def __init__(self) -> None:
        self.noted: list[Noted] | None = None

    def claims_changed(self) -> None:
        """Collect them again when they are next asked for."""
        self.noted = None


def noted(node: Node) -> list[Noted]:
    """The claims listed: those of grades that do not count, and those that measure something else.

    Of a place with several names also the periods for which one source reports different figures under these names.
    """
    view = node.views.of(NotedClaims, NotedClaims)
    if view.noted is None:
        view.noted = _noted(node)
    return view.noted


def _noted(node: Node) -> list[Noted]:
    shown = [(claim, f"grade {claim.grade}") for series in node.series.values() for claim in series.uncounted.values()]
    shown += [(claim, f"measure {claim.measure}") for claim in node.noted.values()]
    listed = []
    for claim, why in shown:
        if claim.best is not None:
            period = period_of(claim)
            listed.append(
                Noted(
                    node.flow,
                    claim.report,
                    claim.source,
                    why,
                    people(claim.best),
                    claim.population,
                    iso_day(period.first_day),
                    iso_day(period.last_day),
                )
            )
    if node.names:
        listed += [_added_up(node, doubled) for series in node.series.values() for doubled in series.doubled()]
    return sorted(listed, key=lambda noted: (noted.first_day, noted.report, msgspec.structs.astuple(noted)))


def _added_up(node: Node, doubled: Doubled) -> Noted:
    """Figures of one source and one period under several names of a place, which are added up."""
    parts = " and ".join(f"{people(figure):,} as {name}" for name, _, figure in doubled.figures)
    return Noted(
        node.flow,
        doubled.figures[-1][1],
        doubled.source,
        f"{parts}, names of one place: added up",
        people(fsum([figure for _, _, figure in doubled.figures])),
        doubled.population,
        iso_day(doubled.first_day),
        iso_day(doubled.last_day),
        counted=True,
    )
