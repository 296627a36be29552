"""Reading the rules file: baselines and settings from TOML, or one error that names field and value."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from bordertally.streams.detection.registry import RULES
from bordertally.streams.durations import days_in
from bordertally.streams.errors import ConfigError, RefusedError, shown
from bordertally.streams.flows import check_pattern, nested, parse_flow
from bordertally.streams.learning.methods import METHODS
from bordertally.streams.rules.config import OPTIONAL, Detection, FlowRules, OperatorBaseline, Rules, Setting

_FIELDS = {field.encode_name: field.name for field in msgspec.structs.fields(Detection)}


def settings_of_rules() -> dict[str, Setting]:
    """The settings that turn rules on, by name."""
    return {rule.setting.name: rule.setting for rule in RULES.values() if rule.setting is not None}


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rules file as it is written."""

    detection: Detection = Detection()
    baselines: tuple[OperatorBaseline, ...] = ()
    flows: tuple[FlowRules, ...] = ()


def parse_rules(text: str, where: str, blocs: frozenset[str] = frozenset()) -> Rules:
    """The rules in TOML text. `where`: the file, for errors. `blocs`: those of the registry.

    Raises ConfigError naming file, field and value.
    """
    try:
        table = tomllib.loads(text)
        _gather_others(table.get("detection"), "detection")
        for index, flow in enumerate(_listed(table.get("flows"))):
            _gather_others(flow, f"flows[{index}]", off=True)
        file = msgspec.convert(table, _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, ConfigError) as error:
        raise ConfigError(f"{where}: {error}") from None
    baselines = [
        _operator(baseline, f"{where}: baselines[{index}]", blocs) for index, baseline in enumerate(file.baselines)
    ]
    flows = [_flow(settings, f"{where}: flows[{index}]", blocs) for index, settings in enumerate(file.flows)]
    detection = file.detection
    for name in ("ratio", "warning", "critical"):
        if not getattr(detection, name) > 1:
            raise ConfigError(f"{where}: detection.{name}: {shown(getattr(detection, name))} must be above 1")
    if not 0 < detection.clear_share <= 1:
        raise ConfigError(f"{where}: detection.clear_share: {shown(detection.clear_share)} must be above 0, at most 1")
    _check(detection, f"{where}: detection")
    return Rules(detection, tuple(baselines), tuple(flows))


def _listed(tables: object) -> list[object]:
    return tables if isinstance(tables, list) else []


def _gather_others(table: object, where: str, *, off: bool = False) -> None:
    """Move the settings of rules that are no field of `Detection` to `others`. Raises ConfigError.

    `off`: whether false, which turns a rule off, is allowed.
    """
    if not isinstance(table, dict):
        return
    if "others" in table:
        raise ConfigError(f"{where}.others: {shown(table['others'])} is no setting; name each setting by itself")
    settings = {name: rule for name, rule in settings_of_rules().items() if name in table and name not in _FIELDS}
    table["others"] = {name: table.pop(name) for name in settings}
    for name, value in table["others"].items():
        if not isinstance(value, int | float) or (isinstance(value, bool) and not off):
            written = str(value).lower() if isinstance(value, bool) else shown(value)  # as TOML writes it
            raise ConfigError(f"{where}.{name}: {written} must be a number, {settings[name].words}")


def with_settings(rules: Rules, settings: Sequence[str]) -> Rules:
    """The rules with some settings of `[detection]` replaced, each given as NAME=VALUE; those of `[[flows]]` stay.

    A value is read as TOML, and as a string where it is no TOML. Raises ConfigError quoting the setting.
    """
    detection = rules.detection
    for setting in settings:
        name, equals, value = (part.strip() for part in setting.partition("="))
        if not (re.fullmatch(r"\w+", name) and equals and value):
            raise ConfigError(f"--set: {shown(setting)} is no NAME=VALUE")
        try:
            tomllib.loads(f"{name} = {value}")
        except tomllib.TOMLDecodeError:
            value = msgspec.json.encode(value).decode()  # a JSON string is a TOML string
        given = parse_rules(f"[detection]\n{name} = {value}\n", f"--set {shown(setting)}").detection
        if name in _FIELDS:
            detection = msgspec.structs.replace(detection, **{_FIELDS[name]: getattr(given, _FIELDS[name])})
        else:
            detection = msgspec.structs.replace(detection, others=detection.others | given.others)
    return Rules(detection, rules.baselines, rules.flows)


