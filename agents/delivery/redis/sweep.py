"""Whether Redis holds what the topics say: digests of the records behind the view, and the values that differ.

Something else than bordertally may delete, replace or add keys, or Redis may lose some. The delivery hop remembers the
newest record of each flow, alert and silence on its partitions by offset and digest, and compares a part of the view
with them at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import msgspec
from aiokafka import TopicPartition
from redis.exceptions import ResponseError

from bordertally.agents.delivery.redis.keys import (
    ALERT_INDEX,
    ALERT_LOG,
    ALERTS,
    EXACT_CLAIMS,
    FLOWS,
    OPEN_ALERTS,
    PREFIX,
    QUIET_ALERTS,
    SILENCES,
    SOURCES,
    alert_key,
    flow_key,
    statements_key,
    tallies_key,
)
from bordertally.agents.kafka.producer import partition_of_key
from bordertally.streams.alerts.records import Alert
from bordertally.streams.moments import microseconds_in
from bordertally.streams.settings import Settings
from bordertally.streams.topics import Topics

CHUNK = 100
"""Flows or alerts that are compared in one step."""

DIGEST_BYTES = 16

LOG_PAGE = 500
"""Entries of the alert log that are compared in one step."""

_TYPES = {
    FLOWS: b"set",
    ALERTS: b"hash",
    OPEN_ALERTS: b"hash",
    QUIET_ALERTS: b"hash",
    ALERT_INDEX: b"zset",
    ALERT_LOG: b"stream",
    SILENCES: b"hash",
    SOURCES: b"hash",
    EXACT_CLAIMS: b"hash",
}
_TYPES_OF_MANY = {
    flow_key(""): b"hash",
    alert_key(""): b"hash",
    statements_key(""): b"hash",
    tallies_key(""): b"hash",
    f"{PREFIX}:offset:": b"string",
}


class ViewRecord(NamedTuple):
    """The record behind a value in Redis: its offset and the digest of the value; None where Redis holds no value."""

    offset: int
    digest: bytes | None

    @classmethod
    def of(cls, offset: int, value: bytes | None) -> ViewRecord:
        """The record at an offset that puts this value into Redis, or (None) removes it."""
        return cls(offset, None if value is None else digest_of(value))


@dataclass
class AlertStored:
    """The records behind an alert by `seq`, in order; `published` is that of the newest, in microseconds since 1970."""

    records: dict[int, ViewRecord] = field(default_factory=dict)
    is_open: bool = False
    published: int = 0

    @property
    def newest(self) -> int:
        """The `seq` of the newest record; -1 without records."""
        return next(reversed(self.records), -1)

    @property
    def first(self) -> int:
        """The offset of the first record."""
        return next(iter(self.records.values())).offset

    def add(self, alert: Alert, offset: int, raw: bytes) -> None:
        """Add a record, unless it or a later one is there, as the view does."""
        if alert.seq > self.newest:
            self.records[alert.seq] = ViewRecord.of(offset, raw)
            self.is_open, self.published = alert.state.is_open, microseconds_in(alert.published)


@dataclass
class Contents:
    """What the records of one partition put into Redis. `following`: the offset after the last record added."""

    following: int = 0
    values: dict[str, ViewRecord] = field(default_factory=dict)  # by flow, or by id of a silence
    alerts: dict[str, AlertStored] = field(default_factory=dict)

    def set(self, name: str, offset: int, value: bytes | None) -> bool:
        """Note the record of a flow or silence; returns whether no later record of it is known."""
        known = self.values.get(name)
        if known is not None and known.offset > offset:
            return False
        self.values[name] = ViewRecord.of(offset, value)
        return True


class WrongValue(NamedTuple):
    """A value in Redis that is not what the topic says.

    `what`: the value and what is wrong with it. `offset`: that of the record to write again; None where there is none.
    `remove`: adds to a transaction what removes the wrong values.
    """

    what: str
    offset: int | None
    remove: Callable[[Any], object]


def digest_of(value: bytes) -> bytes:
    """The digest of a value in Redis."""
    return hashlib.blake2b(value, digest_size=DIGEST_BYTES).digest()


# --- the flows ---------------------------------------------------------------------------------------------------


async def flow_differences(
    redis: Any, contents: Contents, names: Sequence[str], fields_of: Callable[[bytes], Mapping[bytes, bytes]]
) -> list[WrongValue]:
    """Compare the states of some flows. `fields_of`: the whole hash of a flow, from its state. Raises RedisError."""
    async with redis.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.hgetall(flow_key(name))
            pipe.sismember(FLOWS, name)
        replies = await pipe.execute(raise_on_error=False)
    differences = []
    for name, fields, listed in zip(names, replies[::2], replies[1::2], strict=True):
        stored = contents.values[name]
        if wrong := _wrong_flow(stored, fields, listed, fields_of):
            offset = None if stored.digest is None else stored.offset
            remove = _nothing if stored.digest is not None else partial(_remove_flow, name.encode())
            differences.append(WrongValue(f"{flow_key(name)} {wrong}", offset, remove))
    return differences


def _wrong_flow(
    stored: ViewRecord, fields: Any, listed: Any, fields_of: Callable[[bytes], Mapping[bytes, bytes]]
) -> str | None:
    if isinstance(fields, ResponseError) or isinstance(listed, ResponseError):
        return "has another type"
    if stored.digest is None:
        return "is there, and the flow is gone" if fields or listed else None
    if not fields:
        return "is missing"
    state = fields.get(b"state")
    if state is None or digest_of(state) != stored.digest or fields_of(state) != fields:
        return "was changed"
    return None if listed else f"is not listed in {FLOWS}"


def unknown_flow(name: bytes) -> WrongValue:
    """A flow in the list of flows that no record is about."""
    return WrongValue(f"{FLOWS} lists {name!r}, of which there is no record", None, partial(_remove_flow, name))


def _remove_flow(name: bytes, pipe: Any) -> None:
    pipe.srem(FLOWS, name)
    pipe.delete(flow_key("").encode() + name)


def _nothing(_: Any) -> None:
    """The record that is written again replaces the whole value."""


# --- the silences ------------------------------------------------------------------------------------------------


def silence_differences(
    contents: Contents, held: Mapping[bytes, bytes], is_mine: Callable[[bytes], bool]
) -> list[WrongValue]:
    """Compare all silences. `held`: the hash in Redis; `is_mine`: whether an unknown id would be on this partition."""
    differences = []
    for name, stored in contents.values.items():
        value = held.get(name.encode())
        if (None if value is None else digest_of(value)) != stored.digest:
            offset = None if stored.digest is None else stored.offset
            differences.append(_wrong_field(SILENCES, name.encode(), value, offset))
    unknown = [name for name in held if name.decode("utf-8", "replace") not in contents.values and is_mine(name)]
    return differences + [_wrong_field(SILENCES, name, held[name], None) for name in unknown]


def _wrong_field(key: str, name: bytes, value: bytes | None, offset: int | None) -> WrongValue:
    wrong = "is missing" if value is None else "was added" if offset is None else "was changed"
    return WrongValue(f"{key} {name.decode('utf-8', 'replace')} {wrong}", offset, lambda pipe: pipe.hdel(key, name))


# --- the alerts --------------------------------------------------------------------------------------------------


async def alert_differences(redis: Any, contents: Contents, names: Sequence[str]) -> list[WrongValue]:
    """Compare some alerts with all their records. Raises RedisError."""
    async with redis.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.hget(ALERTS, name)
            pipe.hget(OPEN_ALERTS, name)
            pipe.zscore(ALERT_INDEX, name)
            pipe.hgetall(alert_key(name))
        replies = await pipe.execute(raise_on_error=False)
    wrong = {}
    for at, name in enumerate(names):
        if why := _wrong_alert(contents.alerts[name], *replies[4 * at : 4 * at + 4]):
            wrong[name.encode()] = f"{alert_key(name)} {why}"
    return await _removed_alerts(redis, wrong, contents)


def _wrong_alert(stored: AlertStored, newest: Any, opened: Any, score: Any, records: Any) -> str | None:
    if any(isinstance(reply, ResponseError) for reply in (newest, opened, score, records)):
        return "has another type"
    wanted = stored.records[stored.newest].digest
    if newest is None or not records or score is None or (opened is None and stored.is_open):
        return "is missing in part"
    digests = {int(seq): digest_of(value) for seq, value in records.items() if seq.isdigit()}
    same = len(digests) == len(records) and digests == {seq: each.digest for seq, each in stored.records.items()}
    open_wanted = wanted if stored.is_open else None
    open_held = None if opened is None else digest_of(opened)
    if not same or digest_of(newest) != wanted or open_held != open_wanted or int(score) != stored.published:
        return "was changed"
    return None


async def _removed_alerts(redis: Any, wrong: Mapping[bytes, str], contents: Contents | None = None) -> list[WrongValue]:
    """Alerts to remove from all keys, and with `contents` to write again. `wrong`: by id, what is wrong."""
    if not wrong:
        return []
    entries: dict[bytes, list[bytes]] = {name: [] for name in wrong}
    async for entry, fields in _log_entries(redis):
        if (name := fields.get(b"id", b"")) in entries:
            entries[name].append(entry)
    return [
        WrongValue(
            what,
            None if contents is None else contents.alerts[name.decode()].first,
            _remove_alert(name, entries[name]),
        )
        for name, what in wrong.items()
    ]


def _remove_alert(name: bytes, entries: Sequence[bytes]) -> Callable[[Any], object]:
    def remove(pipe: Any) -> None:
        for key in (ALERTS, OPEN_ALERTS):
            pipe.hdel(key, name)
        pipe.zrem(ALERT_INDEX, name)
        pipe.delete(alert_key("").encode() + name)
        if entries:
            pipe.xdel(ALERT_LOG, *entries)

    return remove


async def unknown_alerts(redis: Any, known: set[bytes], is_mine: Callable[[str], bool]) -> list[WrongValue]:
    """The alerts in Redis that no record is about. `is_mine`: whether a flow is on a partition of this worker.

    An alert that cannot be read is removed, too: the worker that has its partition writes it again. Raises RedisError.
    """
    names = {*await redis.hkeys(ALERTS), *await redis.hkeys(OPEN_ALERTS), *await redis.zrange(ALERT_INDEX, 0, -1)}
    wrong = {}
    for name in sorted(names - known):
        value = await redis.hget(ALERTS, name) or await redis.hget(OPEN_ALERTS, name)
        if is_mine(_flow_in(value)):
            wrong[name] = f"{ALERTS} has {name.decode('utf-8', 'replace')}, of which there is no record"
    return await _removed_alerts(redis, wrong)


class _AlertFlow(msgspec.Struct):
    flow: str


def _flow_in(value: bytes | None) -> str:
    """The flow of an alert; empty where it cannot be read."""
    try:
        return msgspec.json.decode(value or b"", type=_AlertFlow).flow
    except msgspec.MsgspecError:
        return ""


async def log_differences(redis: Any, contents: Contents, most: int) -> list[WrongValue]:
    """Compare the alert log with the alerts of one partition. Records can only be missing in a log that is not trimmed.

    `most`: the number of entries from which the log is trimmed. Raises RedisError.
    """
    logged: dict[str, set[int]] = {}
    differences, entries = [], 0
    async for entry, fields in _log_entries(redis):
        entries += 1
        name, seq = fields.get(b"id", b"").decode("utf-8", "replace"), fields.get(b"seq", b"")
        alert = contents.alerts.get(name)
        if alert is None:  # of another partition, or to be removed with all of its alert
            continue
        number = int(seq) if seq.isdigit() else -1
        record = alert.records.get(number)
        if record is None or digest_of(fields.get(b"alert", b"")) != record.digest or number in logged.get(name, ()):
            what = f"{ALERT_LOG} has an entry of {name} that is no record of it"
            differences.append(WrongValue(what, None, partial(_remove_entry, entry)))
        else:
            logged.setdefault(name, set()).add(number)
    if entries < most:
        missing = [name for name, alert in contents.alerts.items() if alert.records.keys() - logged.get(name, set())]
        wrong = {name.encode(): f"{ALERT_LOG} lacks records of {name}" for name in missing}
        differences += await _removed_alerts(redis, wrong, contents)
    return differences


def _remove_entry(entry: bytes, pipe: Any) -> None:
    pipe.xdel(ALERT_LOG, entry)


async def _log_entries(redis: Any) -> AsyncIterator[tuple[bytes, Mapping[bytes, bytes]]]:
    after = "-"
    while page := await redis.xrange(ALERT_LOG, min=after, count=LOG_PAGE):
        for entry, fields in page:
            yield entry, fields
        after = f"({page[-1][0].decode()}"


# --- types -------------------------------------------------------------------------------------------------------


async def wrong_types(redis: Any) -> list[bytes]:
    """The keys of the view that hold another type than the view writes, so that writes fail. Raises RedisError."""
    wrong = []
    async for key in redis.scan_iter(match=f"{PREFIX}:*", count=1000):
        wanted = _TYPES.get(key.decode("utf-8", "replace")) or next(
            (type_ for begin, type_ in _TYPES_OF_MANY.items() if key.startswith(begin.encode())), None
        )
        if wanted is not None and await redis.type(key) != wanted:
            wrong.append(key)
    return wrong


# --- one pass over all of them --------------------------------------------------------------------------------------


class ViewSweep:
    """Compares the view with the records of some partitions, step by step.

    `contents`: by partition of `totals`, `alerts` and `silences`; partitions may come and go between two steps.
    """

    def __init__(self, redis: Any, topics: Topics, settings: Settings) -> None:
        self.redis, self.topics = redis, topics
        self.partitions, self.alert_log = settings.partitions, settings.alert_log
        self.contents: dict[TopicPartition, Contents] = {}

    def of(self, tp: TopicPartition) -> Contents:
        """The contents of a partition, empty at first."""
        return self.contents.setdefault(tp, Contents())

    async def differences(
        self,
        places: Sequence[TopicPartition],
        fields_of: Callable[[bytes], Mapping[bytes, bytes]],
        *,
        log: bool,
    ) -> AsyncIterator[list[tuple[TopicPartition, WrongValue]]]:
        """Yield what differs, one step at a time. `log`: whether the alert log is compared. Raises RedisError."""
        for tp in places:
            async for found in self._of_partition(tp, fields_of, log=log):
                yield [(tp, difference) for difference in found]
        totals = [tp for tp in places if tp.topic == self.topics.totals and tp in self.contents]
        listed = await self.redis.smembers(FLOWS) if totals else set()
        known = {name.encode() for tp in totals if tp in self.contents for name in self.contents[tp].values}
        yield [(tp, unknown_flow(name)) for name in sorted(listed - known) for tp in totals if self._is_on(name, tp)]
        alerts = [tp for tp in places if tp.topic == self.topics.alerts and tp in self.contents]
        for number, tp in enumerate(alerts):  # what is known may have changed since the last step
            known = {name.encode() for each in self.contents.values() for name in each.alerts}
            is_mine = partial(self._is_here, tp, number == 0)
            yield [(tp, difference) for difference in await unknown_alerts(self.redis, known, is_mine)]

    async def _of_partition(
        self, tp: TopicPartition, fields_of: Callable[[bytes], Mapping[bytes, bytes]], *, log: bool
    ) -> AsyncIterator[list[WrongValue]]:
        if tp.topic == self.topics.silences:
            held = await self.redis.hgetall(SILENCES)
            if tp in self.contents:
                yield silence_differences(self.contents[tp], held, partial(self._is_on, tp=tp))
            return
        if tp.topic == self.topics.totals:
            for names in _chunks(self.contents[tp].values):
                if tp not in self.contents:
                    return
                yield await flow_differences(self.redis, self.contents[tp], names, fields_of)
            return
        for names in _chunks(self.contents[tp].alerts):
            if tp not in self.contents:
                return
            yield await alert_differences(self.redis, self.contents[tp], names)
        if log and tp in self.contents:
            yield await log_differences(self.redis, self.contents[tp], self.alert_log)

    def _is_on(self, key: bytes, tp: TopicPartition) -> bool:
        return partition_of_key(key, self.partitions) == tp.partition

    def _is_here(self, tp: TopicPartition, unreadable: bool, flow: str) -> bool:
        """Whether an alert on a flow belongs to a partition; one that cannot be read has no flow."""
        return self._is_on(flow.encode(), tp) if flow else unreadable


def _chunks(names: Iterable[str]) -> Iterator[list[str]]:
    every = list(names)
    for at in range(0, len(every), CHUNK):
        yield every[at : at + CHUNK]
