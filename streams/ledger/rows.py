"""The rows in which a ledger stores its claims: keys, and encoding of the values."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import NamedTuple

import msgspec

from bordertally.streams.flows import Flow, destination_of, root
from bordertally.streams.natural_order import natural
from bordertally.streams.reports.claims import Claim, Identity
from bordertally.streams.reports.readings import Columns


class Key(NamedTuple):
    """The name of a series within a flow."""

    population: str
    unit: str

    @property
    def is_citizenship(self) -> bool:
        """Whether the series is of the citizens of one country (`citizens:RU`); `citizens:ZZ` are others or unknown."""
        return self.population.startswith("citizens:")


PEOPLE = Key("people", "people")


StoredReadings = list[tuple[Key, str, Columns]]
"""The stored form of a flow's readings of one day, by series and source."""


encode_row = msgspec.msgpack.Encoder().encode


decode_row = msgspec.msgpack.Decoder(StoredReadings).decode


BLOCK_DAYS = 32
"""Days of period start that share a row of statements; blocks keep rows small however long a flow lives."""


CORRIDOR_KINDS = frozenset("dh")
"""Rows about a corridor in the ledger of its destination."""

WITHOUT_CLAIMS = CORRIDOR_KINDS | frozenset("at")
"""Rows that hold no claims."""


class Row(NamedTuple):
    """The address of stored claims: `r|flow|day` for readings, `c|flow|block` for statements.

    `f|flow|day` holds the first arrivals of versions that were dated ahead, by the first day of their period.
    `v|flow|block` holds earlier versions of statements (see ledger.versions).
    `a|flow|0` holds the place of which the flow was an alias when the ledger last published its figures.
    `d|flow|day` and `h|flow|0` hold the days of a corridor and its projection, in the ledger of its destination.
    `t|flow|0` holds the version of the figures of a corridor that the ledger of its origin has sent last.
    """

    kind: str
    flow: Flow
    number: int

    @property
    def key(self) -> bytes:
        """The key of the row in the table."""
        return f"{self.kind}|{self.flow}|{self.number}".encode()

    @classmethod
    def of(cls, key: bytes) -> Row:
        """Return the row with this key. Raises ValueError."""
        kind, flow, number = key.decode().split("|")
        return cls(kind, Flow(flow), int(number))


@lru_cache(maxsize=65_536)
def root_of(kind_and_flow: bytes) -> Flow:
    """The top of the tree to whose ledger a row belongs, by the first two parts of its key, such as `r|RU:KZ`."""
    kind, flow = kind_and_flow.decode().split("|")
    return root((destination_of(flow) if kind in CORRIDOR_KINDS else None) or flow)


def alias_row(name: Flow) -> Row:
    """Return the row that says of which place a flow is an alias; its value is empty where the flow is none."""
    return Row("a", name, 0)


decode_claims = msgspec.msgpack.Decoder(list[Claim]).decode


decode_arrivals = msgspec.msgpack.Decoder(dict[bytes, int]).decode


class Version(NamedTuple):
    """A version of a claim: when it was published (microseconds since 1970 UTC), by which report, and its people."""

    published: int
    report: str
    people: float | None

    @property
    def rank(self) -> tuple[object, ...]:
        """A total order over versions published on one day, the last one last; as of versions of a claim."""
        return self.published, self.people is None, natural(self.report), self.people or 0.0


StoredVersions = tuple[Identity, list[tuple[int, Version]]]
"""The stored form of the versions of a claim: its identity, and each version by its day of publication."""


decode_versions = msgspec.msgpack.Decoder(list[StoredVersions]).decode


ROW_HEADER = "row"
"""The header of a changelog record that says whose value it holds."""


def row_mark(key: bytes, value: bytes) -> bytes:
    """The value of ROW_HEADER: CRC-32 of key and value, so that a value under another key is noticed."""
    return zlib.crc32(value, zlib.crc32(key)).to_bytes(4)


def is_readable(key: bytes, value: bytes) -> bool:
    """Whether a stored row is one that a ledger writes."""
    try:
        match Row.of(key).kind:
            case "a":
                value.decode()
            case "c":
                decode_claims(value)
            case "d" | "h" | "t":
                msgspec.msgpack.decode(value)
            case "f":
                decode_arrivals(value)
            case "v":
                decode_versions(value)
            case _:
                decode_row(value)
    except (ValueError, msgspec.MsgspecError):
        return False
    return True
