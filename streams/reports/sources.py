"""The source registry: who may report, on which flows, in which time zone, and how reliable each source is."""

from __future__ import annotations

import enum
import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bordertally.streams.errors import ConfigError, Reason, RefusedError, shown
from bordertally.streams.flows import (
    BLOCS,
    Flow,
    check_pattern,
    countries,
    covers,
    is_checkpoint,
    nested,
    origin,
    parse_flow,
)
from bordertally.streams.periods import parse_period
from bordertally.streams.reports.diagnosis import complaint_of
from bordertally.streams.reports.signatures import check_signature, parse_key
from bordertally.streams.topics import Topic


class Grade(enum.StrEnum):
    """Reliability of a source by the Admiralty code (NATO AJP-2.1), from A, reliable, to F, cannot be judged."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


WEIGHT = {"A": 4.0, "B": 2.0, "C": 1.0}
"""The weight of each grade that counts, in the starting shape of the days."""

COUNTING = frozenset(WEIGHT)
"""The grades that count, for loops in which the time of a call of `counts` can be measured."""


def counts(grade: str) -> bool:
    """Whether claims of a grade make totals: A, B and C do. Claims of other grades only widen the upper bound."""
    return grade in COUNTING


Digest = Annotated[str, msgspec.Meta(pattern="^sha256:[0-9a-f]{64}$")]


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of the registry.

    `flows`: patterns of the flows it may report on; a flow allows every flow below it, and `*` stands for any one part.
    `topic`: the class whose topic it reports on; `topics`: further classes. `keys`: Ed25519 public keys in base64; with
    any, each of its reports must be signed with one of them. `place`: the country or bloc that its statements call
    "the country". `tokens`: digests of the tokens with which the gateway accepts its reports (see tokens.py). `every`:
    an ISO 8601 duration; a source that sends no report for longer is overdue. `relays`: the source whose figures it
    passes on, so that the two are one witness. `url`: where it publishes; `contact`: whom to ask about its figures, an
    e-mail address, a telephone number or a web address, for readers of the board and the API.
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
    relays: str | None = None
    contact: str | None = None


class Registry:
    """The sources by id, with their time zones and keys, and a memory of which flows each may report on.

    `aliases`: by other name of a checkpoint, the flow under which all its claims count.
    """

    def __init__(
        self,
        sources: dict[str, Source],
        blocs: frozenset[str] = frozenset(),
        aliases: Mapping[Flow, Flow] | None = None,
    ) -> None:
        self.sources = sources
        self.aliases = dict(aliases or {})
        self.names = {key: source.name for key, source in sources.items()}
        """The name of each source, by id. Evidence may cite a source that has left the registry."""
        self.blocs = blocs
        self.zones: dict[str, ZoneInfo] = {}
        self.every: dict[str, int] = {}
        """Seconds within which a report is expected, for sources with `every`."""
        self.keys: dict[str, list[Ed25519PublicKey]] = {}
        self._allowed: dict[tuple[str, str], bool] = {}
        for key, source in sources.items():
            try:
                if source.keys:
                    self.keys[key] = [parse_key(text) for text in source.keys]
            except ValueError as error:
                raise ConfigError(f"sources.{key}.keys: {error}") from None
            try:
                self.zones[key] = ZoneInfo(source.tz)
            except (KeyError, ValueError, OSError):
                raise ConfigError(
                    f"sources.{key}.tz: {shown(source.tz)} is not an IANA time zone such as Asia/Almaty"
                ) from None

            if source.every is not None:
                self.every[key] = _duration(source.every, key)
            if source.relays is not None:
                _check_relay(key, source.relays, sources)

    def place(self, flow: str) -> Flow:
        """The flow under which the claims on a flow count: the flow itself, unless it is an alias."""
        return self.aliases.get(Flow(flow), Flow(flow))

    def allows(self, source: str, flow: str) -> bool:
        """Whether a known source may report on a flow."""
        key = (source, flow)
        answer = self._allowed.get(key)
        if answer is None:
            answer = any(covers(pattern, flow) for pattern in self.sources[source].flows)
            if len(self._allowed) > 100_000:
                self._allowed.clear()
            self._allowed[key] = answer
        return answer

    def origin(self, source: str, attributed_to: str | None = None) -> str | None:
        """Whose knowledge a claim of a known source is; None where that is the source itself.

        It is whom the source quotes, else whom it relays; one who relays another is no origin.
        """
        quoted = attributed_to or source
        entry = self.sources.get(quoted)
        origin = quoted if entry is None or entry.relays is None else entry.relays
        return None if origin == source else origin

    def check_topic(self, source: str, topic: Topic, report: str | None = None) -> None:
        """Raise RefusedError unless a known source may report on the topic of a class."""
        entry = self.sources[source]
        if topic is not entry.topic and topic not in entry.topics:
            may = ", ".join(dict.fromkeys(kind.value for kind in (entry.topic, *entry.topics)))
            why = f"this source may report only on {may}, and the report came on {topic.value}"
            raise RefusedError(Reason.TOPIC_NOT_ALLOWED, "source", source, why, report)

    def admit(
        self,
        source: str,
        topic: Topic | None,
        raw: bytes,
        headers: Sequence[tuple[str, bytes | None]],
        report: str | None = None,
    ) -> None:
        """Raise RefusedError unless a known source may send these bytes, with these headers, on a topic of a class.

        `topic` None: the topic is not checked.
        """
        if topic is not None:
            self.check_topic(source, topic, report)
        check_signature(self.keys, source, raw, headers, report)

    def gate(
        self, topic: Topic | None, raw: bytes, headers: Sequence[tuple[str, bytes | None]]
    ) -> Callable[[str, str], None]:
        """`admit` for one message: a function of the source and the id of the report."""
        return lambda source, report: self.admit(source, topic, raw, headers, report)

    def home(self, source: str) -> str | None:
        """The place that a known source calls "the country": its `place`, else the destination of its first flow."""
        entry = self.sources[source]
        parts = entry.flows[0].split(":")[1:] if entry.flows else []
        destinations = [part for part in parts if part.isupper()]
        return entry.place or (destinations[-1] if destinations else None)


class _Head(msgspec.Struct):
    source: str = ""


_decode_head = msgspec.json.Decoder(_Head).decode


def source_of(raw: bytes, most: int | None = None) -> str:
    """The source that a message names; empty where it cannot be read, or has more than `most` bytes."""
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


def _check_relay(key: str, relayed: str, sources: dict[str, Source]) -> None:
    """Raise ConfigError unless a source may relay another: one of the registry, which relays nobody itself."""
    if relayed == key:
        why = "a source does not relay itself"
    elif relayed not in sources:
        why = "this is not a source of the registry"
    elif sources[relayed].relays is not None:
        why = f"this source relays {shown(sources[relayed].relays)} itself; name that one"
    else:
        return
    raise ConfigError(f"sources.{key}.relays: {shown(relayed)}: {why}")


def parse_registry(text: str, where: str) -> Registry:
    """The registry in TOML text; `where` names the text in errors.

    Each table `[sources.<id>]` holds the fields of a Source. A top-level `blocs = ["EU"]` says that flows of members of
    a bloc are written inside it. `[aliases]` gives by other name the flow of a checkpoint. Raises ConfigError, which
    names the entry and the field.
    """
    try:
        document: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: this is not TOML: {error}") from None
    entries = document.pop("sources", None)
    blocs, aliases = document.pop("blocs", []), document.pop("aliases", {})
    if document:
        raise ConfigError(
            f"{where}: unknown key {shown(next(iter(document)))}; the keys are sources, blocs and aliases"
        )
    if not isinstance(entries, dict) or not entries:
        raise ConfigError(f"{where}: this needs at least one table [sources.<id>]")
    if not isinstance(blocs, list) or any(bloc not in BLOCS for bloc in blocs):
        raise ConfigError(f"{where}: blocs: this must be a list of {', '.join(sorted(BLOCS))} (got {shown(blocs)})")
    sources = {}
    for key, entry in entries.items():
        if "/" in key:
            raise ConfigError(
                f"{where}: sources.{key}: the id of a source has no slash: reports are cited as source/id"
            )
        try:
            source = msgspec.convert(entry, Source)
            flows = tuple(nested(check_pattern(flow), frozenset(blocs)) for flow in source.flows)
        except msgspec.ValidationError as error:
            field, value, why = complaint_of(str(error), entry, Source)
            path = f"sources.{key}.{field}" if field else f"sources.{key}"
            got = "not shown, as it may be a token" if field.startswith("tokens") else f"got {shown(value)}"
            raise ConfigError(f"{where}: {path}: {why} ({got})") from None
        except RefusedError as error:
            raise ConfigError(f"{where}: sources.{key}.flows: {error.why} (got {error.value})") from None
        if source.place is not None and source.place not in countries() | BLOCS.keys():
            raise ConfigError(
                f"{where}: sources.{key}.place: {shown(source.place)} is not a country code of ISO 3166-1, nor a bloc"
            )
        sources[key] = msgspec.structs.replace(source, flows=flows)
    return Registry(sources, frozenset(blocs), _aliases(aliases, frozenset(blocs), where))


def _aliases(table: object, blocs: frozenset[str], where: str) -> dict[Flow, Flow]:
    """The aliases in the table `[aliases]`, checked. Raises ConfigError."""
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: aliases: this must be a table [aliases] (got {shown(table)})")
    aliases: dict[Flow, Flow] = {}
    for name, place in table.items():
        at = f"{where}: aliases: {shown(name)} = {shown(place)}"
        alias, flow = (_checkpoint(text, blocs, at) for text in (name, place))
        if origin(alias) != origin(flow):
            raise ConfigError(f"{at}: both names must have one origin, not {origin(alias)} and {origin(flow)}")
        if alias == flow:
            raise ConfigError(f"{at}: both are the same name; remove the line")
        if alias in aliases:
            raise ConfigError(f"{at}: {alias} is already an alias of {aliases[alias]}; remove one of the two lines")
        aliases[alias] = flow
    for alias, flow in aliases.items():
        if flow in aliases:
            raise ConfigError(
                f"{where}: aliases: {alias} = {flow}: {flow} is an alias, too; write {alias} = {aliases[flow]}"
            )
    return aliases


def _checkpoint(text: object, blocs: frozenset[str], at: str) -> Flow:
    """The flow of a checkpoint that a line of `[aliases]` names. Raises ConfigError."""
    try:
        flow = nested(parse_flow(text if isinstance(text, str) else shown(text)), blocs)
    except RefusedError as error:
        raise ConfigError(f"{at}: {error.why} (got {error.value})") from None
    if not is_checkpoint(flow):
        raise ConfigError(f"{at}: {flow} is not a checkpoint; only a checkpoint can have another name")
    return flow
