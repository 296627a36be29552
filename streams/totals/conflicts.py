"""Claims that contradict more trusted ones, and claims that are listed but not totalled."""

from __future__ import annotations

from math import fsum

import msgspec

from bordertally.streams.ledger.aliases import Doubled
from bordertally.streams.ledger.rows import PEOPLE, Key
from bordertally.streams.ledger.tree import Node
from bordertally.streams.ledger.tree import evidence as evidence_of
from bordertally.streams.ledger.views import View
from bordertally.streams.periods import days_of, iso_day
from bordertally.streams.reports.claims import citation, period_of
from bordertally.streams.totals.days import people
from bordertally.streams.totals.records import Conflict, Noted


def conflicts(node: Node, key: Key = PEOPLE) -> list[Conflict]:
    """The claims on a flow that contradict more trusted ones, each with the gap in people."""
    contradicted = []
    series = node.series.get(key)
    if series is None:
        return []
    for misfits in series.misfits.values():
        for misfit in misfits:
            claim = misfit.constraint
            rivals = {report for rival in misfit.rivals for report in series.counts.reports_of(rival)}
            reports = series.counts.reports_of(claim)
            if not rivals:  # the children or the parts of the flow leave no room
                span = days_of(claim.start, claim.end)
                rivals = set(evidence_of(node, key, span)[0]) - set(reports)
            report = citation(claim.trust.source, claim.trust.report)
            contradicted.append(Conflict(node.flow, report, sorted(rivals), people(misfit.gap)))
    return sorted(contradicted, key=lambda conflict: (conflict.flow, conflict.report, conflict.with_, conflict.gap))


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
