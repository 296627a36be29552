"""Operator's rules: baselines that an operator sets by hand, and settings of detection, for all flows or for some."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec

from bordertally.streams.errors import ConfigError, RefusedError, shown
from bordertally.streams.flows import check_pattern, covers, nested, parse_flow
from bordertally.streams.learning.levels import Tuning
from bordertally.streams.learning.methods import METHODS, looks_back
from bordertally.streams.rules.debounce import Patience, days_in

EXACT = 1e-9
"""Figures that differ by no more than this share are equal but for rounding."""

SEVERITIES = ("notice", "warning", "critical")

RATE, DROP, RECORD, SILENCE, CONFLICT, SHARE = (
    *("daily-rate", "drop", "record"),
    *("silence", "conflict", "checkpoint-share"),
)
NAMES = (RATE, DROP, RECORD, SILENCE, CONFLICT, SHARE)
"""The rules by which alerts open."""


class Detection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How exceedances are found. Rates in people a day, ratios of rate to expected.

    `ratio`: threshold over expected for operator, stated and derived baselines. `warning`, `critical`: severity
    levels (below them it is a notice). `clear_share`: an open alert clears only when the rate falls to
    expected + clear_share x (threshold - expected), so one that hovers does not flap.

    `learned`: the methods of learned baselines by name, of which the first with enough days before a day is taken; one
    name stands for a list of one. `sigmas`: how rare an exceedance of a learned threshold is to be, in standard
    deviations; `sigma_floor` (people) and `sigma_floor_share` (of the mean) keep quiet series from alarming at every
    ripple (a share of 1/6 makes the threshold at least 1.5 times the mean), and a rate below `minimum_people` never
    does. `absolute`: the threshold in people a day where there is no baseline at all; None opens nothing there.

    `drop`: the share of the expected rate below which a flow has dropped; None looks for no drops.
    `record`: how long no week may have been as high for one to be a record, such as "52w"; None looks for no records.
    `silence`: how many times its usual time between reports a source may say nothing of a flow, while others speak.
    `conflict`: the share of a claim's own figure by which more trusted ones may refute it; None looks for no conflicts.
    `checkpoint_share`: how many times its usual share of the total of the flow above a surging flow has, while that
    total falls. `corroborate`: whether critical needs two independent sources or one graded A (see corroboration).

    `for`, `keep_firing_for`, `cooldown`: see lifecycle.Patience; durations in days or weeks such as "2d".
    `inhibit`: whether an open alert of the same rule on a flow above keeps those who notify quiet (see silences).

    A stated or derived level holds from `stated_before_days` before its claim to `stated_after_days` after it.
    `project_days`: how long a silent flow is carried on at its last rate.
    """

    ratio: float = 1.25
    warning: float = 1.5
    critical: float = 2.0
    clear_share: float = 0.8
    learned: str | tuple[str, ...] = ("weekday", "c2")
    sigmas: float = 3.0
    sigma_floor: float = 10.0
    sigma_floor_share: float = 1 / 6
    minimum_people: float = 50.0
    absolute: float | None = None
    drop: float | None = None
    record: str | None = None
    silence: float | None = None
    conflict: float | None = None
    checkpoint_share: float | None = None
    corroborate: bool = False
    for_: str = msgspec.field(default="0d", name="for")
    keep_firing_for: str = "0d"
    cooldown: str = "0d"
    inhibit: bool = False
    stated_before_days: int = 30
    stated_after_days: int = 90
    project_days: int = 7

    @property
    def methods(self) -> tuple[str, ...]:
        """The names of the methods, in order of preference."""
        return (self.learned,) if isinstance(self.learned, str) else self.learned

    def rank(self, times: float) -> int:
        """How severe it is to be so many times what is expected: the place in SEVERITIES."""
        return 2 if times >= self.critical * (1 - EXACT) else int(times >= self.warning * (1 - EXACT))

    @property
    def tuning(self) -> Tuning:
        """How far above the expected rate a learned threshold lies."""
        return Tuning(self.sigmas, self.sigma_floor, self.sigma_floor_share)

    @property
    def patience(self) -> Patience:
        """How patient alerts are, in days."""
        return Patience(days_in(self.for_), days_in(self.keep_firing_for), days_in(self.cooldown))

    @property
    def looks_back(self) -> range:
        """The days before a day that bear on what is learned for it."""
        return looks_back(self.methods)


