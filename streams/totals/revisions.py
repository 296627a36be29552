"""After revisions: what a total may come to once its sources have revised it, from how they revised earlier weeks.

For each source and flow, the last sums of seven days that ended 14 days ago or more are compared: the sum as it was
said first, when the last of its days was first reported, with the sum now. The 5th and the 95th percentile of the
ratios are the band of the source.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from math import fsum
from typing import NamedTuple

from bordertally.streams.ledger.corridors.nodes import CorridorNode, DestinationNode
from bordertally.streams.ledger.corridors.records import Leeway
from bordertally.streams.ledger.rows import BLOCK_DAYS, PEOPLE, Key
from bordertally.streams.ledger.series import Series
from bordertally.streams.ledger.tree import Node
from bordertally.streams.ledger.versions import length_of, published_day, says_how_many
from bordertally.streams.ledger.views import View
from bordertally.streams.periods import ordinal_of
from bordertally.streams.reconciliation.constraints import Bin, Kind, day_span
from bordertally.streams.reports.claims import Claim
from bordertally.streams.totals.days import people
from bordertally.streams.totals.records import AfterRevisions

WEEK = 7
MATURE_DAYS = 14
"""A sum is compared once it ended so many days before the newest report of its source on the flow."""
MOST_SUMS, LEAST_SUMS, LEAST_REVISED = 52, 20, 10
"""The newest sums compared; how many there must be, and how many of them revised."""
BACK_DAYS = 7 * 54
"""How far back sums are looked for: a source that reports weekly has 52 in a year."""
TAIL = 0.05
SAME = 1e-9
"""Sums that differ by at most this share are equal."""


class Band(NamedTuple):
    """Between which ratios of later to first figures a source's sums of seven days mostly lie."""

    low: float
    high: float


class WeekSum(NamedTuple):
    """Seven days as a source said them first, and as it says them now."""

    first: float
    latest: float


class _Block(NamedTuple):
    """The claims of whole days whose periods begin in one block of days.

    `claims`: by source, length in days, and last day (ordinal). `newest`: by source, the day of its newest report.
    """

    claims: dict[tuple[str, int, int], Claim]
    newest: dict[str, int]


