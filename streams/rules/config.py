"""The rules of an operator: baselines set by hand, and settings of detection for all flows or for some."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import msgspec

from bordertally.streams.durations import days_in
from bordertally.streams.flows import Flow, covers
from bordertally.streams.learning.levels import Tuning
from bordertally.streams.learning.methods import looks_back
from bordertally.streams.rules.debounce import Debounce

EXACT = 1e-9
"""Figures that differ by at most this share are equal: the difference is rounding."""

SEVERITIES = ("notice", "warning", "critical")


def times_expected(rate: float, expected: float) -> float:
    """The ratio of a rate to the expected rate; infinite where nothing is expected."""
    return rate / expected if expected > 0 else float("inf")


class Detection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of detection. Rates are in people a day, ratios are rate over expected.

    `ratio`: threshold over expected for operator, stated and derived baselines. `warning`, `critical`: the ratios from
    which the severity is warning and critical; below them it is notice. `clear_share`: an open alert clears only when
    the rate falls to expected + clear_share x (threshold - expected), so that a rate near the threshold does not flap.

    `learned`: the methods of learned baselines by name; the first method with enough days before a day is used. A
    single name is a list of one. `sigmas`: how many standard deviations a learned threshold lies above the mean;
    `sigma_floor` (people) and `sigma_floor_share` (of the mean) are lower limits of the standard deviation, so that
    steady flows do not alert at small changes (a share of 3/11 makes the threshold at least 1.75 times the mean).
    `minimum_people`: no lower rate opens an alert on a learned baseline. `absolute`: the threshold where there is no
    baseline; None for none.

    `week_ratio`: the mean of a week over the mean of the four weeks before, above which the week is an exceedance (see
    baseline.week_level); 0 switches the weekly test off.

    `drop`: the share of the expected rate below which a day is a drop. `record`: the time in which no week may have
    been as high, such as "52w". `silence`: how many times its usual time between reports a source may be silent on a
    flow. `conflict`: the share of a claim's figure by which more trusted claims may differ. `checkpoint_share`: how
    many times its usual share of the parent flow a child flow may have while the parent's total falls. Each of these
    five rules is off where its setting is None. `corroborate`: a critical alert needs two independent sources or one of
    grade A.

    `for`, `keep_firing_for`, `cooldown`: see debounce.Debounce; durations in days or weeks such as "2d".
    `notify_within`: an alert whose newest day was longer before the newest report of its flow when it was first
    recorded is a backfill, of which nobody is notified. `inhibit`: an alert is muted while an alert of the same rule is
    open on a flow above, instead of while one on a flow below tells of the same people (see inhibition).

    `stated_before_days`, `stated_after_days`: how long before and after its claim a stated or derived level holds.
    `project_days`: how long a flow without reports is projected at its last rate.
    `others`: by name, the settings of rules that have no field above (see detection.rule).
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

    def clear_level(self, expected: float, threshold: float) -> float:
        """The rate below which an alert clears, in people a day."""
        return expected + self.clear_share * (threshold - expected)

    def rank(self, times: float) -> int:
        """The severity of a ratio of rate to expected, as its place in SEVERITIES."""
        return 2 if times >= self.critical * (1 - EXACT) else int(times >= self.warning * (1 - EXACT))

    def rank_of(self, rate: float, expected: float) -> int:
        """The severity of a rate. Where nothing is expected, by rate over `minimum_people`, and at most a warning."""
        if expected > 0:
            return self.rank(rate / expected)
        return min(self.rank(times_expected(rate, self.minimum_people)), SEVERITIES.index("warning"))

    @property
    def tuning(self) -> Tuning:
        """The settings of learned thresholds."""
        return Tuning(self.sigmas, self.sigma_floor, self.sigma_floor_share)

    @property
    def debounce(self) -> Debounce:
        """The debounce settings in days."""
        return Debounce(days_in(self.for_), days_in(self.keep_firing_for), days_in(self.cooldown))

    @property
    def notify_days(self) -> int:
        """The setting `notify_within` in days."""
        return days_in(self.notify_within)

    @property
    def looks_back(self) -> range:
        """The days before a day from which its baseline is learned, as distances."""
        return looks_back(self.methods)


OPTIONAL = tuple(field.name for field in msgspec.structs.fields(Detection) if field.default is None)
"""The settings that are off by default."""


class Setting(NamedTuple):
    """The setting that turns a rule on: its name in `[detection]`, which figures it allows, and the same in words.

    A setting that is not a figure (`record` is a duration) is checked in rules_file. `example`: a usual value, written
    as in the rules file.
    """

    name: str
    allows: Callable[[float], bool] = lambda _: True
    words: str = ""
    example: str = ""

    def of(self, detection: Detection) -> Any:
        """The value of the setting; None where the rule is off."""
        if self.name in Detection.__struct_fields__:
            return getattr(detection, self.name)
        return detection.others.get(self.name)


class OperatorBaseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A baseline set by an operator: `daily` people (a figure or a range) from `since` to `until`, exclusive."""

    flow: str
    daily: float | list[float]
    since: date | None = None
    until: date | None = None
    ratio: float | None = None
    population: str = "people"

    @property
    def level(self) -> tuple[float, float]:
        """Low and high of `daily`."""
        return (self.daily[0], self.daily[1]) if isinstance(self.daily, list) else (self.daily, self.daily)


class FlowRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of detection for some flows, which replace those of all flows; None leaves a setting as it is.

    False turns a rule off. `flow` is a pattern as in the source registry: a flow stands for itself and all flows below,
    `*` for any one part.
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
        """The settings of all flows with these in their place."""
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
    """The rules file: `[detection]`, and any number of `[[baselines]]` and `[[flows]]`."""

    detection: Detection = field(default_factory=Detection)
    baselines: tuple[OperatorBaseline, ...] = ()
    flows: tuple[FlowRules, ...] = ()
    _of: dict[str, Rules] = field(default_factory=dict, init=False, repr=False, compare=False)

    def renamed(self, aliases: Mapping[Flow, Flow]) -> Rules:
        """The rules with the flow of the place where a rule names an alias (see Registry.aliases)."""
        named = {baseline.flow for baseline in self.baselines} | {settings.flow for settings in self.flows}
        if named.isdisjoint(aliases):
            return self

        def placed(flow: str) -> str:
            return aliases.get(Flow(flow), Flow(flow))

        return Rules(
            self.detection,
            tuple(msgspec.structs.replace(baseline, flow=placed(baseline.flow)) for baseline in self.baselines),
            tuple(msgspec.structs.replace(settings, flow=placed(settings.flow)) for settings in self.flows),
        )

    def for_flow(self, flow: str) -> list[OperatorBaseline]:
        """The operator's baselines of a flow, in the order written; the last one that holds on a day wins."""
        return [baseline for baseline in self.baselines if baseline.flow == flow]

    @property
    def listens(self) -> bool:
        """Whether the rule `silence` is on for any flow."""
        return self.detection.silence is not None or any(flow.silence for flow in self.flows)

    def of(self, flow: str) -> Rules:
        """The rules of one flow, with every `[[flows]]` that covers the flow applied, later ones over earlier ones.

        The object is the same each time, so that judged days stay valid.
        """
        if not self.flows:
            return self
        rules = self._of.get(flow)
        if rules is None:
            detection = self.detection
            for settings in self.flows:
                if covers(settings.flow, flow):
                    detection = settings.over(detection)
            rules = self._of[flow] = Rules(detection, tuple(self.for_flow(flow)))
        return rules
