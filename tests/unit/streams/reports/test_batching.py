"""The sorter: what its fast path honours, what goes the full way, and what its messages hold."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from bordertally.streams.errors import Reason, RefusedError
from bordertally.streams.reports import batching
from bordertally.streams.reports.batching import Sorter
from bordertally.streams.reports.plain import PlainDecoder
from bordertally.streams.reports.records import ClaimFields, Report
from bordertally.streams.topics import Topic, partition_of
from unit.kit import LIMITS, NOW, REGISTRY, Sent, claim, claims, report, take

HOUR = "2022-09-21T10:00Z/PT1H"


class Wider(Report, kw_only=True):
    """A report with a field that the fast path has never heard of."""

    named_after: str | UnsetType = UNSET


SAID = {"id": "w", "source": "b", "published": "2022-10-20T00:00:00Z", "text": "53,000 people came."}


def counted(**more: Any) -> bytes:
    """What a counter sends of an hour."""
    return report(5, HOUR, qualifier="count", **more)


def test_a_new_field_takes_the_full_way_however_well_the_counter_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []

    def decoded(raw: bytes, _limits: object, _tell: object) -> Report:
        taken.append(raw)
        return msgspec.json.decode(raw, type=Wider)

    monkeypatch.setattr(batching, "PlainDecoder", partial(PlainDecoder, Wider))
    monkeypatch.setattr(batching, "decode_report", decoded)
    sorter, new = Sorter(REGISTRY, LIMITS, 3), counted(named_after="kz-mia")
    for raw in (counted(), counted(id="r2"), new, counted(id="r3"), new):
        take(sorter, raw, NOW)
    assert taken == [counted(), new, new]  # the first, since the counter is unknown; the others, for the field
    ((_, message),) = sorter.messages()
    assert message.count == 5


@pytest.mark.parametrize("odd", [{"url": 1}, {"text": 5}], ids=str)
def test_a_field_that_is_not_kept_is_checked_even_of_a_known_counter(odd: dict[str, Any]) -> None:
    sorter = Sorter(REGISTRY, LIMITS, 3)
    take(sorter, counted(), NOW)
    with pytest.raises(RefusedError) as caught:
        take(sorter, counted(**odd), NOW)
    assert (caught.value.reason, caught.value.field) == (Reason.WRONG_TYPE, next(iter(odd)))


def test_a_report_in_words_is_handed_back_and_not_taken() -> None:
    sorter = Sorter(REGISTRY, LIMITS, 3)
    sent = [Sent(msgspec.json.encode(one), int(NOW * 1000)) for one in (SAID, {**SAID, "id": "x"})]
    given = list(sorter.add_all(sent))
    assert [record for record, _ in given] == sent
    assert [(one.id, one.in_words) for _, one in given if isinstance(one, Report)] == [("w", True), ("x", True)]
    assert sorter.messages() == []


def test_messages_are_by_partition_and_counts_come_as_readings() -> None:
    sorter = Sorter(REGISTRY, LIMITS, 3)
    sorter.add([*claims(7), *claims(9, HOUR, flow="RU:GE"), claim(1, flow="KZ:RU", source="a")])
    messages = sorter.messages()
    assert [partition for partition, _ in messages] == sorted({partition_of(one, 3) for one in ("RU", "KZ")})
    assert sorted(one.flow for _, message in messages for one in message.claims) == ["KZ:RU", "RU:KZ"]
    assert [one.flow for _, message in messages for one in message.readings] == ["RU:GE"]
    assert sorter.messages() == []


def test_reports_are_counted_by_source_once_each() -> None:
    sorter = Sorter(REGISTRY, LIMITS, 3)
    many = msgspec.json.encode({**SAID, "text": "t", "claims": [{"people": 1}, {"people": 2, "flow": "RU:GE"}]})
    take(sorter, msgspec.json.encode(msgspec.json.decode(many) | {"flow": "RU:KZ", "period": HOUR}), NOW)
    for number in range(3):
        take(sorter, counted(id=f"r{number}", source="c"), NOW)
    sorter.messages()
    assert sorter.reports() == {"b": 1, "c": 3}
    assert not sorter.reports()


def test_what_is_known_of_a_counter_is_known_of_its_topic_only() -> None:
    sorter = Sorter(REGISTRY, LIMITS, 3)
    sorter.turn_to(Topic.CHECKPOINT)
    take(sorter, counted(source="c"), NOW)
    take(sorter, counted(source="c"), NOW)
    sorter.turn_to(Topic.FRONTEX)
    with pytest.raises(RefusedError) as caught:
        take(sorter, counted(source="c"), NOW)
    assert caught.value.reason is Reason.TOPIC_NOT_ALLOWED


def test_the_fields_of_a_claim_are_all_fields_of_a_report() -> None:
    assert set(ClaimFields.__struct_fields__) < set(Report.__struct_fields__)
