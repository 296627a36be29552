from __future__ import annotations

import msgspec

from bordertally.streams.reports.claims import Claim, Claims
from bordertally.streams.totals.records import Conflict
from unit.kit import claim


def test_claims_survive_the_wire() -> None:
    sent = Claims([claim(5, normal={"daily": [1, 2]}), claim(None)])
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(sent), type=Claims) == sent


def test_a_claim_from_before_a_field_was_added_can_still_be_read() -> None:
    short = msgspec.to_builtins(claim(5))[:13]
    assert msgspec.convert(short, Claim) == claim(5)


def test_a_conflict_is_written_with_the_word_with() -> None:
    written = msgspec.to_builtins(Conflict("RU", "r1", ["r2"], 5))
    assert written == {"flow": "RU", "report": "r1", "with": ["r2"], "gap": 5}