class SourceWeeks(View):
    """The claims of a flow by source and last day, the sums of seven days compared, and the bands of its sources."""

    def __init__(self, node: Node) -> None:
        claims = [claim for series in node.series.values() for claim in series.claims.values()]
        self._stale = {ordinal_of(claim.local_start) // BLOCK_DAYS for claim in claims}
        self._blocks: dict[Key, dict[int, _Block]] = {}
        self._sums: dict[tuple[Key, str], dict[int, WeekSum | None]] = {}  # by last day
        self._bands: dict[Key, dict[str, Band]] = {}

    def days_changed(self, days: Collection[int]) -> None:
        """Note that claims on these days changed."""
        self._stale.update([day // BLOCK_DAYS for day in days])
        self._stale.update([(day - WEEK + 1) // BLOCK_DAYS for day in days])
        ends = {day + ahead for day in days for ahead in range(WEEK)}
        for sums in self._sums.values():
            for end in ends:
                sums.pop(end, None)
        self._bands.clear()

    def bands(self, node: Node, key: Key) -> dict[str, Band]:
        """The bands of the sources of a series; a source without enough revised sums has none."""
        for each, series in node.series.items():
            blocks = self._blocks.setdefault(each, {})
            blocks.update({block: _block_of(series.begun(block)) for block in self._stale})
        self._stale.clear()
        if key not in self._bands:
            series = node.series[key]
            sums = {source: self._mature(series, key, source) for source in sorted(series.replaced.sources)}
            bands = {source: band_of(of_source) for source, of_source in sums.items()}
            self._bands[key] = {source: band for source, band in bands.items() if band is not None}
        return self._bands[key]

    def _mature(self, series: Series, key: Key, source: str) -> list[WeekSum]:
        newest = max([block.newest.get(source, 0) for block in self._blocks[key].values()], default=0)
        last = newest - MATURE_DAYS - 1
        known = self._sums.setdefault((key, source), {})
        sums: list[WeekSum] = []
        for end in range(last, last - BACK_DAYS, -1):
            if end not in known:
                known[end] = self._sum(series, key, source, end)
            week = known[end]
            if week is not None:
                sums.append(week)
                if len(sums) == MOST_SUMS:
                    break
        return sums

    def _sum(self, series: Series, key: Key, source: str, end: int) -> WeekSum | None:
        whole = self._claim(key, source, WEEK, end)
        claims = [whole] if whole else [self._claim(key, source, 1, day) for day in range(end - WEEK + 1, end + 1)]
        known = [claim for claim in claims if claim is not None and says_how_many(claim)]
        if len(known) < len(claims):
            return None
        histories = [series.replaced.history(claim) for claim in known]
        begun = max([next(day for day, people in history if people is not None) for history in histories])
        if begun > end + MATURE_DAYS:
            return None
        first = [[people for day, people in history if day <= begun][-1] for history in histories]
        first_people = [people for people in first if people is not None]
        if len(first_people) < len(first) or not fsum(first_people) > 0:
            return None
        return WeekSum(fsum(first_people), fsum([claim.best for claim in known if claim.best is not None]))

    def _claim(self, key: Key, source: str, length: int, end: int) -> Claim | None:
        block = self._blocks[key].get((end - length + 1) // BLOCK_DAYS)
        return None if block is None else block.claims.get((source, length, end))


def _block_of(claims: Iterable[Claim]) -> _Block:
    """The claims of a block by source and last day; of several of one source and period, the last by identity."""
    by_end: dict[tuple[str, int, int], Claim] = {}
    newest: dict[str, int] = {}
    for claim in claims:
        length = length_of(claim)
        if length is not None:
            name = claim.source, length, ordinal_of(claim.local_end - 1)
            other = by_end.get(name)
            if other is None or other.identity < claim.identity:
                by_end[name] = claim
            newest[claim.source] = max(newest.get(claim.source, 0), published_day(claim.published))
    return _Block(by_end, newest)


def band_of(sums: Sequence[WeekSum]) -> Band | None:
    """The band of these sums; None with fewer than LEAST_SUMS, or fewer than LEAST_REVISED of them revised."""
    revised = sum([abs(each.latest - each.first) > SAME * each.first for each in sums])
    if len(sums) < LEAST_SUMS or revised < LEAST_REVISED:
        return None
    ratios = sorted([each.latest / each.first for each in sums])
    return Band(_percentile(ratios, TAIL), _percentile(ratios, 1 - TAIL))


def _percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which the next one falls with probability `share`: of n values the share (n + 1)th."""
    place = min(max(share * (len(ordered) + 1) - 1, 0.0), len(ordered) - 1.0)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def after_revisions(node: Node, key: Key, days: Sequence[int], best: float) -> AfterRevisions | None:
    """Low and high of a total of these seven days after revisions; None where no source behind it has a band.

    Every day rests on the most trusted claim about the flow, or else on the flows below. `best`: of the total.
    """
    shifts = [shift for day in days if (shift := leeway(node, key, day)) is not None] if node.revised else []
    if not shifts:
        return None
    total = _added(shifts)
    return AfterRevisions(max(0, people(best + total.low)), max(0, people(best + total.high)))


def _added(shifts: Sequence[Leeway]) -> Leeway:
    return Leeway(fsum([shift.low for shift in shifts]), fsum([shift.high for shift in shifts]))


def leeway(node: Node, key: Key, day: int) -> Leeway | None:
    """How far the people of a day may move; None where no band bears on it."""
    if isinstance(node, CorridorNode):
        return node.leeway(key, day)
    series = node.series.get(key)
    day_bin = None if series is None else series.bins.get(day)
    if series is None or day_bin is None or not node.revised:
        return None
    source = _rests_on(series, day, day_bin)
    if source is not None:
        band = node.views.of(SourceWeeks, lambda: SourceWeeks(node)).bands(node, key).get(source)
        return None if band is None else Leeway(day_bin.best * (band.low - 1), day_bin.best * (band.high - 1))
    if key.population == PEOPLE.population:
        parts = [part for part in node.parts(key) if day in part.bins]
        if parts:
            return leeway(node, max(parts, key=lambda part: (part.bins[day].best, part.key)).key, day)
    shifts = [shift for child in _below(node, key, day) if (shift := leeway(child, key, day)) is not None]
    return _added(shifts) if shifts else None


def _below(node: Node, key: Key, day: int) -> Collection[Node]:
    """The flows that add up to a day: those below, or the destinations inside a bloc where these have more people."""
    sums = [node.children.values()]
    if isinstance(node, DestinationNode) and node.members:
        sums.append(node.members.values())
    return max(sums, key=lambda nodes: fsum([_best(child, key, day) for child in nodes]))


def _best(node: Node, key: Key, day: int) -> float:
    day_bin = node.series[key].bins.get(day) if key in node.series else None
    return 0.0 if day_bin is None else day_bin.best


def _rests_on(series: Series, day: int, day_bin: Bin) -> str | None:
    """The source of the most trusted claim about a day; None where the day rests on flows below or on parts."""
    start, end = day_span(day)
    claims = [
        claim.doubted() if series.is_unlikely(claim) else claim
        for claim in series.constraints(day)
        if claim.kind is not Kind.AT_MOST and claim.start < end and claim.end > start
    ]
    if not claims:
        return None
    most_trusted = max(claims, key=lambda claim: claim.order)
    for floor in series.floors.get(day, ()):
        if floor.weight >= most_trusted.weight and floor.best >= day_bin.best * (1 - SAME) > 0:
            return None
    return most_trusted.trust.source
