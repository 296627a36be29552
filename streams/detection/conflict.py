"""Conflicts as alerts: when a trusted observer says what more trusted ones leave no room for.

Totals show every claim that cannot hold (Conflict). An alert opens on those whose figure is missed by a larger share
than the rules allow, and by others than its own source. It is over on the first finished day on which all agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import fsum
from typing import NamedTuple

from bordertally.streams.detection.rule import Names, Rule
from bordertally.streams.detection.wording import count_of_reports
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.ledger.tree import Node, evidence
from bordertally.streams.periods import DAY, iso_day, ordinal_of
from bordertally.streams.reconciliation.constraints import Misfit
from bordertally.streams.rules.config import SEVERITIES, Detection, Rules, Setting, times_expected
from bordertally.streams.rules.corroboration import below
from bordertally.streams.rules.debounce import debounced, runs_of
from bordertally.streams.totals.days import people
from bordertally.streams.totals.projection import finished
from bordertally.streams.totals.records import Baseline, Episode

NAME = "conflict"


class Dispute(NamedTuple):
    """A claim that cannot hold, on one of its days: people a day by it, and as others leave them; whose it is."""

    rate: float
    held: float
    gap: float
    source: str
    report: str
    reports: tuple[str, ...]
    misfit: Misfit

    @property
    def times(self) -> float:
        """How many times the smaller the larger of the two is."""
        small, large = sorted((self.rate, self.held))
        return times_expected(large, small)


def disputes(node: Node, rules: Rules) -> list[Episode]:
    """The runs of days on which trusted claims refute each other, oldest first; none where the rule is off."""
    detection = rules.detection
    if detection.conflict is None:
        return []
    series = node.series.get(PEOPLE)
    if series is None:
        return []
    worst: dict[int, Dispute] = {}
    for misfits in series.misfits.values():
        for misfit in misfits:
            for day, one in _days(node, misfit, detection.conflict):
                if day not in worst or _order(one) > _order(worst[day]):
                    worst[day] = one
    if not worst:
        return []

    def closes(first: int, end: int) -> int | None:
        agreeing = (day for day in range(first, end) if day in series.bins and day not in worst)
        return next((day for day in agreeing if finished(node, PEOPLE, day, detection.project_days)), None)

    end = (node.last(PEOPLE) or 0) + 1
    runs = debounced(
        runs_of(worst, closes, end), detection.debounce, closes, end, lambda day: detection.rank(worst[day].times)
    )
    return [_episode(node, detection, worst, days, until) for days, until in runs]


def _days(node: Node, misfit: Misfit, share: float) -> Iterator[tuple[int, Dispute]]:
    """The days of a claim that cannot hold, if it misses by enough and not only beside claims of its own source."""
    one, series = misfit.constraint, node.series[PEOPLE]
    source = str(one.trust[3])
    first, last = ordinal_of(one.start), ordinal_of(one.end - 1)
    days = [day for day in range(first, last + 1) if day in series.bins]
    others = {str(rival.trust[3]) for rival in misfit.rivals}
    if not misfit.rivals:  # the flows below or the parts leave no room
        others = {name for day in days for name in below(node, PEOPLE, day)}
    if not misfit.gap > share * one.best or not others - {source}:
        return
    length = (one.end - one.start) / DAY
    held = fsum([series.bins[day].best for day in days])
    rivals = {report for rival in misfit.rivals for report in series.counts.reports_of(rival)}
    reports = series.counts.reports_of(one)
    said = (source, reports[-1], tuple(sorted({*reports, *rivals})), misfit)
    for day in days:
        yield day, Dispute(one.best / length, held / length, misfit.gap, *said)


def _order(one: Dispute) -> tuple[float, float, str, str]:
    return one.times, one.gap, one.source, one.report


def _episode(node: Node, rules: Detection, worst: dict[int, Dispute], days: list[int], until: int | None) -> Episode:
    day = days[-1]
    peak_day = max(days, key=lambda one: (worst[one].times, -one))
    now, peak = worst[day], worst[peak_day]
    reports = set(now.reports) | set(peak.reports)
    if not (now.misfit.rivals and peak.misfit.rivals):
        reports |= set(evidence(node, PEOPLE, {day, peak_day})[0])
    return Episode(
        since=days[0],
        until=until,
        day=day,
        rate=now.rate,
        baseline=Baseline("claims", now.held, now.held, source=now.source, report=now.report),
        severity=SEVERITIES[rules.rank(now.times)],
        peak_day=peak_day,
        peak_rate=peak.rate,
        peak_severity=SEVERITIES[rules.rank(peak.times)],
        reports=sorted(reports)[:100],
        report_count=len(reports),
        rule=NAME,
        about=now.report,
    )


def _describe(flow: str, episode: Episode, names: Names) -> str:
    source = episode.baseline.source or ""
    return (
        f"{flow} {people(episode.rate):,} a day by {names.get(source, source)} on {iso_day(episode.day)}, where others "
        f"leave {people(episode.baseline.expected):,}; {count_of_reports(episode)}"
    )


CONFLICT = Rule(
    name=NAME,
    find=disputes,
    describe=_describe,
    ending="agreed again on",
    noun="conflict",
    headline="Reports of people crossing a border contradict each other",
    setting=Setting("conflict", lambda share: 0 <= share < 1, "0 or more, below 1"),
    needs_reports=True,
)
