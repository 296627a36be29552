"""Silence: a source has not reported on a flow for longer than usual, while other sources go on.

A source that stops must not look like a quiet border. Time is measured by reports, not by a clock, so that alerts do
not depend on when they are computed (see docs/decisions/0016): the present of a flow is the latest day that any claim
in its whole tree covers. Whole days before it that a source leaves uncovered are days of silence.

The usual time is learned from the source itself, on this flow: the median time between the last days of its latest nine
claims. With fewer than four claims there is none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from bordertally.streams.detection.rule import Rule
from bordertally.streams.flow_names import flow_title
from bordertally.streams.flows import Flow, depth, root
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.ledger.tree import Node, evidence
from bordertally.streams.ledger.views import DayView
from bordertally.streams.periods import iso_day
from bordertally.streams.reports.claims import period_of
from bordertally.streams.reports.sources import counts
from bordertally.streams.rules.config import SEVERITIES, Rules, Setting
from bordertally.streams.rules.debounce import Run, alerts_from
from bordertally.streams.rules.wording import Names
from bordertally.streams.totals.days import people
from bordertally.streams.totals.records import Baseline, Episode

NAME = "silence"

LEAST, MOST = 4, 9
"""The least number of claims with different last days that show a usual time, and how many of the latest are used."""


class SourceSilence(NamedTuple):
    """Days that a source left uncovered, as ordinals: from `since` to `until` (exclusive), None while it lasts.

    `days`: the number of whole days without a report; `usual`: the most days that are usual.
    """

    since: int
    until: int | None
    days: int
    usual: int
    source: str


class Voices(DayView):
    """The days for which each source sent counts on a flow."""

    def __init__(self, days: Iterable[int]) -> None:
        super().__init__(days)
        self.days: dict[str, set[int]] = defaultdict(set)
        self.by_day: dict[int, set[str]] = {}

    def refresh(self, node: Node) -> None:
        """Find the sources of the stale days again."""
        for day in self.stale:
            for source in self.by_day.pop(day, ()):
                self.days[source].discard(day)
            counts_on = [series.counts.on(day) for key, series in node.series.items() if key.unit == "people"]
            sources = {source for by_source in counts_on for source in by_source}
            if sources:
                self.by_day[day] = sources
                for source in sources:
                    self.days[source].add(day)
        self.stale.clear()


def clock(node: Node) -> int | None:
    """The latest day that any claim in the tree of a flow covers."""
    while node.above is not None:
        node = node.above
    return node.last(PEOPLE)


def overdue(node: Node, rules: Rules) -> list[Episode]:
    """The silences of the sources of a flow, overlapping ones joined, oldest first; none where the rule is off."""
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
    silences = [
        silence for source in sorted(ends) for silence in silences_of(source, ends[source], covered[source], now, times)
    ]
    groups = _overlapping(silences)
    alerts = alerts_from(
        [Run(group[0].since, _end(group, now) - 1, _until(group)) for group in groups],
        detection.debounce,
        lambda first, before: first if first < (now if before is None else min(before, now)) else None,
        lambda place: max(_rank(silence) for silence in groups[place]),
    )
    return [
        _episode(node, [silence for place in alert.members for silence in groups[place]], alert.until, now)
        for alert in alerts
    ]


def silences_of(
    source: str, ends: Iterable[int], covered: Iterable[int], now: int, times: float
) -> list[SourceSilence]:
    """The silences of one source: gaps between the days it covers, and after the last, that are longer than usual.

    `ends`: the last days of its claims. `now`: the latest day that any source covers. `times`: the setting `silence`.
    """
    spoken, known = sorted(ends), sorted(covered)
    silences = []
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
            silences.append(SourceSilence(last + 1, following, days, usual, source))
    return silences


def _overlapping(silences: Iterable[SourceSilence]) -> list[list[SourceSilence]]:
    """Silences in groups whose members share a day or follow each other without a gap."""
    groups: list[list[SourceSilence]] = []
    for silence in sorted(silences, key=lambda silence: (silence.since, silence.source)):
        until = _until(groups[-1]) if groups else 0
        if groups and (until is None or silence.since <= until):
            groups[-1].append(silence)
        else:
            groups.append([silence])
    return groups


def _until(group: Iterable[SourceSilence]) -> int | None:
    ends = [silence.until for silence in group]
    return None if None in ends else max(end for end in ends if end is not None)


def _end(group: Iterable[SourceSilence], now: int) -> int:
    return max(now if silence.until is None else silence.until for silence in group)


def _rank(silence: SourceSilence) -> int:
    """0 notice, 1 warning from twice the usual time on; never critical, as a silence moves nobody over a border."""
    return int(silence.days >= 2 * silence.usual)


def _episode(node: Node, group: list[SourceSilence], until: int | None, now: int) -> Episode:
    """The episode of a group: about its longest silence, with its peak on the day that reached the severity."""
    longest = max(group, key=lambda silence: (silence.days, silence.source))
    rank = _rank(longest)
    reached = 2 * longest.usual if rank else longest.usual + 1
    reports, count = evidence(node, PEOPLE, {longest.since - 1})
    others = len({silence.source for silence in group}) - 1
    return Episode(
        since=min(silence.since for silence in group),
        until=until,
        day=max(_end(group, now) - 1, longest.since),
        rate=float(longest.days),
        baseline=Baseline("cadence", float(longest.usual), float(longest.usual), source=longest.source),
        severity=SEVERITIES[rank],
        peak_day=longest.since + reached - 1,
        peak_rate=float(reached),
        peak_severity=SEVERITIES[rank],
        reports=reports,
        report_count=count,
        rule=NAME,
        about=longest.source,
        note=f"{others} more silent too" if others else "",
    )


def to_tell(ledger: Ledger, flows: list[Flow], rules: Rules) -> list[Flow]:
    """These flows, and all flows whose silences may have changed because the latest day of their tree has moved.

    Lowest first, as from the ledger. After a restore, every tree counts as moved.
    """
    if not rules.listens or not flows:
        return flows
    moved = set()
    for top in {root(flow) for flow in flows}:
        now = ledger.nodes[top].last(PEOPLE)
        if ledger.clocks.get(top) != now:
            ledger.clocks[top] = now
            moved.add(top)
    if not moved:
        return flows
    due = {
        flow
        for flow, node in ledger.nodes.items()
        if root(flow) in moved and node.shown and rules.of(flow).detection.silence is not None
    }
    return sorted({*flows, *due}, key=lambda flow: (-depth(flow), flow))


def _describe(flow: str, episode: Episode, names: Names) -> str:
    source = episode.about or ""
    days, reached = people(episode.rate), people(episode.peak_rate)
    since = iso_day(episode.peak_day - reached + 1)
    return (
        f"{flow_title(flow)}: nothing from {names.get(source, source)} since {since}: "
        f"{days} day{'' if days == 1 else 's'}, at most {people(episode.baseline.expected)} are usual"
    )


SILENCE = Rule(
    name=NAME,
    find=overdue,
    describe=_describe,
    noun="silence",
    headline="A source of border reports has fallen silent",
    setting=Setting("silence", lambda times: times >= 1, "1 or more", example="2"),
    opens="when a source has not reported on a flow for more than this many times its usual time between reports",
    ends="on the next day that it reports on",
    needs_reports=True,
)
