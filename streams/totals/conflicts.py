"""Claims that cannot hold beside more trusted ones, and claims that are shown but not totalled."""

from __future__ import annotations

import msgspec

from bordertally.streams.ledger.rows import PEOPLE, Key
from bordertally.streams.ledger.tree import Node
from bordertally.streams.ledger.tree import evidence as evidence_of
from bordertally.streams.ledger.views import View
from bordertally.streams.periods import days_of, iso_day
from bordertally.streams.reports.claims import period_of
from bordertally.streams.totals.days import people
from bordertally.streams.totals.records import Conflict, Noted


def conflicts(node: Node, key: Key = PEOPLE) -> list[Conflict]:
    """Claims on a flow that cannot hold beside more trusted ones, with the gap in people."""
    found = []
    series = node.series.get(key)
    if series is None:
        return []
    for misfits in series.misfits.values():
        for misfit in misfits:
            one = misfit.constraint
            rivals = {report for rival in misfit.rivals for report in series.counts.reports_of(rival)}
            reports = series.counts.reports_of(one)
            if not rivals:  # it is the children or the parts that leave no room
                span = days_of(one.start, one.end)
                rivals = set(evidence_of(node, key, span)[0]) - set(reports)
            found.append(Conflict(node.flow, reports[-1], sorted(rivals), people(misfit.gap)))
    return sorted(found, key=lambda one: (one.flow, one.report, one.with_, one.gap))


class NotedClaims(View):
    """The claims of a flow that are shown and not totalled; None until somebody asks."""

    def __init__(self) -> None:
        self.noted: list[Noted] | None = None

    def claims_changed(self) -> None:
        """Look for them again when somebody asks."""
        self.noted = None


def noted(node: Node) -> list[Noted]:
    """Claims that are shown and not totalled: of grades that do not count, or measuring something else."""
    view = node.views.of(NotedClaims, NotedClaims)
    if view.noted is None:
        view.noted = _noted(node)
    return view.noted


def _noted(node: Node) -> list[Noted]:
    shown = [(claim, f"grade {claim.grade}") for series in node.series.values() for claim in series.uncounted.values()]
    shown += [(claim, f"measure {claim.measure}") for claim in node.noted.values()]
    found = []
    for claim, why in shown:
        if claim.best is not None:
            period = period_of(claim)
            found.append(
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
    return sorted(found, key=lambda one: (one.first_day, one.report, msgspec.structs.astuple(one)))
