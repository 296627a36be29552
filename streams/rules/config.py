"""What an operator decides: baselines set by hand, and settings of detection, for all flows or for some."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import msgspec

from bordertally.streams.durations import days_in
from bordertally.streams.flows import covers
from bordertally.streams.learning.levels import Tuning
from bordertally.streams.learning.methods import looks_back
from bordertally.streams.rules.debounce import Patience

EXACT = 1e-9
"""Figures that differ by no more than this share are equal but for rounding."""

SEVERITIES = ("notice", "warning", "critical")


def times_expected(rate: float, expected: float) -> float:
    """How many times what is expected a rate is; infinite where nothing is expected."""
    return rate / expected if expected > 0 else float("inf")


class Detection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How exceedances are found. Rates in people a day, ratios of rate to expected.

    `ratio`: threshold over expected for operator, stated and derived baselines. `warning`, `critical`: severity
    levels (below them it is a notice). `clear_share`: an open alert clears only when the rate falls to
    expected + clear_share x (threshold - expected), so one that hovers does not flap.

    `learned`: the methods of learned baselines by name, of which the first with enough days before a day is taken; one
    name stands for a list of one. `sigmas`: how rare an exceedance of a learned threshold is to be, in standard
    deviations; `sigma_floor` (people) and `sigma_floor_share` (of the mean) keep quiet series from alarming at every
    ripple (a share of 3/11 makes the threshold at least 1.75 times the mean), and a rate below `minimum_people` never
    does. `absolute`: the threshold in people a day where there is no baseline at all; None opens nothing there.

    `week_ratio`: the mean of a week over that of the four weeks before it, above which the week itself is an
    exceedance (see baseline.week_level); 0 leaves the weekly test out.

    `drop`: the share of the expected rate below which a flow has dropped; None looks for no drops.
    `record`: how long no week may have been as high for one to be a record, such as "52w"; None looks for no records.
    `silence`: how many times its usual time between reports a source may say nothing of a flow, while others speak.
    `conflict`: the share of a claim's own figure by which more trusted ones may refute it; None looks for no conflicts.
    `checkpoint_share`: how many times its usual share of the total of the flow above a surging flow has, while that
    total falls. `corroborate`: whether critical needs two independent sources or one graded A (see corroboration).

    `for`, `keep_firing_for`, `cooldown`: see lifecycle.Patience; durations in days or weeks such as "2d".
    `notify_within`: an exceedance that ended so long before the newest report of its flow, when it is first recorded,
    is a backfill: nobody is notified of it.
    `inhibit`: whether an open alert of the same rule on a flow above keeps those who notify quiet (see silences).

    A stated or derived level holds from `stated_before_days` before its claim to `stated_after_days` after it.
    `project_days`: how long a silent flow is carried on at its last rate.
    `others`: settings of rules that have none above, by name (see detection.rule).
    """

    ratio: float = 1.25
    warning: float = 1.5
    critical: float = 2.0
    clear_share: float = 0.8
    learned: str | tuple[str, ...] = ("weekday", "c2")
    sigmas: float = 2.75
    sigma_floor: float = 10.0
    sigma_floor_share: float = 3 / 11
    minimum_people: float = 50.0
    absolute: float | None = None
    week_ratio: float = 1.5
    drop: float | None = None
    record: str | None = None
    silence: float | None = None
    conflict: float | None = None
    checkpoint_share: float | None = None
    corroborate: bool = False
    for_: str = msgspec.field(default="0d", name="for")
    keep_firing_for: str = "3d"
    cooldown: str = "0d"
    notify_within: str = "30d"
    inhibit: bool = False
    stated_before_days: int = 30
    stated_after_days: int = 90
    project_days: int = 7
    others: dict[str, float] = {}

    @property
    def methods(self) -> tuple[str, ...]:
        """The names of the methods, in order of preference."""
        return (self.learned,) if isinstance(self.learned, str) else self.learned

    def rank(self, times: float) -> int:
        """How severe it is to be so many times what is expected: the place in SEVERITIES."""
        return 2 if times >= self.critical * (1 - EXACT) else int(times >= self.warning * (1 - EXACT))

    def rank_of(self, rate: float, expected: float) -> int:
        """How severe a rate is. Where nothing is expected it is measured by `minimum_people`, at most a warning."""
        if expected > 0:
            return self.rank(rate / expected)
        return min(self.rank(times_expected(rate, self.minimum_people)), SEVERITIES.index("warning"))

    @property
    def tuning(self) -> Tuning:
        """How far above the expected rate a learned threshold lies."""
        return Tuning(self.sigmas, self.sigma_floor, self.sigma_floor_share)

    @property
    def patience(self) -> Patience:
        """How patient alerts are, in days."""
        return Patience(days_in(self.for_), days_in(self.keep_firing_for), days_in(self.cooldown))

    @property
    def notify_days(self) -> int:
        """How many days old an exceedance may be for anybody to be notified of it."""
        return days_in(self.notify_within)

    @property
    def looks_back(self) -> range:
        """The days before a day that bear on what is learned for it."""
        return looks_back(self.methods)


