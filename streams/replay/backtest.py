"""Backtest: what the alerts on a series would have been, measured by the surges that are known to be in it.

The alerts are those of the pipeline: the same judging of days, hysteresis and minimum. What is learned for a day rests
on the days before it, so going back over a series whose figures were not corrected comes to what live would have said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec

from bordertally.streams.detection.daily_rate import DAILY_RATE
from bordertally.streams.detection.registry import all_episodes
from bordertally.streams.flows import Flow
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.ledger.tree import Node
from bordertally.streams.reconciliation.constraints import Bin
from bordertally.streams.replay.ground_truth import Surge, is_great
from bordertally.streams.replay.rivals import RIVALS, rival_alerts
from bordertally.streams.rules.baseline import Judgement, judged_days
from bordertally.streams.rules.config import SEVERITIES, Rules

EARLY = 3
"""An alert that opens up to so many days before the first day of a surge still tells of it."""

FLAP_DAYS = 3
"""An alert that opens so few days after the one before had closed is a flap."""

YEAR = 365.25


class Alarm(NamedTuple):
    """One alert: the first and the last day that kept it open (ordinals, inclusive), and the worst it came to.

    `about`: the source, report or flow below that it is about, of rules that name one.
    """

    first: int
    last: int
    severity: str
    about: str | None = None


class DetectedSurge(msgspec.Struct, frozen=True):
    """A surge and how many days after its first day an alert opened; None if none did before it was over.

    `great`: see ground_truth.is_great.
    """

    surge: Surge
    days_late: int | None
    great: bool = False


class MethodScore(msgspec.Struct, frozen=True):
    """How a way to detect fares on one flow: `days` judged of those known, its alerts, and what they are worth.

    `false_alarms` touch no surge. An alert that was open on a surge and opened too early to tell of it is neither.
    Without a yardstick, as for silences and conflicts of which nobody has said when they were, none counts as false.
    """

    flow: str
    method: str
    days: int
    judged: int
    alarms: list[Alarm]
    found: list[DetectedSurge]
    false_alarms: list[Alarm]
    rule: str = DAILY_RATE.name
    measured: bool = True

    @property
    def per_year(self) -> float:
        """Alerts a year of known days."""
        return len(self.alarms) * YEAR / self.days if self.days else 0.0

    @property
    def missed(self) -> int:
        """Surges of which no alert told."""
        return sum(surge.days_late is None for surge in self.found)

    @property
    def flaps(self) -> int:
        """Alerts that opened within three days after the one before had closed."""
        pairs = pairwise(self.alarms)
        return sum(0 <= later.first - earlier.last - 1 <= FLAP_DAYS for earlier, later in pairs)

    def found_of(self, *, great: bool) -> tuple[int, int]:
        """How many great or small surges an alert told of, and how many there were."""
        surges = [surge for surge in self.found if surge.great is great]
        return sum(surge.days_late is not None for surge in surges), len(surges)

    @property
    def late(self) -> list[int]:
        """Days late of the surges that were found."""
        return [surge.days_late for surge in self.found if surge.days_late is not None]


PLAIN = "plain"
"""The yardstick: the mean of t-28..t-1 and three standard deviations, without floors or a minimum of people."""
AS_RULES_SAY = "rules"
"""The rules as they are."""


def rules_for(method: str, rules: Rules) -> Rules:
    """The rules with one method to learn by: that of a name, PLAIN, or as they are (for rivals too).

    A single method is measured by itself, so the weekly test is left out; nothing else is changed.
    """
    if method == AS_RULES_SAY or method in RIVALS:
        return rules
    if method == PLAIN:
        bare = {"sigmas": 3.0, "sigma_floor": 0.0, "sigma_floor_share": 0.0, "minimum_people": 0.0, "absolute": None}
        bare["week_ratio"] = 0.0
        return Rules(msgspec.structs.replace(rules.detection, learned="mean", **bare), rules.baselines)
    flows = tuple(msgspec.structs.replace(flow_rules, learned=None, week_ratio=None) for flow_rules in rules.flows)
    return Rules(msgspec.structs.replace(rules.detection, learned=method, week_ratio=0.0), rules.baselines, flows)


def node_of(flow: str, series: Mapping[int, float]) -> Node:
    """A flow whose days, all of them whole, are these: people by ordinal day."""
    node = Node(Flow(flow), None)
    opened = node.open(PEOPLE)
    opened.bins = {day: Bin(people, people, people, full=True) for day, people in sorted(series.items())}
    opened.last = max(opened.bins, default=None)
    node.views.days_changed(opened.bins)
    node.views.figures_changed(opened.bins)
    return node


def days_of(node: Node) -> dict[int, float]:
    """The best figures of a flow's whole days, by ordinal day."""
    series = node.series.get(PEOPLE)
    return {} if series is None else {day: figure.best for day, figure in sorted(series.bins.items()) if figure.full}


def measure(
    node: Node, method: str, rules: Rules, surges: Sequence[Surge] | None, rule: str = DAILY_RATE.name
) -> MethodScore:
    """The alerts of a rule on a flow under some rules, against the surges known, or none. See MethodScore."""
    ours, days = rules.of(node.flow), days_of(node)
    alarms = [
        Alarm(episode.since, episode.day, episode.peak_severity, episode.about)
        for episode in all_episodes(node, ours)
        if episode.rule == rule
    ]
    judged = sum(day_judged.baseline is not None for day_judged in judged_days(node, ours).days.values())
    if rule == DAILY_RATE.name and method in RIVALS:
        rival, detection = RIVALS[method], ours.detection
        alarms = [
            Alarm(alert.first, alert.last, SEVERITIES[detection.rank(alert.worst)])
            for alert in rival_alerts(days, rival, detection)
        ]
        judged = sum(rival.level(days, day) is not None for day in days)
    detected = []
    for surge in surges or ():
        telling = [alarm for alarm in alarms if surge.first - EARLY <= alarm.first <= surge.last]
        late = max(0, telling[0].first - surge.first) if telling else None
        detected.append(DetectedSurge(surge, late, is_great(days, surge)))
    return MethodScore(
        flow=node.flow,
        method=method,
        days=len(days),
        judged=judged,
        alarms=alarms,
        found=detected,
        false_alarms=[]
        if surges is None
        else [alarm for alarm in alarms if not any(_touches(alarm, surge) for surge in surges)],
        rule=rule,
        measured=surges is not None,
    )


def _touches(alarm: Alarm, surge: Surge) -> bool:
    return alarm.first <= surge.last and alarm.last >= surge.first - EARLY


class PlottedDay(NamedTuple):
    """One day as a plot shows it: the rate, what was expected, and the threshold; None where there is none."""

    day: int
    rate: float
    expected: float | None
    threshold: float | None


def lines(node: Node, rules: Rules, method: str = AS_RULES_SAY) -> list[PlottedDay]:
    """The days of a flow as they were judged under some rules, or by a rival, in order."""
    if method in RIVALS:
        days, level = days_of(node), RIVALS[method].level
        return [PlottedDay(day, rate, *(level(days, day) or (None, None))) for day, rate in days.items()]
    known = judged_days(node, rules.of(node.flow)).days
    return [_line(day, rate, known.get(day)) for day, rate in days_of(node).items()]


def _line(day: int, rate: float, judged: Judgement | None) -> PlottedDay:
    baseline = judged.baseline if judged is not None else None
    if baseline is None:
        return PlottedDay(day, rate, None, None)
    return PlottedDay(day, rate, baseline.expected, baseline.threshold)
