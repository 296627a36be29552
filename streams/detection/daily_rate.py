"""Daily rate: runs of days on which the rate of a flow exceeds its threshold."""

from __future__ import annotations

from bordertally.streams.detection.rule import Rule
from bordertally.streams.detection.wording import describe_rate
from bordertally.streams.ledger.rows import PEOPLE, Key
from bordertally.streams.ledger.tree import Node, evidence
from bordertally.streams.ledger.views import View
from bordertally.streams.rules.baseline import NOT_JUDGED, WEEK, WEEKLY, JudgedDays, Judgement, judged_days
from bordertally.streams.rules.config import EXACT, Detection, Rules, times_expected
from bordertally.streams.rules.corroboration import corroborated
from bordertally.streams.rules.debounce import NO_DEBOUNCE, Run, alerts_from
from bordertally.streams.totals.coverage import covered_as_usual
from bordertally.streams.totals.projection import finished, silent_days
from bordertally.streams.totals.records import Baseline, Episode


def exceeds(rate: float, baseline: Baseline, rules: Detection, *, opened: bool) -> bool:
    """Whether a rate opens an alert, or, with `opened`, keeps an alert open: the clear level is lower."""
    level = baseline.threshold
    if opened:
        level = baseline.expected + rules.clear_share * (baseline.threshold - baseline.expected)
    if baseline.kind == "learned" and rate < rules.minimum_people:
        return False
    return rate > level * (1 + EXACT)


def exceedance(judged: Judgement, detection: Detection, *, opened: bool) -> tuple[float, Baseline] | None:
    """The rate and baseline by which a day opens an alert, or, with `opened`, keeps an alert open; None otherwise.

    The rate of the day decides, else the mean of the week to the day, if the day itself is above the week's level.
    """
    baseline, rate, week = judged
    if baseline is not None and rate is not None and exceeds(rate, baseline, detection, opened=opened):
        return rate, baseline
    if week is None or not week.day_rate > week.baseline.expected * (1 + EXACT):
        return None
    return week[:2] if exceeds(week.rate, week.baseline, detection, opened=opened) else None


def episodes(node: Node, rules: Rules) -> list[Episode]:
    """The runs of days on which the daily rate exceeded its threshold, oldest first, after debounce.

    Days without a claim or a baseline neither open nor close a run. A day in progress may open a run, because a count
    only grows; only a finished day closes a run.
    """
    judged = judged_days(node, rules)
    view = node.views.of(Exceedances, lambda: Exceedances(judged), judged)
    view.refresh(rules.detection)
    runs = view.settled(node, rules.detection.project_days)
    over = (runs[-1].until or 0) if runs else 0
    current: Exceeding | None = None
    for day in sorted([day for day in view.above if day >= over]):
        if current is not None:
            current.until = _closed(node, judged, rules, current.last + 1, day)
            current = current if current.until is None else None
        opening = exceedance(judged.days[day], rules.detection, opened=False)
        if current is None and opening is not None:
            current = Exceeding()
            runs.append(current)
        going_on = opening or exceedance(judged.days[day], rules.detection, opened=True)
        if current is not None and going_on is not None:
            current.add(day, *going_on)
    if current is not None:
        current.until = _closed(node, judged, rules, current.last + 1, (node.last(PEOPLE) or 0) + 1)
    view.runs = runs
    if rules.detection.debounce != NO_DEBOUNCE:
        runs = _debounced(node, judged, rules, runs)
    return view.episodes_of(node, rules.detection, runs)


class Exceedances(View):
    """The days of a flow above the clear level, the runs of these days, and the episodes of the runs."""

    def __init__(self, judged: JudgedDays) -> None:
        self.above: set[int] = set()
        self.runs: list[Exceeding] = []
        self._judged = judged
        self._silent: set[int] = set()  # the days with projections at the last call of `settled`
        self._episodes: dict[tuple[int, int, int | None], Episode] = {}
        self._stale = judged.follow()  # the days judged again since `refresh`
        self._fresh: set[int] = set()  # the days judged again since `episodes_of`

    def refresh(self, detection: Detection) -> None:
        """Examine the days again that were judged again."""
        for day in self._stale:
            if exceedance(self._judged.days.get(day, NOT_JUDGED), detection, opened=True) is not None:
                self.above.add(day)
            else:
                self.above.discard(day)
        self._fresh |= self._stale
        self._stale.clear()

    def settled(self, node: Node, limit: int) -> list[Exceeding]:
        """The earlier runs that still hold: those that ended before every day that may have changed.

        A day may have changed if it was judged again, if it is the latest day, or if it has or had projections: then it
        may have become finished.
        """
        last = node.last(PEOPLE)
        silent = set[int]() if last is None else silent_days(node, PEOPLE, last, limit)
        moving = min([last or 0, *self._fresh, *silent, *self._silent])
        self._silent = silent
        return [run for run in self.runs if run.until is not None and run.until < moving]

    def episodes_of(self, node: Node, detection: Detection, runs: list[Exceeding]) -> list[Episode]:
        """The episodes of these runs; an episode is reused if no day of its run was judged again."""
        known, self._episodes = self._episodes, {}
        for run in runs:
            span = (run.days[0][0], run.last, run.until)
            episode = known.get(span)
            if episode is None or run.joined or any(span[0] <= day <= span[1] for day in self._fresh):
                episode = run.episode(node, detection)
            self._episodes[span] = episode
        self._fresh.clear()
        return list(self._episodes.values())