OPTIONAL = tuple(field.name for field in msgspec.structs.fields(Detection) if field.default is None)
"""The settings that are off unless they are given."""


class Setting(NamedTuple):
    """The setting that turns a rule on: its name in `[detection]`, and which figures are allowed, in words.

    A setting that is no figure (`record` is a duration) is checked where it is read.
    """

    name: str
    allows: Callable[[float], bool] = lambda _: True
    words: str = ""

    def of(self, detection: Detection) -> Any:
        """Its value under some settings; None where the rule is off."""
        if self.name in Detection.__struct_fields__:
            return getattr(detection, self.name)
        return detection.others.get(self.name)


class OperatorBaseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A normal level an operator sets: `daily` people (a figure or a range), from one date until another, exclusive."""

    flow: str
    daily: float | list[float]
    since: date | None = None
    until: date | None = None
    ratio: float | None = None
    population: str = "people"

    @property
    def level(self) -> tuple[float, float]:
        """Low and high of the level."""
        return (self.daily[0], self.daily[1]) if isinstance(self.daily, list) else (self.daily, self.daily)


class FlowRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of detection for some flows, instead of those in Detection; None leaves a setting as it is.

    A rule that is on is turned off by false.
    `flow` is a pattern as in the source registry: a flow stands for itself and all below it, `*` for any one part.
    """

    flow: str
    learned: str | tuple[str, ...] | None = None
    sigmas: float | None = None
    sigma_floor: float | None = None
    sigma_floor_share: float | None = None
    minimum_people: float | None = None
    absolute: float | None = None
    week_ratio: float | None = None
    drop: float | bool | None = None
    record: str | bool | None = None
    silence: float | bool | None = None
    conflict: float | bool | None = None
    checkpoint_share: float | bool | None = None
    corroborate: bool | None = None
    for_: str | None = msgspec.field(default=None, name="for")
    keep_firing_for: str | None = None
    cooldown: str | None = None
    notify_within: str | None = None
    inhibit: bool | None = None
    others: dict[str, float | bool] = {}

    def over(self, detection: Detection) -> Detection:
        """The settings with these in their place."""
        given = {name: getattr(self, name) for name in self.__struct_fields__ if name not in ("flow", "others")}
        given = {
            name: None if name in OPTIONAL and value is False else value
            for name, value in given.items()
            if value is not None
        }
        others = {name: value for name, value in (detection.others | self.others).items() if value is not False}
        return msgspec.structs.replace(detection, others=others, **given)


@dataclass(frozen=True)
class Rules:
    """What an operator decides: `[detection]`, and any number of `[[baselines]]` and of `[[flows]]`."""

    detection: Detection = field(default_factory=Detection)
    baselines: tuple[OperatorBaseline, ...] = ()
    flows: tuple[FlowRules, ...] = ()
    _of: dict[str, Rules] = field(default_factory=dict, init=False, repr=False, compare=False)

    def for_flow(self, flow: str) -> list[OperatorBaseline]:
        """The operator's baselines of one flow, in the order written; the last that holds on a day wins."""
        return [one for one in self.baselines if one.flow == flow]

    @property
    def listens(self) -> bool:
        """Whether silences are looked for on any flow."""
        return self.detection.silence is not None or any(one.silence for one in self.flows)

    @property
    def inhibits(self) -> bool:
        """Whether an alert above makes one no news on any flow."""
        return self.detection.inhibit or any(one.inhibit for one in self.flows)

    def of(self, flow: str) -> Rules:
        """The rules as they are for one flow; of several `[[flows]]` that cover it the later ones go over the earlier.

        The same object each time, so that what was judged by it stays judged.
        """
        if not self.flows:
            return self
        found = self._of.get(flow)
        if found is None:
            detection = self.detection
            for one in self.flows:
                if covers(one.flow, flow):
                    detection = one.over(detection)
            found = self._of[flow] = Rules(detection, tuple(self.for_flow(flow)))
        return found
