"""Checkpoint shares: a child flow surges while the total falls, as when people are redirected to another crossing.

A threshold on the total cannot show this, because the total falls. The usual rates of the child flow and of the total
are learned from the same days, by the methods of the rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bordertally.streams.detection.drop import spoken_for
from bordertally.streams.detection.rule import Rule
from bordertally.streams.flow_names import flow_name
from bordertally.streams.learning.methods import LEARNED_DAYS
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.ledger.tree import Node, evidence
from bordertally.streams.ledger.views import DayView
from bordertally.streams.rules.baseline import learned_from
from bordertally.streams.rules.config import EXACT, Detection, Rules, Setting, times_expected
from bordertally.streams.rules.corroboration import CRITICAL, capped, corroborated_people, likely_rate
from bordertally.streams.rules.debounce import debounced, runs_of
from bordertally.streams.rules.wording import Names, describe_rate
from bordertally.streams.totals.days import people
from bordertally.streams.totals.projection import finished
from bordertally.streams.totals.records import Baseline, Episode
from bordertally.streams.totals.unlikely import note_of

NAME = "checkpoint-share"


class Shift(NamedTuple):
    """A day on which a child flow surges while the total falls: people a day of both, and their usual levels."""

    flow: str
    rate: float
    usual: Baseline
    total: float
    usual_total: float

    @property
    def times(self) -> float:
        """The ratio of the rate of the child flow to its usual rate."""
        return times_expected(self.rate, self.usual.expected)


class Shifts(DayView):
    """The shifts of a flow by day."""

    def __init__(self, days: Iterable[int]) -> None:
        super().__init__(days)
        self.newest = max(self.stale, default=0)  # the newest day that ever had a figure
        self.by_day: dict[int, Shift] = {}

    def refresh(self, node: Node, rules: Detection) -> None:
        """Examine the days again that depend on stale days."""
        back = rules.looks_back
        self.newest = newest = max(self.newest, max(self.stale, default=0))
        due = {day + later for day in self.stale for later in (0, *back)}
        self.stale.clear()
        for day in (day for day in due if day <= newest):
            self.by_day.pop(day, None)
            shift = _shift(node, rules, day)
            if shift is not None:
                self.by_day[day] = shift


def _shift(node: Node, rules: Detection, day: int) -> Shift | None:
    """The largest shift of a day; None without any. It depends on day bins only, not on judged days of child flows."""
    assert rules.checkpoint_share is not None
    series = node.series[PEOPLE]
    if day not in series.bins:
        return None
    total, level = series.bins[day].best, learned_from(node, day, rules)
    if level is None or not total < level.expected * (1 - EXACT):
        return None
    shifts: list[Shift] = []
    for child in node.children.values():
        below = child.series.get(PEOPLE)
        figures = None if below is None else below.bins.get(day)
        if below is None or figures is None or figures.best < rules.minimum_people:
            continue
        usual = learned_from(child, day, rules)
        if (
            usual is not None
            and figures.best > usual.threshold * (1 + EXACT)
            and figures.best * level.expected >= rules.checkpoint_share * usual.expected * total
        ):
            shifts.append(Shift(child.flow, figures.best, usual, total, level.expected))
    return max(shifts, key=lambda shift: (shift.times, shift.flow), default=None)


def shares(node: Node, rules: Rules) -> list[Episode]:
    """The runs of days on which a child flow surged while the total fell, oldest first; none where the rule is off."""
    detection = rules.detection
    if detection.checkpoint_share is None or not node.children:
        return []
    series = node.series.get(PEOPLE)
    if series is None:
        return []
    shifts = node.views.of(Shifts, lambda: Shifts(series.bins), rules)
    shifts.refresh(node, detection)

    def counts(day: int) -> bool:
        return finished(node, PEOPLE, day, detection.project_days) and spoken_for(node, day)

    def closes(first: int, end: int) -> int | None:
        quiet = (day for day in range(first, end) if day in series.bins and day not in shifts.by_day)
        return next((day for day in quiet if finished(node, PEOPLE, day, detection.project_days)), None)

    end = (node.last(PEOPLE) or 0) + 1
    runs = debounced(
        runs_of([day for day in shifts.by_day if counts(day)], closes, end),
        detection.debounce,
        closes,
        end,
        lambda day: detection.rank(shifts.by_day[day].times),
    )
    return [_episode(node, detection, shifts.by_day, days, until) for days, until in runs]


def _episode(node: Node, rules: Detection, by_day: dict[int, Shift], days: list[int], until: int | None) -> Episode:
    peak_day = max(days, key=lambda day: (by_day[day].times, -day))
    ends = (days[-1], peak_day)
    now, peak = (by_day[day] for day in ends)
    children = {str(child.flow): child for child in node.children.values()}

    def enough(place: int) -> bool:
        shift = by_day[ends[place]]
        rate = corroborated_people(children[shift.flow], PEOPLE, ends[place])
        return rate > 0 and rules.rank(shift._replace(rate=rate).times) >= CRITICAL

    def likely(place: int) -> bool:
        shift = by_day[ends[place]]
        rate = likely_rate(children[shift.flow], PEOPLE, ends[place : place + 1])
        return rate is None or rules.rank(shift._replace(rate=rate).times) >= CRITICAL

    ranked = capped(rules, [rules.rank(now.times), rules.rank(peak.times)], enough, likely)
    reports, count = evidence(node, PEOPLE, set(ends))
    doubt = note_of(node, PEOPLE, ends)
    note = (
        f"{now.rate / now.total if now.total else 1:.0%} of {flow_name(node.flow)}, where "
        f"{now.usual.expected / now.usual_total:.0%} is usual, while that fell to {people(now.total):,} "
        f"from {people(now.usual_total):,}"
    )
    return Episode(
        since=days[0],
        until=until,
        day=ends[0],
        rate=now.rate,
        baseline=now.usual,
        severity=ranked.severities[0],
        peak_day=peak_day,
        peak_rate=peak.rate,
        peak_severity=ranked.severities[1],
        reports=reports,
        report_count=count,
        rule=NAME,
        about=now.flow,
        note="; ".join([part for part in (note, doubt, ranked.note) if part]),
    )


def _describe(flow: str, episode: Episode, names: Names) -> str:
    return describe_rate(episode.about or flow, episode, names)


CHECKPOINT_SHARE = Rule(
    name=NAME,
    find=shares,
    describe=_describe,
    noun="shift",
    headline="People crossing a border have turned to another crossing",
    setting=Setting("checkpoint_share", lambda times: times > 1, "above 1", example="1.5"),
    opens=(
        "when a child flow exceeds its learned threshold while the total is below the expected rate, and the share of "
        "the child is this many times its usual share"
    ),
    ends="on the first finished day on which that no longer holds",
    learns_from=LEARNED_DAYS,
    needs_reports=True,
)
