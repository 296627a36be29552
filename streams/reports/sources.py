"""The source registry: who may speak, about which flows, in which time zone, and how far they are trusted."""

from __future__ import annotations

import enum
import tomllib
from collections.abc import Callable, Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bordertally.streams.errors import ConfigError, Reason, RefusedError, shown
from bordertally.streams.flows import BLOCS, check_pattern, countries, covers, nested
from bordertally.streams.periods import parse_period
from bordertally.streams.reports.signatures import check_signature, parse_key
from bordertally.streams.topics import Topic


class Grade(enum.StrEnum):
    """Reliability of a source after the Admiralty code (NATO AJP-2.1): A reliable ... F cannot be judged."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


WEIGHT = {"A": 4.0, "B": 2.0, "C": 1.0}
"""The say of a grade that counts in the starting shape of the days."""

COUNTING = frozenset(WEIGHT)
"""The grades that count, for a loop in which a call of `counts` can be measured."""


def counts(grade: str) -> bool:
    """Whether claims of a grade make totals: A, B and C do. Others are shown, and only widen the upper bound."""
    return grade in COUNTING


Digest = Annotated[str, msgspec.Meta(pattern="^sha256:[0-9a-f]{64}$")]


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of the registry. `flows` are patterns: a flow allows everything below it, `*` is any one part.

    `topics`: further classes whose topics it may report on, beside `topic`. `keys`: public keys (Ed25519, base64), one
    of which must have signed each of its reports; without any, nothing need be signed. `place`: the country or bloc
    that it means by "the country" in a statement in words. `tokens`: digests of the
    tokens with which the gateway takes its reports (see tokens.py).
    `every`: an ISO 8601 duration within which a report of it is expected; longer silence is overdue.
    """

    name: str
    flows: tuple[str, ...]
    grade: Grade
    tz: str = "UTC"
    topic: Topic = Topic.GOVERNMENT
    topics: tuple[Topic, ...] = ()
    keys: tuple[str, ...] = ()
    url: str | None = None
    place: str | None = None
    tokens: tuple[Digest, ...] = ()
    every: str | None = None


class Registry:
    """Sources by id, with time zones resolved and flow permissions remembered."""

    def __init__(self, sources: dict[str, Source], blocs: frozenset[str] = frozenset()) -> None:
        self.sources = sources
        self.names = {key: source.name for key, source in sources.items()}
        """The name to show for each source, by id; evidence may rest on a source that has left the registry."""
        self.blocs = blocs
        self.zones: dict[str, ZoneInfo] = {}
        self.every: dict[str, int] = {}
        """Seconds within which a report is expected, of the sources that say so."""
        self.keys: dict[str, list[Ed25519PublicKey]] = {}
        self._allowed: dict[tuple[str, str], bool] = {}
        for key, source in sources.items():
            try:
                if source.keys:
                    self.keys[key] = [parse_key(one) for one in source.keys]
            except ValueError as error:
                raise ConfigError(f"sources.{key}.keys: {error}") from None
            try:
                self.zones[key] = ZoneInfo(source.tz)
            except (KeyError, ValueError, OSError):
                raise ConfigError(
                    f"sources.{key}.tz: {shown(source.tz)} is no IANA time zone (say, Asia/Almaty)"
                ) from None

            if source.every is not None:
                self.every[key] = _duration(source.every, key)

    def allows(self, source: str, flow: str) -> bool:
        """Whether a known source may speak for a flow."""
        key = (source, flow)
        answer = self._allowed.get(key)
        if answer is None:
            answer = any(covers(pattern, flow) for pattern in self.sources[source].flows)
            if len(self._allowed) > 100_000:
                self._allowed.clear()
            self._allowed[key] = answer
        return answer

    def check_topic(self, source: str, topic: Topic, report: str | None = None) -> None:
        """Raise RefusedError unless a known source may report on the topic of this class."""
        entry = self.sources[source]
        if topic is not entry.topic and topic not in entry.topics:
            may = ", ".join(dict.fromkeys((entry.topic.value, *(one.value for one in entry.topics))))
            raise RefusedError(
                Reason.TOPIC_NOT_ALLOWED, "source", source, f"it may not report on {topic.value}, but on {may}", report
            )

    def admit(
        self,
        source: str,
        topic: Topic | None,
        raw: bytes,
        headers: Sequence[tuple[str, bytes | None]],
        report: str | None = None,
    ) -> None:
        """Raise RefusedError unless a known source may report these bytes with these headers on a topic of this class.

        `topic` None: wherever it came.
        """
        if topic is not None:
            self.check_topic(source, topic, report)
        check_signature(self.keys, source, raw, headers, report)

    def gate(
        self, topic: Topic | None, raw: bytes, headers: Sequence[tuple[str, bytes | None]]
    ) -> Callable[[str, str], None]:
        """`admit` of these bytes and headers on that topic, to be called with source and report."""
        return lambda source, report: self.admit(source, topic, raw, headers, report)

    def home(self, source: str) -> str | None:
        """What a known source means by "the country": its `place`, else the goal of the first of its flows, if any."""
        entry = self.sources[source]
        parts = entry.flows[0].split(":")[1:] if entry.flows else []
        goals = [part for part in parts if part.isupper()]
        return entry.place or (goals[-1] if goals else None)


