"""Projection: for days without a report on a flow, its last daily rate is assumed."""

from __future__ import annotations

from collections.abc import Iterable

from bordertally.streams.ledger.corridors.nodes import CorridorNode, DestinationNode
from bordertally.streams.ledger.rows import Key
from bordertally.streams.ledger.tree import Node


def projected(node: Node, key: Key, day: int, limit: int) -> float:
    """The people that projection adds to `best` of a day.

    For at most `limit` days after the last claim on a flow itself, its last full daily rate is assumed, and likewise
    for every flow below it. The day gets the larger of the two: the flow's own rate, or the sum over the flows below.
    A day that a claim on the flow itself covers gains nothing, unless the claim is a lower bound (`at_least`): after
    the last figure the rate is assumed all the same, and counts where it is more than the bound.
    """
    gain = node.gains.get((key, day, limit))
    if gain is not None:
        return gain
    if isinstance(node, CorridorNode):
        return node.gain(key, day)
    for last in node.lasts(key):
        if last < day <= last + limit:
            break
    else:  # no last rate is assumed for the day
        return 0.0
    gain = _gain(node, key, day, limit)
    if not isinstance(node, DestinationNode):  # what its corridors gain may change without it
        node.gains[key, day, limit] = gain
    return gain


def _gain(node: Node, key: Key, day: int, limit: int) -> float:
    """What projection adds to a day for which a last rate is assumed."""
    last = node.own_lasts(key).figure
    if last is not None and day <= last and node.own_figure_covers(key, day):
        return 0.0
    series = node.series.get(key)
    bin_of_day = series.bins.get(day) if series is not None else None
    observed = bin_of_day.best if bin_of_day else 0.0
    own = _carried(node, key, day, limit)
    below = _below(node.children.values(), key, day, limit)
    if isinstance(node, DestinationNode) and node.members:
        below = max(below, _below(node.members.values(), key, day, limit))
    gain = max(own, below) - observed
    return gain if gain > 1e-9 * max(1.0, observed) else 0.0


def _below(nodes: Iterable[Node], key: Key, day: int, limit: int) -> float:
    """The people of some flows on a day, added up, with those that are projected."""
    people = 0.0
    for node in nodes:
        series = node.series.get(key)
        if series is not None:
            bin_ = series.bins.get(day)
            people += (bin_.best if bin_ else 0.0) + projected(node, key, day, limit)
    return people


def silent_days(node: Node, key: Key, last: int, limit: int) -> set[int]:
    """The days up to `last` for which this flow or one below it may be projected: no other day can gain."""
    lasts = [own for own in node.lasts(key) if own < last]
    return {day for own in lasts for day in range(own + 1, min(last, own + limit) + 1)} if lasts else set()


def _carried(node: Node, key: Key, day: int, limit: int) -> float:
    """The daily rate that is assumed for a day after the last claim, or after the last that is no lower bound."""
    last, figure = node.own_lasts(key)
    if last is None or day <= last:
        last = figure
    if last is None or not last < day <= last + limit:
        return 0.0
    bins = node.series[key].bins
    for back in range(last, last - limit, -1):  # the figure of a day still in progress is no daily rate
        if (bin_ := bins.get(back)) is not None and bin_.full and node.own_covers(key, back):
            return bin_.best
    return bins[last].best if last in bins else 0.0


def finished(node: Node, key: Key, day: int, limit: int) -> bool:
    """Whether a day counts as over: nothing is projected onto it, and it is covered whole or a later day is."""
    series = node.series.get(key)
    bin_ = series.bins.get(day) if series is not None else None
    last = node.last(key)
    if bin_ is None or last is None:
        return False
    return (bin_.full or day < last) and projected(node, key, day, limit) == 0.0
