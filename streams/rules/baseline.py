"""Baselines: the expected daily rate of a flow: by an operator, else stated, else derived, else learned."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from math import fsum
from typing import NamedTuple

from bordertally.streams.learning.levels import History
from bordertally.streams.learning.methods import METHODS
from bordertally.streams.ledger.rows import PEOPLE, Key
from bordertally.streams.ledger.stated_levels import LevelStatement
from bordertally.streams.ledger.tree import Node
from bordertally.streams.ledger.views import View
from bordertally.streams.reconciliation.constraints import Bin
from bordertally.streams.rules.config import EXACT, Detection, OperatorBaseline, Rules
from bordertally.streams.rules.levels import Level, Levels, level_of, levels, nearness
from bordertally.streams.totals.coverage import COVERAGE_DAYS, covered_as_usual
from bordertally.streams.totals.records import Baseline


class WeekLevel(NamedTuple):
    """The learned baseline of the mean of a week, and what confirms a high day at its end, in people a day.

    `risen_above`: the mean above which the week has risen; `record_above`: the rate above which the day is a record.
    """

    baseline: Baseline
    risen_above: float
    record_above: float


class Week(NamedTuple):
    """The week to a day: its mean in people a day, the learned level of that mean, and the rate of the day."""

    rate: float
    level: WeekLevel
    day_rate: float

    @property
    def confirms(self) -> bool:
        """Whether a high day opens an alert: the week has risen, or the day is a record. See `week_level`."""
        risen = self.rate > self.level.risen_above * (1 + EXACT)
        return risen or self.day_rate > self.level.record_above * (1 + EXACT)


class Judgement(NamedTuple):
    """The baseline of a day and the rate to compare with it, and the same for the week to the day; None if unknown."""

    baseline: Baseline | None
    rate: float | None
    week: Week | None = None


NOT_JUDGED = Judgement(None, None)

EXACT_DIGITS = 6
"""Rates are rounded to millionths of a person, so that days which differ only by the rounding of raking are equal."""


def choose(
    day: int,
    operator: Sequence[OperatorBaseline],
    spoken: Sequence[Level],
    learned: Callable[[], Baseline | None],
    rules: Detection,
) -> Baseline | None:
    """The baseline of a day: operator before stated before derived before learned; None without any.

    `spoken`: the stated and derived levels of the flow, at least those near the day. The nearest wins: see `nearness`.
    Where `learned()` is None too, the absolute threshold of the rules is used, if there is one.
    """
    chosen = None
    for baseline in operator:
        begun = baseline.since is None or baseline.since.toordinal() <= day
        if begun and (baseline.until is None or day < baseline.until.toordinal()):
            chosen = baseline
    if chosen is not None:
        low, high = chosen.level
        expected = (low + high) / 2
        return Baseline(
            "operator",
            expected,
            expected * (chosen.ratio or rules.ratio),
            chosen.population,
            low=low,
            high=high,
        )
    for kind in ("stated", "derived") if spoken else ():
        valid = [level for level in spoken if level.kind == kind and day in level.days(rules)]
        if valid:
            level = max(valid, key=lambda level: nearness(level, day))
            expected = (level.low + level.high) / 2
            return Baseline(
                level.kind,
                expected,
                expected * rules.ratio,
                level.population,
                level.source,
                level.report,
                level.low,
                level.high,
            )
    learned_baseline = learned()
    if learned_baseline is None and rules.absolute is not None:
        return Baseline("absolute", rules.absolute, rules.absolute)
    return learned_baseline


def learned_from(node: Node, day: int, rules: Detection, before: int | None = None) -> Baseline | None:
    """The learned baseline of a day, by the first method of the rules with enough days before it; None without any.

    Only days count that claims cover completely and that are covered as usual. The day itself does not count. `before`:
    only days before this day count.
    """
    end = day if before is None else before
    return _learned(
        lambda back: [_counting(node, day - ago) if day - ago < end else None for ago in back],
        rules,
    )


def _learned(history: Callable[[range], History], rules: Detection) -> Baseline | None:
    """The learned baseline of a day; `history`: people on the days that lie so many days before it."""
    for name in rules.methods:
        method = METHODS[name]
        level = method.learn(history(method.back), rules.tuning)
        if level is not None:
            return Baseline("learned", level.expected, level.threshold, method=name)
    return None


def _counting(node: Node, day: int) -> float | None:
    """People on a day; None where the day does not count."""
    series = node.series.get(PEOPLE)
    figures = None if series is None else series.bins.get(day)
    if figures is None or not figures.full:
        return None
    # a flow without children has days only from its own claims
    return figures.best if not node.children or covered_as_usual(node, day) else None


def says(baseline: Baseline) -> str:
    """The days and the method that a learned baseline was learned from, in words."""
    if baseline.method == WEEKLY:
        return "a day in the four weeks before that week (learned by week)"
    if baseline.method == WEEK_BEFORE:
        return "a day in the week before, by its mean or its same weekday"
    method = METHODS.get(baseline.method or "")
    return "(learned)" if method is None else f"{method.says} (learned by {method.name})"


def baseline_of(node: Node, rules: Rules, spoken: Sequence[Level], day: int) -> Baseline | None:
    """The baseline of a day of a flow. `spoken`: see `levels`."""
    rules = rules.of(node.flow)
    return choose(
        day, rules.for_flow(node.flow), spoken, lambda: learned_from(node, day, rules.detection), rules.detection
    )


def judge(node: Node, rules: Rules, day: int) -> Judgement:
    """The judgement of a day of a flow, computed without a cache; see `judged_days`."""
    baseline, detection = baseline_of(node, rules, levels(node), day), rules.of(node.flow).detection
    week = partial(week_level, node, detection=detection) if detection.week_ratio else None
    return _judgement(node, baseline, day, week)


def _judgement(
    node: Node, baseline: Baseline | None, day: int, week: Callable[[int], WeekLevel | None] | None
) -> Judgement:
    """The judgement of a day.

    `week`: the level of the week to a day, called only where the day's own level is learned or None; None where the
    test of the week is off.
    """
    rate = None if baseline is None else rate_of(node, baseline, day)
    if week is None or (baseline is not None and baseline.kind != "learned"):
        return Judgement(baseline, rate)
    bins = node.series[PEOPLE].bins if PEOPLE in node.series else {}
    mean = mean_to(bins, day)
    level = None if mean is None else week(day)
    return Judgement(baseline, rate, None if mean is None or level is None else Week(mean, level, bins[day].best))


def rate_of(node: Node, baseline: Baseline, day: int) -> float | None:
    """The rate to compare with a baseline: people of the baseline's population on a day.

    None where the day has no figure, or only an upper bound.
    """
    series = node.series.get(PEOPLE if baseline.population == PEOPLE.population else Key(baseline.population, "people"))
    figures = series.bins.get(day) if series is not None else None
    return None if figures is None or figures.low <= 0 < figures.best else round(figures.best, EXACT_DIGITS)


WEEK = 7
WEEKLY = "week"
"""The method of a learned baseline of a week."""
WEEK_BEFORE = "week-before"
"""The method of a learned baseline that is the week before a day: see detection.drop."""
WEEK_BACK = range(34, 6, -1)
"""The days before a day from which the baseline of its week is learned: t-34..t-7."""
WEEK_KNOWN = 21
WEEK_BEGINS = range(WEEK_BACK[0] - 28, len(WEEK_BACK) - WEEK + 1)
"""The places in these days at which the weeks within t-28..t-7 begin."""
ABOVE_HIGHEST = 1.1
LEAST_RISE = 1.25
"""How many times the mean of the four weeks before it a week must have for a high day to open an alert.

