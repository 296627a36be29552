"""Subscriptions to alerts by webhook: who is told what, and how often a delivery that fails is tried again."""

from __future__ import annotations

import re
import tomllib
from typing import NamedTuple

import msgspec

from bordertally.streams.alerts.records import AlertState
from bordertally.streams.durations import seconds_in
from bordertally.streams.errors import ConfigError, RefusedError, shown
from bordertally.streams.flows import check_pattern, covers, nested
from bordertally.streams.rules.config import SEVERITIES

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", re.ASCII)
_REFERENCE = re.compile(r"(env|file):(.+)", re.DOTALL)
MOST = 1_000
"""Subscriptions in one file at most: each has metrics of its own."""
_SCHEDULE = ("5s", "30s", "2m", "10m", "30m", "2h", "5h", "12h")


class Policy(NamedTuple):
    """How a delivery is tried, in seconds.

    `schedule`: from one try to the next, the last for all further ones. `give_up`: how long after an event was said
    it is still tried. `timeout`: how long a try may take.
    """

    schedule: tuple[float, ...] = tuple(map(seconds_in, _SCHEDULE))
    give_up: float = 3 * 86_400.0
    timeout: float = 15.0


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told what.

    `url` and `secrets` are as written: secrets are references (`file:PATH`, `env:NAME`), never the secret itself, and
    a url may be one. `flows` are patterns as in the source registry: a flow stands for itself and all below it, `*`
    for any one part. `backfill`: whether old news is wanted too (see `Alert.backfill`).
    """

    name: str
    url: str
    secrets: tuple[str, ...]
    flows: tuple[str, ...] = ("*",)
    severities: tuple[str, ...] = SEVERITIES
    backfill: bool = False

    @property
    def wants_all(self) -> bool:
        """Whether severity plays no part."""
        return set(self.severities) == set(SEVERITIES)

    def wants(self, flow: str, severities: tuple[str, ...]) -> bool:
        """Whether an event on a flow with one of these severities is for this subscription."""
        return any(one in self.severities for one in severities) and self.follows(flow)

    def follows(self, flow: str) -> bool:
        """Whether a flow is among those subscribed to."""
        return any(covers(pattern, flow) for pattern in self.flows)


class AlertHead(msgspec.Struct, frozen=True):
    """Of a record on `alerts`, what decides where it goes."""

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
    """All subscriptions by name, and how deliveries are tried."""

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


def parse_subscriptions(text: str, where: str, blocs: frozenset[str] = frozenset()) -> Subscriptions:
    """Read subscriptions from TOML text. `blocs`: those of the source registry.

    Raises ConfigError naming file, subscription and field. What stands for a secret or an address is never quoted.
    """
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{where}: {error}") from None
    if len(file.subscriptions) > MOST:
        raise ConfigError(f"{where}: {len(file.subscriptions)} subscriptions; there may be {MOST}")
    found = {name: _subscription(name, one, where, blocs) for name, one in file.subscriptions.items()}
    return Subscriptions(found, _policy(file.retry, f"{where}: retry"))


def _subscription(name: str, one: _Entry, where: str, blocs: frozenset[str]) -> Subscription:
    at = f"{where}: subscriptions.{name}"
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{where}: subscriptions: {shown(name)} must be lower-case letters, digits and dashes")
    if not one.secrets:
        raise ConfigError(f"{at}.secrets: it needs at least one, such as file:/run/secrets/{name}")
    for index, secret in enumerate(one.secrets):
        if not _REFERENCE.fullmatch(secret):
            raise ConfigError(
                f"{at}.secrets[{index}]: write file:PATH or env:NAME; a secret must not stand here itself"
            )
    for severity in one.severities:
        if severity not in SEVERITIES:
            raise ConfigError(f"{at}.severities: {shown(severity)} is none of {', '.join(SEVERITIES)}")
    for field in ("flows", "severities"):
        if not getattr(one, field):
            raise ConfigError(f"{at}.{field}: an empty list would subscribe to nothing; leave it out for all")
    try:
        flows = tuple(nested(check_pattern(flow), blocs) for flow in one.flows)
    except RefusedError as error:
        raise ConfigError(f"{at}.flows: {error.why} (got {error.value})") from None
    return Subscription(
        name=name, url=one.url, secrets=one.secrets, flows=flows, severities=one.severities, backfill=one.backfill
    )


def _policy(retry: _Retry, where: str) -> Policy:
    numbers: dict[str, tuple[float, ...]] = {}
    fields = {"schedule": retry.schedule, "give_up": (retry.give_up,), "timeout": (retry.timeout,)}
    for name, durations in fields.items():
        try:
            numbers[name] = tuple(seconds_in(one) for one in durations)
        except ValueError as error:
            raise ConfigError(f"{where}.{name}: {error}") from None
        if not numbers[name] or min(numbers[name]) <= 0:
            raise ConfigError(f"{where}.{name}: {shown(list(durations))} must be above 0")
    return Policy(numbers["schedule"], numbers["give_up"][0], numbers["timeout"][0])


def reference(text: str) -> tuple[str, str] | None:
    """(`env` or `file`, name or path) of a reference; None for a text that is none."""
    found = _REFERENCE.fullmatch(text)
    return None if found is None else (found[1], found[2])
