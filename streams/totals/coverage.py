"""Coverage: whether a day of a flow is told of by those who usually carry its people.

A flow of which only some children report looks quieter than it is. Such a day teaches nothing of what is normal, and is
not compared with a normal level from below.
"""

from __future__ import annotations

from collections.abc import Collection
from math import fsum

from bordertally.streams.flows import Flow
from bordertally.streams.ledger.corridors.nodes import CorridorNode
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.ledger.tree import Node
from bordertally.streams.ledger.views import View

COVERAGE_DAYS = 28
"""Who usually carries the people of a flow is seen on so many days before a day."""
USUAL_SHARE = 0.9
"""The share of these people that the children which report must have carried."""


class Coverage(View):
    """Of a flow, whether its days are covered as usual, and what its children carried before, as far as asked."""

    def __init__(self) -> None:
        self.usual: dict[int, bool] = {}
        self.carried: dict[int, dict[Flow, float]] = {}
        self.newest = 0
        """The newest day that was asked about."""

    def figures_changed(self, days: Collection[int]) -> None:
        """Forget these days, and those whose usual share they bear on."""
        for day in days:
            self.usual.pop(day, None)
            for later in range(day + 1, min(day + COVERAGE_DAYS, self.newest) + 1):
                self.usual.pop(later, None)
                self.carried.pop(later, None)


def covered_as_usual(node: Node, day: int) -> bool:
    """Whether the flow's own claims cover a day (ordinal), or the children that report carry most of its people.

    Those must have carried `USUAL_SHARE` of the people of all children over the `COVERAGE_DAYS` before. Where nobody
    carried any, all children that have reported on the day or in these days before it must report.
    """
    if isinstance(node, CorridorNode):
        return node.covered_as_usual(day)
    if not node.children:
        return PEOPLE in node.series and day in node.series[PEOPLE].bins
    view = node.views.of(Coverage, Coverage)
    known = view.usual.get(day)
    if known is None:
        view.newest = max(view.newest, day)
        known = view.usual[day] = node.own_covers(PEOPLE, day) or _children_cover(node, view, day)
    return known


def _children_cover(node: Node, view: Coverage, day: int) -> bool:
    reporting = {flow for flow, child in node.children.items() if _reports(child, day)}
    if len(reporting) == len(node.children):
        return True
    carried = view.carried.get(day)
    if carried is None:
        carried = view.carried[day] = {child.flow: _carried(child, day) for child in node.children.values()}
    total = fsum(carried.values())
    if total > 0:
        # a child that is not in `carried` began since, and carried nobody before this day
        return fsum([carried.get(flow, 0.0) for flow in sorted(reporting)]) >= USUAL_SHARE * total
    begun = {flow for flow, child in node.children.items() if _has_reported(child, day)}
    return bool(begun) and begun <= reporting


def _carried(child: Node, day: int) -> float:
    """The people of a child over the days before a day."""
    bins = child.series[PEOPLE].bins if PEOPLE in child.series else {}
    return fsum([figures.best for back in range(1, COVERAGE_DAYS + 1) if (figures := bins.get(day - back)) is not None])


def _reports(child: Node, day: int) -> bool:
    return PEOPLE in child.series and day in child.series[PEOPLE].bins and covered_as_usual(child, day)


def _has_reported(child: Node, day: int) -> bool:
    """Whether a child has a figure on a day or in the days before it. No earlier day counts: see `figures_changed`."""
    bins = child.series[PEOPLE].bins if PEOPLE in child.series else {}
    return any(day - back in bins for back in range(COVERAGE_DAYS + 1))
