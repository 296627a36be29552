from __future__ import annotations

import msgspec
import pytest

from bordertally.streams.flows import Flow
from bordertally.streams.ledger.citations import Cites
from bordertally.streams.ledger.corridors import records
from bordertally.streams.ledger.corridors.records import (
    CorridorDay,
    CorridorFigures,
    CorridorProjection,
    CorridorSeries,
    CorridorVersion,
    LedgerMessage,
    decode_message,
    messages_of,
)
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.reconciliation.constraints import Bin, Floor
from bordertally.streams.reports.claims import Claims
from unit.kit import claim

ONE = Bin(1.0, 1.0, 1.0, full=True, weight=0.5)


def figures(flow: str, days: int) -> CorridorFigures:
    told = [CorridorDay(day, ONE, (Floor(1.0, 1.0, 1.0, 1.0, full=True),)) for day in range(days)]
    series = [CorridorSeries(PEOPLE, told, CorridorProjection((4,), {5: 1.0}))]
    return CorridorFigures(Flow(flow), CorridorVersion(3, 17), 99, series)


def test_figures_are_read_as_they_were_sent() -> None:
    (message,) = messages_of([figures("RU:KZ", 2), figures("UA:KZ", 1)])
    assert decode_message(msgspec.msgpack.encode(message)) == message
    assert message.corridors == [figures("RU:KZ", 2), figures("UA:KZ", 1)]


def test_claims_of_the_intake_are_a_message_without_corridors() -> None:
    sent = Claims([claim(5)])
    assert decode_message(msgspec.msgpack.encode(sent)) == LedgerMessage(sent.claims)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(LedgerMessage(sent.claims)), type=Claims) == sent


def test_a_message_has_no_more_days_than_fit_unless_one_corridor_has_more(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = [figures(flow, days) for flow, days in (("RU:KZ", 4), ("UA:KZ", 3), ("BY:KZ", 20), ("GE:KZ", 1))]
    monkeypatch.setattr(records, "MESSAGE_DAYS", 7)
    flows = [[corridor.flow for corridor in message.corridors] for message in messages_of(sent)]
    assert flows == [["RU:KZ", "UA:KZ"], ["BY:KZ"], ["GE:KZ"]]


def test_citations_are_no_figures() -> None:
    day = CorridorDay(1, ONE)
    cited = msgspec.structs.replace(day, cites=Cites(("a/1",)))
    assert day != cited
    assert day.figures == cited.figures
    assert day.figures != CorridorDay(1, ONE._replace(low=0.0)).figures
