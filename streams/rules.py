"""Operator's rules: baselines that an operator sets by hand, and the settings of detection."""

from __future__ import annotations

import tomllib
from datetime import date

import msgspec

from streams.errors import ConfigError, RefusedError, shown
from streams.flows import nested, parse_flow


class Detection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How exceedances are found. Rates in people a day, ratios of rate to expected.

    `ratio`: threshold over expected for operator, stated and derived baselines. `warning`, `critical`: severity
    levels (below them it is a notice). `clear_share`: an open alert clears only when the rate falls to
    expected + clear_share x (threshold - expected), so one that hovers does not flap. Learned baselines are EARS C2
    with `sigmas` standard deviations; `sigma_floor` (people) and `sigma_floor_share` (of the mean) keep quiet series
    from alarming at every ripple (a share of 1/12 makes the threshold at least 1.25 times the mean), and a rate
    below `minimum_people` never does. A stated or derived level holds from `stated_before_days` before its claim
    to `stated_after_days` after it. `project_days`: how long a silent flow is carried on at its last rate.
    """

    ratio: float = 1.25
    warning: float = 1.5
    critical: float = 2.0
    clear_share: float = 0.8
    sigmas: float = 3.0
    sigma_floor: float = 10.0
    sigma_floor_share: float = 1 / 12
    minimum_people: float = 50.0
    stated_before_days: int = 30
    stated_after_days: int = 90
    project_days: int = 7


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


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an operator decides: `[detection]` and any number of `[[baselines]]`."""

    detection: Detection = Detection()
    baselines: tuple[OperatorBaseline, ...] = ()

    def for_flow(self, flow: str) -> list[OperatorBaseline]:
        """The operator's baselines of one flow, in the order written; the last that holds on a day wins."""
        return [one for one in self.baselines if one.flow == flow]


def parse_rules(text: str, where: str, blocs: frozenset[str] = frozenset()) -> Rules:
    """Read rules from TOML text. `blocs`: those of the registry. Raises ConfigError naming file, field and value."""
    try:
        rules = msgspec.convert(tomllib.loads(text), Rules)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{where}: {error}") from None
    baselines = []
    for index, one in enumerate(rules.baselines):
        try:
            flow = nested(parse_flow(one.flow), blocs)
        except RefusedError as error:
            raise ConfigError(f"{where}: baselines[{index}].flow: {error.why} (got {error.value})") from None
        baselines.append(msgspec.structs.replace(one, flow=flow))
        if isinstance(one.daily, list) and len(one.daily) != 2:
            raise ConfigError(f"{where}: baselines[{index}].daily: {shown(one.daily)} must be a figure or [low, high]")
        low, high = one.level
        if not 0 < low <= high:
            raise ConfigError(f"{where}: baselines[{index}].daily: {shown(one.daily)} must be above 0, low to high")
        if one.ratio is not None and not one.ratio > 1:
            raise ConfigError(f"{where}: baselines[{index}].ratio: {shown(one.ratio)} must be above 1")
    detection = rules.detection
    for name in ("ratio", "warning", "critical"):
        if not getattr(detection, name) > 1:
            raise ConfigError(f"{where}: detection.{name}: {shown(getattr(detection, name))} must be above 1")
    if not 0 < detection.clear_share <= 1:
        raise ConfigError(f"{where}: detection.clear_share: {shown(detection.clear_share)} must be above 0, at most 1")
    return Rules(detection, tuple(baselines))