OPTIONAL = ("drop", "record", "silence", "conflict", "checkpoint_share")
"""The rules that are off unless they are set."""


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
    drop: float | bool | None = None
    record: str | bool | None = None
    silence: float | bool | None = None
    conflict: float | bool | None = None
    checkpoint_share: float | bool | None = None
    corroborate: bool | None = None
    for_: str | None = msgspec.field(default=None, name="for")
    keep_firing_for: str | None = None
    cooldown: str | None = None
    inhibit: bool | None = None

    def over(self, detection: Detection) -> Detection:
        """The settings with these in their place."""
        given = {name: getattr(self, name) for name in self.__struct_fields__ if name != "flow"}
        given = {
            name: None if name in OPTIONAL and value is False else value
            for name, value in given.items()
            if value is not None
        }
        return msgspec.structs.replace(detection, **given)


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


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rules file as it is written."""

    detection: Detection = Detection()
    baselines: tuple[OperatorBaseline, ...] = ()
    flows: tuple[FlowRules, ...] = ()


def parse_rules(text: str, where: str, blocs: frozenset[str] = frozenset()) -> Rules:
    """Read rules from TOML text. `blocs`: those of the registry. Raises ConfigError naming file, field and value."""
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{where}: {error}") from None
    baselines = [_operator(one, f"{where}: baselines[{index}]", blocs) for index, one in enumerate(file.baselines)]
    flows = [_flow(one, f"{where}: flows[{index}]", blocs) for index, one in enumerate(file.flows)]
    detection = file.detection
    for name in ("ratio", "warning", "critical"):
        if not getattr(detection, name) > 1:
            raise ConfigError(f"{where}: detection.{name}: {shown(getattr(detection, name))} must be above 1")
    if not 0 < detection.clear_share <= 1:
        raise ConfigError(f"{where}: detection.clear_share: {shown(detection.clear_share)} must be above 0, at most 1")
    _check(detection, f"{where}: detection")
    return Rules(detection, tuple(baselines), tuple(flows))


def with_settings(rules: Rules, settings: Sequence[str]) -> Rules:
    """The rules with settings of `[detection]` in place of their own, each as NAME=VALUE; those of `[[flows]]` stay.

    A value is what it would be in TOML, and a text where it is nothing there. Raises ConfigError naming what is wrong.
    """
    detection = rules.detection
    fields = {field.encode_name: field.name for field in msgspec.structs.fields(Detection)}
    for one in settings:
        name, equals, value = (part.strip() for part in one.partition("="))
        if not (re.fullmatch(r"\w+", name) and equals and value):
            raise ConfigError(f"--set: {shown(one)} is no NAME=VALUE")
        try:
            tomllib.loads(f"{name} = {value}")
        except tomllib.TOMLDecodeError:
            value = msgspec.json.encode(value).decode()  # a string of JSON is one of TOML
        given = parse_rules(f"[detection]\n{name} = {value}\n", f"--set {shown(one)}").detection
        detection = msgspec.structs.replace(detection, **{fields[name]: getattr(given, fields[name])})
    return Rules(detection, rules.baselines, rules.flows)


def _operator(one: OperatorBaseline, where: str, blocs: frozenset[str]) -> OperatorBaseline:
    try:
        flow = nested(parse_flow(one.flow), blocs)
    except RefusedError as error:
        raise ConfigError(f"{where}.flow: {error.why} (got {error.value})") from None
    if isinstance(one.daily, list) and len(one.daily) != 2:
        raise ConfigError(f"{where}.daily: {shown(one.daily)} must be a figure or [low, high]")
    low, high = one.level
    if not 0 < low <= high:
        raise ConfigError(f"{where}.daily: {shown(one.daily)} must be above 0, low to high")
    if one.ratio is not None and not one.ratio > 1:
        raise ConfigError(f"{where}.ratio: {shown(one.ratio)} must be above 1")
    return msgspec.structs.replace(one, flow=flow)


def _flow(one: FlowRules, where: str, blocs: frozenset[str]) -> FlowRules:
    try:
        flow = nested(check_pattern(one.flow), blocs)
    except RefusedError as error:
        raise ConfigError(f"{where}.flow: {error.why} (got {error.value})") from None
    for name in OPTIONAL:
        if getattr(one, name) is True:
            raise ConfigError(f"{where}.{name}: true must be a figure, or false to turn the rule off")
    _check(one.over(Detection()), where)
    return msgspec.structs.replace(one, flow=flow)


_BOUNDS: dict[str, tuple[Callable[[float], bool], str]] = {
    **dict.fromkeys(("sigma_floor", "sigma_floor_share", "minimum_people"), (lambda one: one >= 0, "0 or more")),
    "absolute": (lambda one: one > 0, "above 0"),
    "drop": (lambda one: 0 < one < 1, "above 0, below 1"),
    "silence": (lambda one: one >= 1, "1 or more"),
    "conflict": (lambda one: 0 <= one < 1, "0 or more, below 1"),
    "checkpoint_share": (lambda one: one > 1, "above 1"),
}


def _check(detection: Detection, where: str) -> None:
    """Check the settings that can differ by flow. Raises ConfigError."""
    for name in detection.methods:
        if name not in METHODS:
            raise ConfigError(f"{where}.learned: {shown(name)} is no method; there are {', '.join(METHODS)}")
    if not detection.sigmas > 1:  # C3 counts what lies more than one standard deviation above the mean
        raise ConfigError(f"{where}.sigmas: {shown(detection.sigmas)} must be above 1")
    for name, (allowed, words) in _BOUNDS.items():
        value = getattr(detection, name)
        if value is not None and not allowed(value):
            raise ConfigError(f"{where}.{name}: {shown(value)} must be {words}")
    _check_durations(detection, where)


def _check_durations(detection: Detection, where: str) -> None:
    """Check the settings that are durations. Raises ConfigError."""
    for name in ("for_", "keep_firing_for", "cooldown", "record"):
        try:
            days_in(getattr(detection, name) or "0d")
        except ValueError as error:
            raise ConfigError(f"{where}.{name.rstrip('_')}: {error}") from None
    if detection.record is not None and days_in(detection.record) < 1:
        raise ConfigError(f"{where}.record: {shown(detection.record)} must be a day or more")
