"""Webhook subscriptions: which alerts each receives, and how often a failed delivery is tried again."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from bordertally.streams.alerts.records import AlertState
from bordertally.streams.durations import seconds_in
from bordertally.streams.errors import ConfigError, RefusedError, shown
from bordertally.streams.flows import Flow, check_pattern, covers, nested
from bordertally.streams.rules.config import SEVERITIES

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", re.ASCII)
_REFERENCE = re.compile(r"(env|file):(.+)", re.DOTALL)
MOST = 1_000
"""The most subscriptions in one file: each has metrics of its own."""
_SCHEDULE = ("5s", "30s", "2m", "10m", "30m", "2h", "5h", "12h")


class Policy(NamedTuple):
    """The retry policy, in seconds.

    `schedule`: the waits between attempts; the last holds for all further attempts. `give_up`: the age of an event at
    which it is given up. `timeout`: the longest time of an attempt.
    """

    schedule: tuple[float, ...] = tuple(map(seconds_in, _SCHEDULE))
    give_up: float = 3 * 86_400.0
    timeout: float = 15.0


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription: an address, and the alerts that it receives.

    `secrets` are references (`file:PATH`, `env:NAME`), never the secrets themselves; `url` may be a reference too.
    `flows` are patterns as in the source registry: a flow stands for itself and all flows below, `*` for any one part.
    `backfill`: whether alerts about days long past are wanted too (see `Alert.backfill`).
    """

    name: str
    url: str
    secrets: tuple[str, ...]
    flows: tuple[str, ...] = ("*",)
    severities: tuple[str, ...] = SEVERITIES
    backfill: bool = False

    @property
    def wants_all(self) -> bool:
        """Whether the subscription takes alerts of every severity."""
        return set(self.severities) == set(SEVERITIES)

    def wants(self, flow: str, severities: tuple[str, ...]) -> bool:
        """Whether the subscription takes an event on a flow with one of these severities."""
        return any(severity in self.severities for severity in severities) and self.follows(flow)

    def follows(self, flow: str) -> bool:
        """Whether the subscription takes alerts on a flow."""
        return any(covers(pattern, flow) for pattern in self.flows)


class AlertHead(msgspec.Struct, frozen=True):
    """The fields of a record on `alerts` that decide who receives it."""

    id: str
    seq: int
    flow: str
    rule: str
    state: AlertState
    severity: str
    peak_severity: str
    rate: int = 0
    expected: int = 0
    minor: bool = False
    backfill: bool = False


class Subscriptions(NamedTuple):
    """All subscriptions by name, and their retry policy."""

    by_name: dict[str, Subscription]
    policy: Policy


class _Retry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schedule: tuple[str, ...] = _SCHEDULE
    give_up: str = "3d"
    timeout: str = "15s"


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: str
    secrets: tuple[str, ...]
    flows: tuple[str, ...] = ("*",)
    severities: tuple[str, ...] = SEVERITIES
    backfill: bool = False


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    subscriptions: dict[str, _Entry] = {}
    retry: _Retry = _Retry()


def parse_subscriptions(
    text: str, where: str, blocs: frozenset[str] = frozenset(), aliases: Mapping[Flow, Flow] | None = None
) -> Subscriptions:
    """The subscriptions in TOML text. `where`: the file, for errors. `blocs`, `aliases`: those of the source registry.

    Raises ConfigError naming file, subscription and field. Secrets and addresses are never quoted.
    """
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{where}: {error}") from None
    if len(file.subscriptions) > MOST:
        raise ConfigError(f"{where}: {len(file.subscriptions)} subscriptions; there may be {MOST}")
    by_name = {name: _subscription(name, entry, where, blocs) for name, entry in file.subscriptions.items()}
    if aliases:
        by_name = {name: _renamed(entry, aliases) for name, entry in by_name.items()}
    return Subscriptions(by_name, _policy(file.retry, f"{where}: retry"))


def _subscription(name: str, entry: _Entry, where: str, blocs: frozenset[str]) -> Subscription:
    at = f"{where}: subscriptions.{name}"
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{where}: subscriptions: {shown(name)} must be lower-case letters, digits and dashes")
    if not entry.secrets:
        raise ConfigError(f"{at}.secrets: it needs at least one, such as file:/run/secrets/{name}")
    for index, secret in enumerate(entry.secrets):
        if not _REFERENCE.fullmatch(secret):
            raise ConfigError(
                f"{at}.secrets[{index}]: write file:PATH or env:NAME; a secret must not stand here itself"
            )
    flows = selected_flows(at, entry.flows, entry.severities, blocs)
    return Subscription(
        name=name,
        url=entry.url,
        secrets=entry.secrets,
        flows=flows,
        severities=entry.severities,
        backfill=entry.backfill,
    )


def selected_flows(at: str, flows: Sequence[str], severities: Sequence[str], blocs: frozenset[str]) -> tuple[Flow, ...]:
    """The patterns of flows that an entry of a file selects, each with its bloc.

    `at`: the entry, for errors. Raises ConfigError for a wrong pattern or severity, and for an empty list.
    """
    for severity in severities:
        if severity not in SEVERITIES:
            raise ConfigError(f"{at}.severities: {shown(severity)} is none of {', '.join(SEVERITIES)}")
    for field, chosen in (("flows", flows), ("severities", severities)):
        if not chosen:
            raise ConfigError(f"{at}.{field}: an empty list would subscribe to nothing; leave it out for all")
    try:
        return tuple(nested(check_pattern(flow), blocs) for flow in flows)
    except RefusedError as error:
        raise ConfigError(f"{at}.flows: {error.why} (got {error.value})") from None


def _renamed(subscription: Subscription, aliases: Mapping[Flow, Flow]) -> Subscription:
    """The subscription with the flow of the place where it names an alias."""
    flows = tuple(aliases.get(Flow(flow), Flow(flow)) for flow in subscription.flows)
    return msgspec.structs.replace(subscription, flows=flows)


def _policy(retry: _Retry, where: str) -> Policy:
    numbers: dict[str, tuple[float, ...]] = {}
    fields = {"schedule": retry.schedule, "give_up": (retry.give_up,), "timeout": (retry.timeout,)}
    for name, durations in fields.items():
        try:
            numbers[name] = tuple(seconds_in(duration) for duration in durations)
        except ValueError as error:
            raise ConfigError(f"{where}.{name}: {error}") from None
        if not numbers[name] or min(numbers[name]) <= 0:
            raise ConfigError(f"{where}.{name}: {shown(list(durations))} must be above 0")
    return Policy(numbers["schedule"], numbers["give_up"][0], numbers["timeout"][0])


def reference(text: str) -> tuple[str, str] | None:
    """The kind (`env` or `file`) and the name or path of a reference; None for another text."""
    match = _REFERENCE.fullmatch(text)
    return None if match is None else (match[1], match[2])
