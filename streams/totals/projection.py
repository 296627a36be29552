"""Projection: the days that a flow has not reported yet, carried on at its last daily rate."""

from __future__ import annotations

from bordertally.streams.ledger.rows import Key
from bordertally.streams.ledger.tree import Node


def projected(node: Node, key: Key, day: int, limit: int) -> float:
    """People of a day that nobody has reported yet: what best gains by carrying last rates on.

    A flow whose own claims end before `day` goes on at their last full daily rate for at most `limit` days, and so
    does every flow below it; the larger of the two is what the day holds. Days its own claims cover gain nothing.
    """
    if not node.children:  # nothing below it: only its own last rate can be carried on
        last = node.own_last(key)
        if last is None or not last < day <= last + limit:
            return 0.0
    if node.own_covers(key, day):
        return 0.0
    series = node.series.get(key)
    held = series.bins.get(day) if series is not None else None
    observed = held.best if held else 0.0
    own = _carried(node, key, day, limit)
    below = 0.0
    for child in node.children.values():
        one = child.series.get(key)
        if one is not None:
            bin_ = one.bins.get(day)
            below += (bin_.best if bin_ else 0.0) + projected(child, key, day, limit)
    gain = max(own, below) - observed
    return gain if gain > 1e-9 * max(1.0, observed) else 0.0


def silent_days(node: Node, key: Key, last: int, limit: int) -> set[int]:
    """The days up to `last` onto which this flow or one below it may be carried on: the only ones that can gain."""
    lasts = [own for own in node.lasts(key) if own < last]
    return {day for own in lasts for day in range(own + 1, min(last, own + limit) + 1)} if lasts else set()


def _carried(node: Node, key: Key, day: int, limit: int) -> float:
    last = node.own_last(key)
    if last is None or not last < day <= last + limit:
        return 0.0
    bins = node.series[key].bins
    for back in range(last, last - limit, -1):  # a day still in progress is no daily rate
        if (held := bins.get(back)) is not None and held.full and node.own_covers(key, back):
            return held.best
    return bins[last].best if last in bins else 0.0


def finished(node: Node, key: Key, day: int, limit: int) -> bool:
    """Whether a day counts as over: nothing is projected onto it, and it is covered whole or a later day is."""
    series = node.series.get(key)
    held = series.bins.get(day) if series is not None else None
    last = node.last(key)
    if held is None or last is None:
        return False
    return (held.full or day < last) and projected(node, key, day, limit) == 0.0
