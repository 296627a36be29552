from __future__ import annotations

import pytest

from bordertally.streams.topics import BIGGEST, Topic, Topics, header, partition_of

FOREVER, WEEK = "-1", str(7 * 86_400_000)


def test_every_topic_has_the_prefix_and_its_way_of_keeping() -> None:
    kept = {spec.name: spec.config.get("retention.ms", spec.config["cleanup.policy"]) for spec in Topics("x.").specs()}
    assert kept == {
        "x.reports.government": FOREVER,
        "x.reports.frontex": FOREVER,
        "x.reports.checkpoint": FOREVER,
        "x.reports.rejected": FOREVER,
        "x.reports.redriven": FOREVER,
        "x.reports.review": FOREVER,
        "x.claims": WEEK,
        "x.ledger-changelog": "compact",
        "x.totals": "compact",
        "x.alerts-changelog": "compact",
        "x.alerts": FOREVER,
        "x.silences": "compact",
        "x.acknowledgements": FOREVER,
        "x.unsubscribed": "compact",
        "x.webhooks": "compact",
        "x.webhooks.log": WEEK,
        "x.clock": WEEK,
    }


def test_every_topic_has_the_same_partitions_and_takes_the_biggest_message() -> None:
    specs = Topics().specs(partitions=3, replication=2)
    assert {(spec.partitions, spec.replication, spec.config["max.message.bytes"]) for spec in specs} == {
        (3, 2, str(BIGGEST))
    }


@pytest.mark.parametrize(("copies", "acknowledged_by"), [(1, None), (2, None), (3, "2"), (5, "2")])
def test_of_three_copies_two_acknowledge_so_that_one_broker_may_fail(copies: int, acknowledged_by: str | None) -> None:
    specs = Topics().specs(replication=copies)
    assert {spec.config.get("min.insync.replicas") for spec in specs} == {acknowledged_by}


def test_only_the_topics_of_reports_and_of_the_clock_carry_the_time_of_their_arrival() -> None:
    topics = Topics()
    stamped = [spec.name for spec in topics.specs() if spec.config.get("message.timestamp.type") == "LogAppendTime"]
    assert stamped == [*topics.every_report, topics.clock]


@pytest.mark.parametrize("kind", Topic)
def test_the_class_of_a_topic_is_read_back_from_its_name(kind: Topic) -> None:
    assert Topics("x.").kind(f"x.reports.{kind.value}") is kind
    assert Topics("x.").kind(f"reports.{kind.value}") is None
    assert Topics("x.").kind("x.reports.rejected") is None


def test_a_counter_sends_no_words() -> None:
    assert {kind: kind.in_words for kind in Topic} == {
        Topic.GOVERNMENT: True,
        Topic.FRONTEX: True,
        Topic.CHECKPOINT: False,
    }


def test_a_tree_of_flows_has_one_partition() -> None:
    """CRC-32 of "RU" is 0xD2558852, the last three bits are 2; of "UA" 0x87CECAE8, they are 0. It may never change."""
    assert {partition_of(flow, 8) for flow in ("RU", "RU:KZ", "RU:EU:FI:vaalimaa")} == {2}
    assert partition_of("UA:PL", 8) == 0


def test_a_header_is_the_first_of_its_name_with_a_value() -> None:
    headers = [("a", None), ("b", b"1"), ("a", b""), ("a", b"2"), ("a", b"3")]
    assert (header(headers, "a"), header(headers, "b"), header(headers, "c")) == (b"2", b"1", None)