class _Head(msgspec.Struct):
    source: str = ""


_decode_head = msgspec.json.Decoder(_Head).decode


def source_of(raw: bytes, most: int | None = None) -> str:
    """The source that a message names; empty where that cannot be told, or where it has more than `most` bytes."""
    if most is not None and len(raw) > most:
        return ""
    try:
        return _decode_head(raw).source
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return ""


def _duration(text: str, key: str) -> int:
    try:
        start, end, *_ = parse_period(f"2001-01-01T00:00Z/{text}", ZoneInfo("UTC"))
    except RefusedError as error:
        raise ConfigError(f"sources.{key}.every: {shown(text)}: {error.why} (write, say, PT1H or P7D)") from None
    return end - start


def parse_registry(text: str, where: str) -> Registry:
    """Read a registry from TOML text.

    `[sources.<id>]` holds name, flows, grade, and optionally tz, topic (government, frontex, checkpoint),
    place, every and url.
    A top-level `blocs = ["EU"]` writes members' flows inside their bloc. Raises ConfigError naming the entry.
    """
    try:
        document: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: not TOML: {error}") from None
    entries = document.pop("sources", None)
    blocs = document.pop("blocs", [])
    if document:
        raise ConfigError(f"{where}: unknown key {shown(next(iter(document)))}; known are sources and blocs")
    if not isinstance(entries, dict) or not entries:
        raise ConfigError(f"{where}: it needs at least one [sources.<id>] table")
    if not isinstance(blocs, list) or any(bloc not in BLOCS for bloc in blocs):
        raise ConfigError(f"{where}: blocs: {shown(blocs)} must be a list out of {', '.join(sorted(BLOCS))}")
    sources = {}
    for key, entry in entries.items():
        try:
            source = msgspec.convert(entry, Source)
            flows = tuple(nested(check_pattern(flow), frozenset(blocs)) for flow in source.flows)
        except msgspec.ValidationError as error:
            raise ConfigError(f"{where}: sources.{key}: {error}") from None
        except RefusedError as error:
            raise ConfigError(f"{where}: sources.{key}.flows: {error.why} (got {error.value})") from None
        if source.place is not None and source.place not in countries() | BLOCS.keys():
            raise ConfigError(
                f"{where}: sources.{key}.place: {shown(source.place)} is no ISO 3166-1 country code or bloc"
            )
        sources[key] = msgspec.structs.replace(source, flows=flows)
    return Registry(sources, frozenset(blocs))
