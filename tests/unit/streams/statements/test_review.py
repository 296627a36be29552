"""Items for a person to decide on, and the decisions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from bordertally.streams.errors import BordertallyError
from bordertally.streams.reports.records import ClaimFields, Report
from bordertally.streams.statements.records import Doubt, FoundClaim, Span
from bordertally.streams.statements.review import Decision, Docket, Item, Turn, accepted, decode, make_item, make_turn

TEXT = "Perhaps 1,200 people entered from Russia."


def item(report: str = "r1", people: int = 1200) -> Item:
    written = msgspec.convert({"id": report, "source": "kz", "published": "2022-09-27T09:00:00Z"}, Report)
    claim = FoundClaim(
        claim=ClaimFields(flow="RU:KZ", people=people, text="1,200 people"),
        quote=Span(8, 20),
        spans={"people": Span(8, 13)},
        confidence=0.5,
        doubts=(Doubt.UNCONFIRMED,),
    )
    return make_item(written, claim, TEXT, "en")


def decided(on: Item, published: str, decision: str) -> Decision:
    record = {"kind": "decision", "review": on.id, "source": "desk", "published": published, "decision": decision}
    return msgspec.convert(record, Decision)


def test_an_item_quotes_its_context_and_keeps_its_doubts() -> None:
    made = item()
    start, end = made.spans["people"]
    assert made.context[start:end] == "1,200"
    assert made.doubts == ["unconfirmed"]


def test_the_same_claim_again_is_the_same_item_and_another_is_not() -> None:
    assert item().id == item().id
    assert len({item().id, item(people=1300).id, item("r2").id}) == 3


def test_records_come_back_and_other_bytes_are_none() -> None:
    made = item()
    assert decode(msgspec.json.encode(made)) == made
    assert decode(b"{}") is None
    assert decode(b"\xff") is None


def turn(on: Item, source: str, minutes: int = 0) -> Turn:
    return make_turn(on.id, source, datetime(2022, 9, 27, 12, tzinfo=UTC) + timedelta(minutes=minutes), mark=source)


def test_the_first_turn_of_an_item_has_it_for_ten_minutes() -> None:
    made = item()
    ann, bob, eve = turn(made, "ann"), turn(made, "bob", -1), turn(made, "eve", 11)
    docket = Docket([made, ann, bob])
    assert docket.before(ann) is None
    assert docket.before(bob) == "ann is deciding on it since 2022-09-27T12:00:00.000+00:00"
    assert docket.open == [made]
    docket.add(eve)  # ann came to no decision
    assert docket.before(eve) is None
    docket.add(decided(made, "2022-09-27T12:12:00Z", "edited"))
    assert docket.before(eve) == "desk has edited it at 2022-09-27T12:12:00Z"
    assert decode(msgspec.json.encode(ann)) == ann


def test_a_decision_closes_an_item_and_the_first_one_counts() -> None:
    made = item()
    docket = Docket([made])
    assert docket.open == [made]
    docket = Docket(
        [made, decided(made, "2022-09-28T09:00:00Z", "rejected"), decided(made, "2022-09-27T12:00:00Z", "accepted")]
    )
    assert docket.open == []
    assert docket.decisions[made.id].decision == "rejected"
    assert docket.decided(made.id) == "desk has rejected it at 2022-09-28T09:00:00Z"


def test_an_item_is_named_by_an_unambiguous_beginning() -> None:
    docket = Docket([item("r1"), item("r2")])
    assert docket.item("r1").report == "r1"
    with pytest.raises(BordertallyError, match="2 items begin so"):
        docket.item("r")
    with pytest.raises(BordertallyError, match="no such item"):
        docket.item("x")


def test_an_accepted_item_is_a_report_of_the_reviewer() -> None:
    report = msgspec.json.decode(accepted(item(), "desk", "2022-09-28T09:00:00Z", {"people": 1300, "text": None}))
    assert (report["source"], report["said_by"]) == ("desk", "kz")
    assert report["claims"] == [{"flow": "RU:KZ", "people": 1300}]
    with pytest.raises(BordertallyError, match="no field of a claim"):
        accepted(item(), "desk", "2022-09-28T09:00:00Z", {"persons": 1})
