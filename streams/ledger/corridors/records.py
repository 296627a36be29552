"""The figures of a corridor as the ledger of its origin sends them to the ledger of its destination, and stores them.

A corridor is a flow from one origin to one destination, such as `RU:KZ`. The figures are a function of the claims that
the ledger of the origin holds. Of two versions the higher one rests on more claims; figures that are sent again after a
crash may have the same version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from bordertally.streams.flows import Flow, destination_of
from bordertally.streams.ledger.causes import Cause
from bordertally.streams.ledger.citations import NOTHING, Cites
from bordertally.streams.ledger.rows import Key
from bordertally.streams.reconciliation.constraints import Bin, Constraint, Floors
from bordertally.streams.reports.claims import Claims


def destination_of_corridor(flow: Flow) -> Flow:
    """The destination that a corridor adds to: `*:KZ` for `RU:KZ`."""
    destination = destination_of(flow)
    assert destination is not None, f"{flow} is no corridor"
    return destination


class CorridorVersion(NamedTuple):
    """How often the ledger has sent figures of a corridor, and the offset of the newest message behind them.

    The offset decides only where a ledger that lost its partition still sends figures beside its successor.
    """

    number: int
    offset: int


class CorridorDay(Struct, array_like=True, frozen=True):
    """One day of a series of a corridor, by ordinal.

    `people`: None where no claim is in force. `floors`: those of better grades than the most trusted claim of the day.
    `usual`, `complete`: see totals.coverage.covered_as_usual and detection.drop.spoken_for. `unlikely`: the unlikely
    claims about the day, here and below, each with its flow; `likely`: the most people that other claims give the day.
    `corroborated`: the people that are corroborated, and `witnesses` the weight of each origin (see
    rules.corroboration); both are empty where the rules do not ask for corroboration. `withdrew`: a claim about a day
    without people was withdrawn. `historic`: every claim about the day was sent for totals and levels only.
    """

    day: int
    people: Bin | None
    floors: Floors = ()
    cites: Cites = NOTHING
    usual: bool = True
    complete: bool = True
    withdrew: bool = False
    unlikely: tuple[tuple[Flow, Constraint], ...] = ()
    likely: float = 0.0
    corroborated: float = 0.0
    witnesses: dict[str, float] = {}
    historic: bool = False

    @property
    def figures(self) -> tuple[object, ...]:
        """All that figures of other days or flows depend on: everything but the citations."""
        return msgspec.structs.astuple(msgspec.structs.replace(self, cites=NOTHING))


class Leeway(NamedTuple):
    """How far the people of a day may move by revisions: `low` is negative where they may become fewer."""

    low: float
    high: float


class CorridorProjection(Struct, array_like=True, frozen=True):
    """The projection of a series of a corridor: the last days of claims, and the people that each day gains.

    `leeways`: by day, for the last seven days, how far the people may move by revisions; see totals.revisions.
    """

    lasts: tuple[int, ...] = ()
    gains: dict[int, float] = {}
    leeways: dict[int, Leeway] = {}


class CorridorSeries(Struct, array_like=True, frozen=True):
    """The series of one population and unit: some of its days, and its whole projection."""

    key: Key
    days: list[CorridorDay]
    projection: CorridorProjection


class CorridorFigures(Struct, array_like=True, frozen=True):
    """Some days of a corridor, of all its series.

    `published`: of the newest report on the corridor, in microseconds since 1970 UTC. `causes`: see ledger.causes.
    `whole`: the corridor has no other days.
    """

    flow: Flow
    version: CorridorVersion
    published: int
    series: list[CorridorSeries]
    causes: list[Cause] = []
    whole: bool = False


class LedgerMessage(Claims, array_like=True, frozen=True):
    """A message on `claims`: claims from the intake, or figures of corridors from the ledger of their origin.

    `again`: flows whose states the ledger must publish again (see AlertsHop).
    """

    corridors: list[CorridorFigures] = msgspec.field(default_factory=list)
    again: list[Flow] = msgspec.field(default_factory=list)


decode_message = msgspec.msgpack.Decoder(LedgerMessage).decode

MESSAGE_DAYS = 10_000
"""The most days of corridors in one message, unless a single corridor has more; a day takes some 100 bytes."""


def messages_of(figures: Iterable[CorridorFigures]) -> Iterator[LedgerMessage]:
    """The messages that carry these figures."""
    waiting, days = list[CorridorFigures](), 0
    for corridor in figures:
        number = sum(len(series.days) for series in corridor.series)
        if waiting and days + number > MESSAGE_DAYS:
            yield LedgerMessage([], [], waiting)
            waiting, days = [], 0
        waiting.append(corridor)
        days += number
    if waiting:
        yield LedgerMessage([], [], waiting)


class StoredDay(Struct, array_like=True, frozen=True):
    """A stored day of one series, with the version of the figures that it is from."""

    key: Key
    version: CorridorVersion
    day: CorridorDay


class StoredHead(Struct, array_like=True, frozen=True):
    """All that is stored of a corridor beside its days."""

    version: CorridorVersion
    published: int
    projections: list[tuple[Key, CorridorProjection]]


NO_HEAD = StoredHead(CorridorVersion(0, 0), 0, [])
"""Of a corridor of which nothing has arrived."""


encode = msgspec.msgpack.Encoder().encode
decode_days = msgspec.msgpack.Decoder(list[StoredDay]).decode
decode_version = msgspec.msgpack.Decoder(CorridorVersion).decode
decode_head = msgspec.msgpack.Decoder(StoredHead).decode


def day_of(stored: Sequence[StoredDay], key: Key) -> StoredDay | None:
    """The stored day of a series; None without one."""
    return next((each for each in stored if each.key == key), None)
