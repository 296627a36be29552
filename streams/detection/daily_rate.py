"""Daily rate: runs of days on which the rate of a flow exceeds its threshold."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from bordertally.streams.detection.rule import Rule
from bordertally.streams.ledger.rows import PEOPLE, Key
from bordertally.streams.ledger.tree import Node, evidence
from bordertally.streams.ledger.views import View
from bordertally.streams.reports.claims import citation
from bordertally.streams.rules.baseline import WEEK, WEEKLY, JudgedDays, Judgement, judged_days, rate_of
from bordertally.streams.rules.config import EXACT, Detection, Rules, times_expected
from bordertally.streams.rules.corroboration import corroborated
from bordertally.streams.rules.debounce import Joined, alerts_from
from bordertally.streams.rules.kept_level import KEPT_DAYS, kept_level
from bordertally.streams.rules.wording import describe_rate
from bordertally.streams.totals.coverage import covered_as_usual
from bordertally.streams.totals.projection import finished, silent_days
from bordertally.streams.totals.records import Baseline, Episode
from bordertally.streams.totals.unlikely import note_of


def exceeds(rate: float, baseline: Baseline, rules: Detection, *, opened: bool) -> bool:
    """Whether a rate opens an alert, or, with `opened`, keeps an alert open: the clear level is lower."""
    level = baseline.threshold
    if opened:
        level = rules.clear_level(baseline.expected, baseline.threshold)
    if baseline.kind == "learned" and rate < rules.minimum_people:
        return False
    return rate > level * (1 + EXACT)


Exceedance = tuple[float, Baseline]
"""A rate in people a day, and the baseline that it exceeds."""


def exceedance(judged: Judgement, detection: Detection, *, opened: bool) -> Exceedance | None:
    """The rate and baseline by which a day opens an alert, or, with `opened`, keeps an alert open; None otherwise.

    The rate of the day decides, else the mean of the week to the day, if the day itself is above the level of the week.
    Where the level is learned, a day opens an alert only if its week has risen or it is a record (see `WeekLevel`).
    """
    baseline, rate, week = judged
    if (
        baseline is not None
        and rate is not None
        and exceeds(rate, baseline, detection, opened=opened)
        and (opened or baseline.kind != "learned" or week is None or week.confirms)
    ):
        return rate, baseline
    if week is None or not week.day_rate > week.level.baseline.expected * (1 + EXACT):
        return None
    usual = week.level.baseline
    return (week.rate, usual) if exceeds(week.rate, usual, detection, opened=opened) else None


def going_on(node: Node, judged: Judgement, detection: Detection, run: Exceeding, day: int) -> Exceedance | None:
    """The rate and baseline by which a day keeps a run open; None where the day does not."""
    opened, _, baseline = run.days[0]
    level = kept_level(node, detection, opened, baseline, day)
    if level is None:
        return exceedance(judged, detection, opened=True)
    kept = judged._replace(baseline=level, rate=rate_of(node, level, day))
    return exceedance(kept, detection, opened=True) or exceedance(judged, detection, opened=False)


def episodes(node: Node, rules: Rules) -> list[Episode]:
    """The runs of days on which the daily rate exceeded its threshold, oldest first, after debounce.

    Days without a claim or a baseline neither open nor close a run. A day in progress may open a run, because a count
    only grows; only a finished day closes a run. A run goes on while a day is above the open level, or above the clear
    level: for the first days that of the level it keeps (see `kept_level`), later that of the day.
    """
    judged, detection = judged_days(node, rules), rules.detection
    view = node.views.of(Exceedances, lambda: Exceedances(judged), judged)
    known = view.refresh(node, detection)
    if view.is_quiet:
        return []
    runs, end = view.runs, (node.last(PEOPLE) or 0) + 1
    current = runs[-1] if runs and runs[-1].until is None else None
    day = view.next_day(current.last + 1 if current else runs[-1].until or 0 if runs else 0, current)
    while day is not None:
        if current is not None:
            current.until = _closed(node, judged, rules, current.last + 1, day)
            current = current if current.until is None else None
        if current is None:
            judged_day = exceedance(judged.of(day), detection, opened=False)
            if judged_day is not None:
                current = Exceeding()
                runs.append(current)
        else:
            judged_day = going_on(node, judged.of(day), detection, current, day)
        if current is not None and judged_day is not None:
            current.add(day, *judged_day)
        day = view.next_day(day + 1, current)
    if view.is_settled:
        return list(view.episodes)
    if current is not None:
        current.until = _closed(node, judged, rules, current.last + 1, end)
    view.alerts += alerts_from(
        runs,
        detection.debounce,
        lambda first, before: _closed(node, judged, rules, first, end if before is None else before),
        lambda place: detection.rank(runs[place].worst),
        view.alerts.pop() if view.alerts else None,
        view.held,
    )
    for alert in view.alerts[len(view.episodes) :]:
        members, until = [runs[place] for place in alert.members], alert.until
        view.episodes.append(known.get(_key(members, until)) or _episode(node, detection, members, until))
    return list(view.episodes)


AlertKey = tuple[tuple[tuple[int, int], ...], int | None]
"""The first and the last day of each run of an alert, and the day on which the alert closes."""


class Exceedances(View):
    """The days of a flow above the clear level, the runs of these days, the alerts of the runs, and their episodes.

    What lies before every day that may have changed is kept, so that the newest days cost the same however many alerts
    there were before, and however long the newest alert has been open. `held`: how many runs are over for good.
    """

    def __init__(self, judged: JudgedDays) -> None:
        self.runs: list[Exceeding] = []
        self.alerts: list[Joined] = []
        self.episodes: list[Episode] = []
        self.held = 0
        self._above: list[int] = []  # in order
        self._judged = judged
        self._silent: set[int] = set()  # the days with projections at the last refresh
        self._again = judged.follow()  # since the last refresh

    def refresh(self, node: Node, detection: Detection) -> dict[AlertKey, Episode]:
        """Examine the days judged again, and keep of runs, alerts and episodes what lies before any change.

        A day may have changed if it was judged again, if it is the latest day, or if it has or had projections: then it
        may have become finished. Returns the dropped episodes of which no day was judged again: if their alerts are
        found again, so are they.
        """
        stale, cited = self._again
        for day in stale:
            self._place(day, self._is_above(day, detection))
        if self.is_quiet:
            stale.clear()
            cited.clear()
            return {}
        last = node.last(PEOPLE)
        silent = set[int]() if last is None else silent_days(node, PEOPLE, last, detection.project_days)
        moving = min([last or 0, *stale, *silent, *self._silent])
        self._silent = silent
        known = self._drop_episodes(min([moving, *cited]), sorted(stale | cited))
        stale.clear()
        cited.clear()
        self._cut_runs(moving)
        for alert in self.alerts[len(self.episodes) :]:
            del alert.members[bisect_left(alert.members, self.held) :]
        while self.alerts and not self.alerts[-1].members:
            self.alerts.pop()
        return known

    @property
    def is_quiet(self) -> bool:
        """Whether no day may open a run, and none did before."""
        return not (self._above or self.runs or self.alerts)

    def _is_above(self, day: int, detection: Detection) -> bool:
        judged = self._judged
        return not judged.is_ordinary(day) and exceedance(judged.of(day), detection, opened=True) is not None

    @property
    def is_settled(self) -> bool:
        """Whether every run is over for good, and the episodes of all alerts are known."""
        return self.held == len(self.runs) and len(self.episodes) == len(self.alerts)

    def _place(self, day: int, above: bool) -> None:
        place = bisect_left(self._above, day)
        if above == (self._above[place : place + 1] == [day]):
            return
        if above:
            self._above.insert(place, day)
        else:
            del self._above[place]

    def _drop_episodes(self, moving: int, again: Sequence[int]) -> dict[AlertKey, Episode]:
        """Drop the episodes that are not over before a day; return those of them that rest on no day of `again`."""
        known: dict[AlertKey, Episode] = {}
        while self.episodes and not _is_before(self.alerts[len(self.episodes) - 1].settled, moving):
            episode, alert = self.episodes.pop(), self.alerts[len(self.episodes)]
            place = bisect_left(again, episode.since - WEEK + 1)  # the week to its first day may be what is high
            if place == len(again) or again[place] > episode.day:
                known[_key([self.runs[place] for place in alert.members], alert.until)] = episode
        return known

    def _cut_runs(self, moving: int) -> None:
        while self.runs and self.runs[-1].since >= moving:
            self.runs.pop()
        self.held = len(self.runs)
        if self.runs and not _is_before(self.runs[-1].until, moving):
            self.runs[-1].cut(moving)
            self.held -= 1

    def next_day(self, first: int, run: Exceeding | None) -> int | None:
        """The first day from `first` on that may open the run or keep it open; None without any.

        It is above its own clear level, or the run keeps its level on it.
        """
        place = bisect_left(self._above, first)
        above = self._above[place] if place < len(self._above) else None
        if run is None:
            return above
        last = run.kept_until if above is None else min(run.kept_until, above)
        return next((day for day in range(first, last) if self._judged.has(day)), above)


def _is_before(until: int | None, moving: int) -> bool:
    return until is not None and until < moving


def _key(runs: Sequence[Exceeding], until: int | None) -> AlertKey:
    return tuple((run.since, run.last) for run in runs), until


def _closed(node: Node, judged: JudgedDays, rules: Rules, first: int, end: int) -> int | None:
    """The first finished day with a rate from `first` to `end`, exclusive; None without any. No such day exceeds."""
    for day in range(first, end):
        judgement = judged.of(day)
        known = judgement.rate is not None or judgement.week is not None
        if known and finished(node, PEOPLE, day, rules.detection.project_days):
            return day
    return None


ExceedingDay = tuple[int, float, Baseline]
"""A day (ordinal), its rate in people a day, and the baseline that the rate exceeds."""


def _exceedance(judged: ExceedingDay) -> tuple[float, float, int]:
    """The order of days for the peak: by the ratio, then the rate, then the earlier day."""
    day, rate, baseline = judged
    return times_expected(rate, baseline.expected), rate, -day


def _days_of(day: int, baseline: Baseline) -> range:
    """The days that an exceedance of a day rests on: the day, or its week where the mean of the week decides."""
    return range(day - WEEK + 1, day + 1) if baseline.method == WEEKLY else range(day, day + 1)


class Exceeding:
    """A run of exceeding days, each with rate and baseline; `until`: the day on which the run is over, None until then.

    The peak up to each day is kept, so that a run can grow and be cut at no more cost the longer it lasts.
    """

    def __init__(self) -> None:
        self.until: int | None = None
        self.days: list[ExceedingDay] = []
        self._peaks: list[ExceedingDay] = []

    @property
    def since(self) -> int:
        """The first day."""
        return self.days[0][0]

    @property
    def last(self) -> int:
        """The latest day."""
        return self.days[-1][0]

    @property
    def kept_until(self) -> int:
        """The first day on which the run keeps the level of its first day no longer."""
        opened, _, baseline = self.days[0]
        return opened + (0 if baseline.method == WEEKLY else KEPT_DAYS)

    @property
    def peak(self) -> ExceedingDay:
        """The highest day."""
        return self._peaks[-1]

    @property
    def worst(self) -> float:
        """The highest ratio of the days."""
        _, rate, baseline = self.peak
        return times_expected(rate, baseline.expected)

    def add(self, day: int, rate: float, baseline: Baseline) -> None:
        """Extend the run by a day."""
        added = (day, rate, baseline)
        self.days.append(added)
        self._peaks.append(max(self._peaks[-1], added, key=_exceedance) if self._peaks else added)

    def cut(self, end: int) -> None:
        """Drop the days from `end` on. The run is not over."""
        while self.days and self.last >= end:
            self.days.pop()
            self._peaks.pop()
        self.until = None


def _episode(node: Node, rules: Detection, runs: Sequence[Exceeding], until: int | None) -> Episode:
    """The episode of an alert, which consists of these runs."""
    day, rate, baseline = runs[-1].days[-1]
    peak_day, peak_rate, peak = max([run.peak for run in runs], key=_exceedance)
    cited = {*_days_of(day, baseline), *_days_of(peak_day, peak)}
    reports, count = evidence(node, Key(baseline.population, "people"), cited)
    if baseline.report is not None:
        stated = citation(baseline.source or "", baseline.report)
        if stated not in reports:
            reports, count = [stated, *reports], count + 1
    ranked = corroborated(node, rules, [(day, rate, baseline), (peak_day, peak_rate, peak)])
    doubt = note_of(node, Key(baseline.population, "people"), cited)
    return Episode(
        runs[0].since,
        until,
        day,
        rate,
        baseline,
        ranked.severities[0],
        peak_day,
        peak_rate,
        ranked.severities[1],
        reports,
        count,
        note="; ".join([note for note in (doubt, ranked.note) if note]),
        partial=not covered_as_usual(node, day),
    )


def latest_rate(node: Node, rules: Rules) -> tuple[float | None, int | None, Baseline | None]:
    """The rate, day and baseline of the latest covered day of a flow; None where not known."""
    last = node.last(PEOPLE)
    if last is None:
        return None, None, None
    baseline, rate, _ = judged_days(node, rules).of(last)
    if rate is None:
        rate = node.series[Key("people", "people")].bins[last].best
    return rate, last, baseline


DAILY_RATE = Rule(
    name="daily-rate",
    find=episodes,
    describe=describe_rate,
    noun="day above a known normal level",
    headline="People crossing a border above the normal level",
    adds_up=True,
)