def _closed(node: Node, judged: JudgedDays, rules: Rules, first: int, end: int) -> int | None:
    """The first finished day with a rate from `first` to `end`, exclusive; None without any. No such day exceeds."""
    for day in range(first, end):
        judgement = judged.days.get(day)
        known = judgement is not None and (judgement.rate is not None or judgement.week is not None)
        if known and finished(node, PEOPLE, day, rules.detection.project_days):
            return day
    return None


def _debounced(node: Node, judged: JudgedDays, rules: Rules, runs: list[Exceeding]) -> list[Exceeding]:
    """The runs after `for`, `keep_firing_for` and `cooldown`; several runs of one alert are joined."""
    end = (node.last(PEOPLE) or 0) + 1
    alerts = alerts_from(
        [Run(run.days[0][0], run.last, run.until) for run in runs],
        rules.detection.debounce,
        lambda first, before: _closed(node, judged, rules, first, end if before is None else before),
        lambda place: rules.detection.rank(runs[place].worst),
    )
    return [_joined([runs[place] for place in alert.members], alert.until) for alert in alerts]


def _joined(runs: list[Exceeding], until: int | None) -> Exceeding:
    joined = Exceeding([day for run in runs for day in run.days], until)
    joined.joined = len(runs) > 1
    return joined


def _exceedance(judged: tuple[int, float, Baseline]) -> tuple[float, float, int]:
    """The order of days for the peak: by the ratio, then the rate, then the earlier day."""
    day, rate, baseline = judged
    return times_expected(rate, baseline.expected), rate, -day


def _days_of(day: int, baseline: Baseline) -> range:
    """The days that an exceedance of a day rests on: the day, or its week where the mean of the week decides."""
    return range(day - WEEK + 1, day + 1) if baseline.method == WEEKLY else range(day, day + 1)


class Exceeding:
    """A run of exceeding days, each with rate and baseline, from which an episode is made.

    `joined`: the run joins several runs, so its days do not follow from the first and the last.
    """

    def __init__(self, days: list[tuple[int, float, Baseline]] | None = None, until: int | None = None) -> None:
        self.until = until
        self.days = days or []
        self.joined = False

    @property
    def worst(self) -> float:
        """The highest ratio of the days."""
        return max(times_expected(rate, baseline.expected) for _, rate, baseline in self.days)

    @property
    def last(self) -> int:
        """The latest day."""
        return self.days[-1][0]

    def add(self, day: int, rate: float, baseline: Baseline) -> None:
        """Extend the run by a day."""
        self.days.append((day, rate, baseline))

    def episode(self, node: Node, rules: Detection) -> Episode:
        """The episode of the run."""
        day, rate, baseline = self.days[-1]
        peak_day, peak_rate, peak = max(self.days, key=_exceedance)
        cited = {*_days_of(day, baseline), *_days_of(peak_day, peak)}
        reports, count = evidence(node, Key(baseline.population, "people"), cited)
        if baseline.report is not None and baseline.report not in reports:
            reports, count = [baseline.report, *reports], count + 1
        ranked = corroborated(node, rules, [(day, rate, baseline), (peak_day, peak_rate, peak)])
        return Episode(
            self.days[0][0],
            self.until,
            day,
            rate,
            baseline,
            ranked.severities[0],
            peak_day,
            peak_rate,
            ranked.severities[1],
            reports,
            count,
            note=ranked.note,
            partial=not covered_as_usual(node, day),
        )


def latest_rate(node: Node, rules: Rules) -> tuple[float | None, int | None, Baseline | None]:
    """The rate, day and baseline of the latest covered day of a flow; None where not known."""
    last = node.last(PEOPLE)
    if last is None:
        return None, None, None
    baseline, rate, _ = judged_days(node, rules).days[last]
    if rate is None:
        rate = node.series[Key("people", "people")].bins[last].best
    return rate, last, baseline


DAILY_RATE = Rule(
    name="daily-rate",
    find=episodes,
    describe=describe_rate,
    ending="back below it on",
    noun="exceedance",
    headline="People crossing a border above the normal level",
)
