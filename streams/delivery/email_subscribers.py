"""Subscribers of e-mail: the file that lists them, when their digests are due, and the tokens by which they leave."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from email.utils import parseaddr
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from bordertally.streams.alerts.records import Alert
from bordertally.streams.delivery.subscriptions import selected_flows
from bordertally.streams.errors import ConfigError, shown
from bordertally.streams.flows import Flow, covers
from bordertally.streams.rules.config import SEVERITIES

MOST = 200
LATE = timedelta(hours=6)
"""How long after its time a digest is still sent, for example by a worker that was down."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_ADDRESS = re.compile(r"[!-?A-~]+@[A-Za-z0-9.-]+")
_WHEN = re.compile(rf"(?:({'|'.join(WEEKDAYS)}) )?([01]\d|2[0-3]):([0-5]\d)")


class DigestTime(NamedTuple):
    """When a digest is sent: every day at a time, or once a week; in a time zone."""

    weekday: int | None
    at: time
    zone: ZoneInfo

    def due(self, now: datetime) -> str | None:
        """The name of the digest that is due at `now`, its local date; None when none is."""
        local = now.astimezone(self.zone)
        slot = datetime.combine(local.date(), self.at, self.zone)
        while slot > local or self.weekday not in (None, slot.weekday()):
            slot = datetime.combine(slot.date() - timedelta(days=1), self.at, self.zone)
        return slot.date().isoformat() if now - slot.astimezone(UTC) <= LATE else None


class Subscriber(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who receives e-mail on some flows. `to`: the address, with a name or without.

    `alerts`: whether each alert is mailed. `digest`: when a digest is; None for never. `flows` are patterns as in the
    source registry.
    """

    name: str
    to: str
    flows: tuple[str, ...] = ("*",)
    severities: tuple[str, ...] = SEVERITIES
    alerts: bool = True
    digest: DigestTime | None = None

    @property
    def address(self) -> str:
        """The address without the name."""
        return parseaddr(self.to)[1]

    @property
    def key(self) -> str:
        """Name and address, the address as a digest: somebody else under the same name is another subscriber."""
        return f"{self.name}:{hashlib.sha256(self.address.lower().encode()).hexdigest()[:16]}"

    def follows(self, flow: str) -> bool:
        """Whether the subscriber wants to hear of a flow."""
        return any(covers(pattern, flow) for pattern in self.flows)

    def wants(self, alert: Alert) -> bool:
        """Whether the subscriber wants mail on an alert; an alert that was more severe before is wanted to its end."""
        severe = {alert.severity, alert.peak_severity} & set(self.severities)
        return self.alerts and bool(severe) and self.follows(alert.flow)


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    to: str
    flows: tuple[str, ...] = ("*",)
    severities: tuple[str, ...] = SEVERITIES
    alerts: bool = True
    digest: str = ""
    tz: str = "UTC"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    subscribers: dict[str, _Entry] = {}


def parse_subscribers(
    text: str, where: str, blocs: frozenset[str] = frozenset(), aliases: Mapping[Flow, Flow] | None = None
) -> dict[str, Subscriber]:
    """The subscribers in TOML text, by name. `where`: the file, for errors. Raises ConfigError naming the field."""
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{where}: {error}") from None
    if len(file.subscribers) > MOST:
        raise ConfigError(f"{where}: {len(file.subscribers)} subscribers; there may be {MOST}")
    return {name: _subscriber(name, entry, where, blocs, aliases or {}) for name, entry in file.subscribers.items()}


def _subscriber(
    name: str, entry: _Entry, where: str, blocs: frozenset[str], aliases: Mapping[Flow, Flow]
) -> Subscriber:
    at = f"{where}: subscribers.{name}"
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{where}: subscribers: {shown(name)} must be lower-case letters, digits and dashes")
    if not _ADDRESS.fullmatch(parseaddr(entry.to)[1]) or not entry.to.isprintable():
        raise ConfigError(f"{at}.to: {shown(entry.to)} is no e-mail address such as duty@relief.example")
    flows = selected_flows(at, entry.flows, entry.severities, blocs)
    return Subscriber(
        name=name,
        to=entry.to,
        flows=tuple(aliases.get(flow, flow) for flow in flows),
        severities=entry.severities,
        alerts=entry.alerts,
        digest=_digest(entry, at),
    )


def _digest(entry: _Entry, at: str) -> DigestTime | None:
    try:
        zone = ZoneInfo(entry.tz)
    except (ValueError, OSError, LookupError):
        raise ConfigError(f"{at}.tz: {shown(entry.tz)} is no time zone such as Europe/Helsinki") from None
    if not entry.digest:
        return None
    match = _WHEN.fullmatch(entry.digest)
    if match is None:
        raise ConfigError(f"{at}.digest: {shown(entry.digest)} is no time such as 07:00 (daily) or mon 07:00 (weekly)")
    weekday = None if match[1] is None else WEEKDAYS.index(match[1])
    return DigestTime(weekday, time(int(match[2]), int(match[3])), zone)


# --- leaving ------------------------------------------------------------------------------------------------------


class Unsubscribed(msgspec.Struct, frozen=True):
    """The record on `unsubscribed`, keyed by `subscriber`: who wants no more mail. An empty value takes it back.

    `subscriber`: see Subscriber.key.
    """

    subscriber: str
    at: datetime


def note_unsubscribed(left: set[str], key: bytes | None, value: bytes | None) -> None:
    """Apply a record of `unsubscribed` to the keys of those who have left."""
    subscriber = (key or b"").decode("utf-8", "replace")
    if value:
        left.add(subscriber)
    else:
        left.discard(subscriber)


def unsubscribe_token(secret: bytes, key: str) -> str:
    """The token in the links of a subscriber: their key, and a proof that it comes from a mail of ours."""
    proof = hmac.new(secret, key.encode(), hashlib.sha256).hexdigest()[:32]
    return f"{base64.urlsafe_b64encode(key.encode()).decode().rstrip('=')}.{proof}"


def key_in(secret: bytes, token: str) -> str | None:
    """The key of the subscriber to whom a token belongs; None for a token that is not ours."""
    text, _, _ = token.partition(".")
    try:
        key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return None
    return key if hmac.compare_digest(unsubscribe_token(secret, key).encode(), token.encode()) else None