def _operator(baseline: OperatorBaseline, where: str, blocs: frozenset[str]) -> OperatorBaseline:
    try:
        flow = nested(parse_flow(baseline.flow), blocs)
    except RefusedError as error:
        raise ConfigError(f"{where}.flow: {error.why} (got {error.value})") from None
    if isinstance(baseline.daily, list) and len(baseline.daily) != 2:
        raise ConfigError(f"{where}.daily: {shown(baseline.daily)} must be a figure or [low, high]")
    low, high = baseline.level
    if not 0 < low <= high:
        raise ConfigError(f"{where}.daily: {shown(baseline.daily)} must be above 0, low to high")
    if baseline.ratio is not None and not baseline.ratio > 1:
        raise ConfigError(f"{where}.ratio: {shown(baseline.ratio)} must be above 1")
    return msgspec.structs.replace(baseline, flow=flow)


def _flow(settings: FlowRules, where: str, blocs: frozenset[str]) -> FlowRules:
    try:
        flow = nested(check_pattern(settings.flow), blocs)
    except RefusedError as error:
        raise ConfigError(f"{where}.flow: {error.why} (got {error.value})") from None
    for name, value in [*((name, getattr(settings, name)) for name in OPTIONAL), *settings.others.items()]:
        if value is True:
            raise ConfigError(f"{where}.{name}: true must be a figure, or false to turn the rule off")
    _check(settings.over(Detection()), where)
    return msgspec.structs.replace(settings, flow=flow)


_BOUNDS: dict[str, tuple[Callable[[float], bool], str]] = {
    **dict.fromkeys(("sigma_floor", "sigma_floor_share", "minimum_people"), (lambda value: value >= 0, "0 or more")),
    "absolute": (lambda value: value > 0, "above 0"),
    "week_ratio": (lambda value: value == 0 or value > 1, "above 1, or 0 for no weekly test"),
}


def _check(detection: Detection, where: str) -> None:
    """Check the settings that can differ by flow. Raises ConfigError."""
    for name in detection.methods:
        if name not in METHODS:
            raise ConfigError(f"{where}.learned: {shown(name)} is no method; there are {', '.join(METHODS)}")
    if not detection.sigmas > 1:  # C3 counts days more than one standard deviation above the mean
        raise ConfigError(f"{where}.sigmas: {shown(detection.sigmas)} must be above 1")
    given: list[tuple[str, Any, Callable[[float], bool], str]] = [
        *((name, getattr(detection, name), allows, words) for name, (allows, words) in _BOUNDS.items()),
        *(
            (name, setting.of(detection), setting.allows, setting.words)
            for name, setting in settings_of_rules().items()
        ),
    ]
    for name, value, allows, words in given:
        if value is not None and not allows(value):
            raise ConfigError(f"{where}.{name}: {shown(value)} must be {words}")
    _check_durations(detection, where)


def _check_durations(detection: Detection, where: str) -> None:
    """Check the settings that are durations. Raises ConfigError."""
    for name in ("for_", "keep_firing_for", "cooldown", "notify_within", "record"):
        try:
            days_in(getattr(detection, name) or "0d")
        except ValueError as error:
            raise ConfigError(f"{where}.{name.rstrip('_')}: {error}") from None
    if detection.record is not None and days_in(detection.record) < 1:
        raise ConfigError(f"{where}.record: {shown(detection.record)} must be a day or more")
