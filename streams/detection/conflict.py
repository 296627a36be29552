"""Conflicts as alerts: a claim of a trusted observer that cannot hold beside claims of more trusted observers.

Totals show every claim that cannot hold (Conflict). An alert opens where the gap is a larger share of the claim's
figure than the rules allow, and where the claim conflicts with other sources than its own. The alert is over on the
first finished day on which all claims agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import fsum
from typing import NamedTuple

from bordertally.streams.detection.rule import Rule
from bordertally.streams.flow_names import flow_title
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.ledger.series import Series
from bordertally.streams.ledger.tree import Node, evidence
from bordertally.streams.periods import DAY, iso_day, ordinal_of
from bordertally.streams.reconciliation.constraints import Constraint, Misfit
from bordertally.streams.reports.claims import citation
from bordertally.streams.rules.config import SEVERITIES, Detection, Rules, Setting, times_expected
from bordertally.streams.rules.corroboration import CRITICAL, below
from bordertally.streams.rules.debounce import debounced, runs_of
from bordertally.streams.rules.wording import Names, count_of_reports
from bordertally.streams.totals.conflicts import FLOOR_WORDS
from bordertally.streams.totals.days import people
from bordertally.streams.totals.projection import finished
from bordertally.streams.totals.records import Baseline, Episode
from bordertally.streams.totals.unlikely import note_of

NAME = "conflict"


class Dispute(NamedTuple):
    """A claim that cannot hold, on one of its days: its people a day, and those that other claims leave for it."""

    rate: float
    left: float
    gap: float
    source: str
    report: str | None
    reports: tuple[str, ...]
    misfit: Misfit

    @property
    def times(self) -> float:
        """The ratio of the larger of the two rates to the smaller."""
        small, large = sorted((self.rate, self.left))
        return times_expected(large, small)


def disputes(node: Node, rules: Rules) -> list[Episode]:
    """The runs of days on which trusted claims conflict, oldest first; none where the rule is off."""
    detection = rules.detection
    if detection.conflict is None:
        return []
    series = node.series.get(PEOPLE)
    if series is None:
        return []
    worst: dict[int, Dispute] = {}
    for misfits in series.misfits.values():
        for misfit in misfits:
            for day, dispute in _days(node, misfit, detection.conflict):
                if day not in worst or _order(dispute) > _order(worst[day]):
                    worst[day] = dispute
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
    """The days of a claim that cannot hold, if its gap is large enough and not only beside claims of its own origin."""
    claim, series = misfit.constraint, node.series[PEOPLE]
    source = claim.trust.source if claim.bound is None else FLOOR_WORDS[claim.bound]
    first, last = ordinal_of(claim.start), ordinal_of(claim.end - 1)
    days = [day for day in range(first, last + 1) if day in series.bins]
    others = {rival.origin for rival in misfit.rivals if rival.bound is None}
    if not misfit.rivals:  # the claim conflicts with the sum of the child flows, or with a part of the people
        others = {name for day in days for name in below(node, PEOPLE, day)}
    if not misfit.gap > share * claim.best or not others - {claim.origin}:
        return
    length = (claim.end - claim.start) / DAY
    left = fsum([series.bins[day].best for day in days])
    rivals = {report for rival in misfit.rivals for report in _reports(series, rival)}
    reports = _reports(series, claim)
    cited = (source, None if claim.bound else claim.trust.report, tuple(sorted({*reports, *rivals})), misfit)
    for day in days:
        yield day, Dispute(claim.best / length, left / length, misfit.gap, *cited)


def _reports(series: Series, claim: Constraint) -> tuple[str, ...]:
    return () if claim.bound is not None else series.counts.reports_of(claim)


def _order(dispute: Dispute) -> tuple[float, float, str, str]:
    return dispute.times, dispute.gap, dispute.source, dispute.report or ""


def _episode(node: Node, rules: Detection, worst: dict[int, Dispute], days: list[int], until: int | None) -> Episode:
    day = days[-1]
    peak_day = max(days, key=lambda day: (worst[day].times, -day))
    now, peak = worst[day], worst[peak_day]
    reports = set(now.reports) | set(peak.reports)
    if not (now.misfit.rivals and peak.misfit.rivals and now.report and peak.report):
        reports |= set(evidence(node, PEOPLE, {day, peak_day})[0])
    return Episode(
        since=days[0],
        until=until,
        day=day,
        rate=now.rate,
        baseline=Baseline("claims", now.left, now.left, source=now.source, report=now.report),
        severity=_severity(rules, now),
        peak_day=peak_day,
        peak_rate=peak.rate,
        peak_severity=_severity(rules, peak),
        reports=sorted(reports)[:100],
        report_count=len(reports),
        rule=NAME,
        about=None if now.report is None else citation(now.source, now.report),
        note=note_of(node, PEOPLE, [day, peak_day]),
    )


def _severity(rules: Detection, dispute: Dispute) -> str:
    """The severity of a conflict; of an unlikely claim, at most a warning."""
    rank = rules.rank(dispute.times)
    return SEVERITIES[min(rank, CRITICAL - 1) if dispute.misfit.constraint.unlikely else rank]


def _describe(flow: str, episode: Episode, names: Names) -> str:
    source = episode.baseline.source or ""
    return (
        f"{flow_title(flow)}: {people(episode.rate):,} a day by {names.get(source, source)} on {iso_day(episode.day)}, "
        f"where others leave {people(episode.baseline.expected):,}; {count_of_reports(episode)}"
    )


CONFLICT = Rule(
    name=NAME,
    find=disputes,
    describe=_describe,
    noun="conflict",
    headline="Reports of people crossing a border contradict each other",
    setting=Setting("conflict", lambda share: 0 <= share < 1, "0 or more, below 1", example="0.1"),
    opens="when a claim conflicts with more trusted claims by more than this share of its figure",
    ends="on the first finished day on which all agree",
    needs_reports=True,
)
