"""Silence: when a source says nothing of a flow for longer than is usual for it, while the world goes on.

A dead source must not look like a quiet border. No clock on a wall decides, or what alerts come down to would depend on
when one looks: the clock of a flow is the latest day that any claim in its whole tree covers, since the others are what
shows that time has passed. Whole days before it that a source leaves uncovered are days of its silence.

How long is usual is learned of the source itself, on this flow: the median time between the last days of its claims,
of the latest nine it made. A source that has made fewer than four has no usual time yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from bordertally.streams.detection.rule import Names, Rule
from bordertally.streams.flows import Flow, depth, origin
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.ledger.tree import Node, evidence
from bordertally.streams.ledger.views import DayView
from bordertally.streams.periods import iso_day
from bordertally.streams.reports.claims import period_of
from bordertally.streams.reports.sources import counts
from bordertally.streams.rules.config import SEVERITIES, Rules, Setting
from bordertally.streams.rules.debounce import Run, alerts_from
from bordertally.streams.totals.days import people
from bordertally.streams.totals.records import Baseline, Episode

NAME = "silence"

LEAST, MOST = 4, 9
"""So many claims of a source with different last days show how often it speaks, and so many of the latest count."""


class SourceSilence(NamedTuple):
    """Days that a source left uncovered, as ordinals: from `since`, until `until` (exclusive), None while it goes on.

    `days`: how many whole ones; `usual`: how many are at most.
    """

    since: int
    until: int | None
    days: int
    usual: int
    source: str


class Voices(DayView):
    """The days of which each source counted on a flow."""

    def __init__(self, days: Iterable[int]) -> None:
        super().__init__(days)
        self.days: dict[str, set[int]] = defaultdict(set)
        self.by_day: dict[int, set[str]] = {}

    def refresh(self, node: Node) -> None:
        """Look anew who counted on the stale days."""
        for day in self.stale:
            for source in self.by_day.pop(day, ()):
                self.days[source].discard(day)
            heard = [series.counts.on(day) for key, series in node.series.items() if key.unit == "people"]
            found = {source for one in heard for source in one}
            if found:
                self.by_day[day] = found
                for source in found:
                    self.days[source].add(day)
        self.stale.clear()


def clock(node: Node) -> int | None:
    """The latest day that any claim in the tree of a flow covers."""
    while node.above is not None:
        node = node.above
    return node.last(PEOPLE)


def overdue(node: Node, rules: Rules) -> list[Episode]:
    """The silences of the sources of a flow, those that overlap as one, oldest first; none where the rule is off."""
    detection = rules.detection
    if detection.silence is None:
        return []
    now = clock(node)
    if now is None:
        return []
    voices = node.views.of(Voices, lambda: Voices([day for series in node.series.values() for day in series.bins]))
    voices.refresh(node)
    ends: dict[str, set[int]] = defaultdict(set)
    covered: dict[str, set[int]] = defaultdict(set)
    for source, days in voices.days.items():
        ends[source] |= days
        covered[source] |= days
    for key, series in node.series.items():
        for claim in series.claims.values() if key.unit == "people" else ():
            if claim.best is not None and counts(claim.grade):
                period = period_of(claim)
                ends[claim.source].add(period.last_day)
                covered[claim.source].update(range(period.first_day, period.last_day + 1))
    times = detection.silence
    found = [one for source in sorted(ends) for one in quiets(source, ends[source], covered[source], now, times)]
    groups = _overlapping(found)
    joined = alerts_from(
        [Run(group[0].since, _end(group, now) - 1, _until(group)) for group in groups],
        detection.debounce,
        lambda first, before: first if first < (now if before is None else min(before, now)) else None,
        lambda place: max(_rank(one) for one in groups[place]),
    )
    return [
        _episode(node, [one for place in each.members for one in groups[place]], each.until, now) for each in joined
    ]


def quiets(source: str, ends: Iterable[int], covered: Iterable[int], now: int, times: float) -> list[SourceSilence]:
    """The silences of one source: gaps between the days it covers, and after them, that are longer than is usual."""
    spoken, known = sorted(ends), sorted(covered)
    found = []
    for last, following in pairwise([*known, None]):
        assert last is not None
        days = (now if following is None else following) - last - 1
        if days < 1:
            continue
        latest = [day for day in spoken if day <= last][-MOST:]
        if len(latest) < LEAST:
            continue
        gaps = sorted([later - earlier for earlier, later in pairwise(latest)])
        usual = int(times * gaps[len(gaps) // 2])
        if days > usual:
            found.append(SourceSilence(last + 1, following, days, usual, source))
    return found


def _overlapping(found: Iterable[SourceSilence]) -> list[list[SourceSilence]]:
    """Silences that have a day in common, or follow each other at once, in groups."""
    groups: list[list[SourceSilence]] = []
    for one in sorted(found, key=lambda one: (one.since, one.source)):
        until = _until(groups[-1]) if groups else 0
        if groups and (until is None or one.since <= until):
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _until(group: Iterable[SourceSilence]) -> int | None:
    ends = [one.until for one in group]
    return None if None in ends else max(end for end in ends if end is not None)


def _end(group: Iterable[SourceSilence], now: int) -> int:
    return max(now if one.until is None else one.until for one in group)


def _rank(one: SourceSilence) -> int:
    """0 notice, 1 warning from twice as long as is usual at most: a silence itself moves nobody over a border."""
    return int(one.days >= 2 * one.usual)


def _episode(node: Node, group: list[SourceSilence], until: int | None, now: int) -> Episode:
    """An alert tells of the source that is silent longest; its peak is the day it grew as severe as it is."""
    one = max(group, key=lambda one: (one.days, one.source))
    rank = _rank(one)
    reached = 2 * one.usual if rank else one.usual + 1
    reports, count = evidence(node, PEOPLE, {one.since - 1})
    others = len({each.source for each in group}) - 1
    return Episode(
        since=min(each.since for each in group),
        until=until,
        day=max(_end(group, now) - 1, one.since),
        rate=float(one.days),
        baseline=Baseline("cadence", float(one.usual), float(one.usual), source=one.source),
        severity=SEVERITIES[rank],
        peak_day=one.since + reached - 1,
        peak_rate=float(reached),
        peak_severity=SEVERITIES[rank],
        reports=reports,
        report_count=count,
        rule=NAME,
        about=one.source,
        note=f"{others} more silent too" if others else "",
    )


def to_tell(ledger: Ledger, flows: list[Flow], rules: Rules) -> list[Flow]:
    """Flows spoken of, and all those whose silences may have changed because the clock of their tree went on.

    Lowest first, as the ledger has them. A ledger that was just restored counts as one whose clocks went on.
    """
    if not rules.listens or not flows:
        return flows
    moved = set()
    for root in {Flow(origin(flow)) for flow in flows}:
        now = ledger.nodes[root].last(PEOPLE)
        if ledger.clocks.get(root) != now:
            ledger.clocks[root] = now
            moved.add(root)
    if not moved:
        return flows
    found = {flow for flow in ledger.nodes if origin(flow) in moved and rules.of(flow).detection.silence is not None}
    return sorted({*flows, *found}, key=lambda flow: (-depth(flow), flow))


def _describe(flow: str, episode: Episode, names: Names) -> str:
    source = episode.about or ""
    days, reached = people(episode.rate), people(episode.peak_rate)
    return (
        f"{flow} has heard nothing from {names.get(source, source)} since {iso_day(episode.peak_day - reached + 1)}: "
        f"{days} day{'' if days == 1 else 's'}, at most {people(episode.baseline.expected)} are usual"
    )


SILENCE = Rule(
    name=NAME,
    find=overdue,
    describe=_describe,
    ending="spoke again of",
    noun="silence",
    headline="A source of border reports has fallen silent",
    setting=Setting("silence", lambda times: times >= 1, "1 or more"),
    needs_reports=True,
)