One high day after quiet days is no surge: boats that waited for a storm to pass bring no more people in the week.
"""
RECORD = 1.5
"""How many times the highest day of the four weeks a day must have to open an alert whatever its week."""


def mean_to(bins: Mapping[int, Bin], day: int) -> float | None:
    """People a day in the seven days to a day; None unless claims cover the six days before it completely."""
    week = [bins.get(day - back) for back in range(WEEK)]
    known = [figures for figures in week if figures is not None]
    if len(known) < WEEK or not all(figures.full for figures in known[1:]):
        return None
    return round(fsum([figures.best for figures in known]) / WEEK, EXACT_DIGITS)


def week_level(node: Node, day: int, detection: Detection) -> WeekLevel | None:
    """The learned level of the mean of the seven days to a day; None with too few days, or where the test is off.

    With m the mean of t-34..t-7, of which at least 21 days count, and h the highest mean of seven days within
    t-28..t-7, the threshold of the week alone is

        max(week_ratio m, m + minimum_people, 1.1 h)

    The week has risen above max(1.25 m, 1.1 h); a day is a record above 1.5 x the highest day of t-34..t-7.
    """
    return _week_level([_counting(node, day - ago) for ago in WEEK_BACK], detection) if detection.week_ratio else None


def _week_level(history: History, detection: Detection) -> WeekLevel | None:
    """The level of a week after these days, those of WEEK_BACK; see `week_level`."""
    known = [people for people in history if people is not None]
    if len(known) < WEEK_KNOWN:
        return None
    mean = fsum(known) / len(known)
    if len(known) == len(history):  # nearly always
        highest = ABOVE_HIGHEST * (max([fsum(known[begin : begin + WEEK]) for begin in WEEK_BEGINS]) / WEEK)
    else:
        highest = ABOVE_HIGHEST * max([_whole_week(history[begin : begin + WEEK]) for begin in WEEK_BEGINS])
    threshold = max(detection.week_ratio * mean, mean + detection.minimum_people, highest)
    return WeekLevel(
        Baseline("learned", mean, threshold, method=WEEKLY), max(LEAST_RISE * mean, highest), RECORD * max(known)
    )


def _whole_week(week: Sequence[float | None]) -> float:
    """The mean of seven days; 0 where a day is unknown."""
    known = [people for people in week if people is not None]
    return fsum(known) / WEEK if len(known) == WEEK else 0.0


class DaysAgain(NamedTuple):
    """The days that a rule looks at again: those judged again, and those whose evidence changed."""

    judged: set[int]
    cited: set[int]


class JudgedDays(View):
    """The judged days of a flow under some rules; see `judged_days`.

    A learned baseline of a day depends on the days before it, not on the day itself. So a day that changed is compared
    with its earlier baseline, and baselines are learned again only for the days after it. Rules follow the days that
    are judged again (see `follow`). A day is judged when somebody asks for its judgement: of most days nobody does,
    because they are ordinary (see `is_ordinary`).
    """

    def __init__(self, node: Node, rules: Rules) -> None:
        self._days: dict[int, Judgement] = {}
        self._waiting: dict[int, Judgement | None] = {}
        """The days that nobody has asked for since they changed, with the judgement whose baseline still holds."""
        self._node = node
        self._rules = rules
        self._operator = rules.for_flow(node.flow)
        self._later = rules.detection.looks_back
        self._levels: Levels | None = None  # until a day is looked at
        self._learned: dict[int, Baseline | None] = {}
        self._weeks: dict[int, WeekLevel | None] = {}
        self._people: dict[int, float | None] = {}  # as `_counting` has them, but for the days in `_uncounted`
        self._due = {day for series in node.series.values() for day in series.bins}
        self._uncounted = set(self._due)
        self._relearn = set(self._due)
        self._cited: set[int] = set()
        self._newest = max(self._due, default=0)  # the newest day that ever had a figure; no later day is judged
        self._followers: list[DaysAgain] = []

    def days_changed(self, days: Collection[int]) -> None:
        """Note that alerts cite other reports for these days."""
        self._cited.update(days)

    def figures_changed(self, days: Collection[int]) -> None:
        """Note that these days changed: they are due, and so are the days whose baselines are learned from them."""
        self._newest = max(self._newest, max(days, default=0))
        if len(days) == 1 and self._newest in days:  # as in a live feed: no day is judged by it but the day itself
            self._uncounted.add(self._newest)
            self._due.add(self._newest)
            return
        usual = (
            COVERAGE_DAYS if self._node.children else 0
        )  # whether a day is covered as usual depends on the days before it
        learned = range(1 if usual else self._later.start, self._later.stop + usual)
        weeks = range(1 if usual else WEEK_BACK[-1], WEEK_BACK[0] + 1 + usual)
        end = self._newest + 1
        for day in days:
            self._uncounted.update(range(day, min(day + usual, self._newest) + 1))
            self._due.update(range(day, min(day + max(learned.stop, weeks.stop), end)))
            for later in range(day + learned.start, min(day + learned.stop, end)):
                self._learned.pop(later, None)
                self._relearn.add(later)
            for later in range(day + weeks.start, min(day + weeks.stop, end)):
                self._weeks.pop(later, None)

    def levels_changed(self, gone: Sequence[LevelStatement], came: Sequence[LevelStatement]) -> None:
        """Note that stated levels changed: the days are due whose baseline they may be, or may have been."""
        if self._levels is None:
            return
        for statement in gone:
            self._levels.remove(level_of(statement))
        for statement in came:
            self._levels.add(level_of(statement))
        changed = map(level_of, (*gone, *came))
        days = [day for level in changed for day in level.days(self._rules.detection) if self.has(day)]
        self._due.update(days)
        self._relearn.update(days)

    def follow(self) -> DaysAgain:
        """A record to which days are added when they or their evidence change; it begins with all days."""
        fresh = DaysAgain({*self._days, *self._waiting}, set())
        self._followers.append(fresh)
        return fresh

    def refresh(self, node: Node) -> None:
        """Note which days are to be judged again."""
        if not (self._due or self._cited):
            return
        bins = self._bins(node)
        for day in self._due:
            known = self._days.pop(day, None) or self._waiting.pop(day, None)
            if day in bins:
                self._waiting[day] = None if day in self._relearn else known
        for judged, cited in self._followers:
            judged.update(self._due)
            cited.update(self._cited)
        self._due.clear()
        self._cited.clear()
        self._relearn.clear()

    @property
    def days(self) -> dict[int, Judgement]:
        """The judgement of every day."""
        for day in list(self._waiting):
            self.of(day)
        return self._days

    def has(self, day: int) -> bool:
        """Whether a day has a figure, and so a judgement."""
        return day in self._days or day in self._waiting

    def of(self, day: int) -> Judgement:
        """The judgement of a day; NOT_JUDGED where the day has no figure."""
        if day in self._waiting:
            node, earlier = self._node, self._waiting.pop(day)
            baseline = self._baseline(node, day) if earlier is None else earlier.baseline
            week = partial(self._week_for, node) if self._rules.detection.week_ratio else None
            self._days[day] = _judgement(node, baseline, day, week)
        return self._days.get(day, NOT_JUDGED)

    def is_ordinary(self, day: int) -> bool:
        """Whether one look shows that a day keeps no alert open, as nearly always; False where it must be judged.

        So it is where the level can only be learned, and the day lies below the clear level that goes with the least
        that may be expected of it; and likewise its week.
        """
        node, detection = self._node, self._rules.detection
        if day not in self._waiting or self._waiting[day] is not None:  # its level is known
            return False
        if self._operator or self._levels_near(node, day):
            return False
        method = METHODS[detection.methods[0]] if detection.methods else None
        if method is None or method.least is None:
            return False
        least, bins = method.least(self._history(node, day, method.back)), self._bins(node)
        best = bins[day].best
        if least is None or round(best, EXACT_DIGITS) > detection.clear_level(*detection.tuning.level(least, 0.0)):
            return False
        return not detection.week_ratio or self._has_ordinary_week(day, best)

    def _has_ordinary_week(self, day: int, best: float) -> bool:
        node, detection = self._node, self._rules.detection
        known = [people for people in self._history(node, day, WEEK_BACK) if people is not None]
        if len(known) < WEEK_KNOWN:
            return True
        usual = fsum(known) / len(known)
        if best <= usual:
            return True
        mean = mean_to(self._bins(node), day)
        return mean is None or mean <= detection.clear_level(usual, detection.week_ratio * usual)

    @staticmethod
    def _bins(node: Node) -> Mapping[int, Bin]:
        series = node.series.get(PEOPLE)
        return {} if series is None else series.bins

    def _baseline(self, node: Node, day: int) -> Baseline | None:
        spoken, rules = self._levels_near(node, day), self._rules.detection
        return choose(day, self._operator, spoken, lambda: self._learned_for(node, day), rules)

    def _levels_near(self, node: Node, day: int) -> list[Level]:
        if self._levels is None:
            self._levels = Levels(levels(node))
        return self._levels.near(day, self._rules.detection)

    def _week_for(self, node: Node, day: int) -> WeekLevel | None:
        if day not in self._weeks:
            self._weeks[day] = _week_level(self._history(node, day, WEEK_BACK), self._rules.detection)
        return self._weeks[day]

    def _learned_for(self, node: Node, day: int) -> Baseline | None:
        if day not in self._learned:
            self._learned[day] = _learned(lambda back: self._history(node, day, back), self._rules.detection)
        return self._learned[day]

    def _history(self, node: Node, day: int, back: range) -> History:
        """People on the days that lie `back` days before a day, the earliest first; None where a day does not count."""
        if self._uncounted:
            self._people.update({each: _counting(node, each) for each in self._uncounted})
            self._uncounted.clear()
        return list(map(self._people.get, range(day - back[0], day - back[-1] + 1)))


def judged_days(node: Node, rules: Rules) -> JudgedDays:
    """The judgement of every day of a flow that has a figure. `rules`: those of the flow."""
    judged = node.views.of(JudgedDays, lambda: JudgedDays(node, rules), rules)
    judged.refresh(node)
    return judged
