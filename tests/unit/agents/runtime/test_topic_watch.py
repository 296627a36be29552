"""What a worker says of topics that are missing, come back, or have another number of partitions."""

from __future__ import annotations

import logging
from uuid import UUID

import pytest

from bordertally.agents.kafka.topic_ids import TopicSeen
from bordertally.agents.runtime.context import Context
from bordertally.agents.runtime.topic_watch import TopicWatch, topic_faults
from bordertally.streams.settings import load_settings

MISSING = "topic claims does not exist: bordertally topics --create"


def test_a_fault_names_the_topic_and_what_is_wrong() -> None:
    assert topic_faults({"claims": 0, "totals": 4, "alerts": 8}, 4) == [
        MISSING,
        "topic alerts has 8 partitions, BORDERTALLY_PARTITIONS=4",
    ]


FIRST, SECOND = UUID(int=1), UUID(int=2)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged since the last time, without the way to a runbook."""
    words = [record.getMessage().partition(";")[0] for record in caplog.records]
    caplog.clear()
    return words


def test_a_fault_is_logged_once_and_a_topic_that_comes_back_is_made_anew(caplog: pytest.LogCaptureFixture) -> None:
    context = Context.load(load_settings(partitions=4))
    watch = TopicWatch(context)
    with caplog.at_level(logging.INFO, logger="bordertally"):
        for count in (4, 0, 0, 4, 4):
            watch.look({"claims": TopicSeen(count), "totals": TopicSeen(4)})
            assert context.topic_faults == ([] if count else [MISSING])
            assert context.metrics["topic_faults"]._value.get() == (0 if count else 1)
    assert told(caplog) == [MISSING, "topic claims exists again"]
    assert context.made_anew == {"claims": 1}


def test_another_id_is_another_topic_even_if_it_was_never_seen_missing(caplog: pytest.LogCaptureFixture) -> None:
    context = Context.load(load_settings(partitions=4))
    watch = TopicWatch(context)

    def look(count: int, topic_id: UUID | None) -> tuple[list[str], int]:
        watch.look({"claims": TopicSeen(count, topic_id)})
        return told(caplog), context.made_anew["claims"]

    with caplog.at_level(logging.INFO, logger="bordertally"):
        assert look(4, FIRST) == ([], 0)
        assert look(4, FIRST) == ([], 0)
        assert look(4, SECOND) == (["topic claims was deleted and made anew"], 1)
        assert look(4, FIRST) == ([], 1)  # a broker that has not heard of it yet
        assert look(4, None) == ([], 1)  # a broker without ids
        assert look(0, None) == ([MISSING], 1)
        assert look(4, SECOND) == (["topic claims exists again, with its records"], 1)
        assert look(0, None) == ([MISSING], 1)
        assert look(4, UUID(int=3)) == (["topic claims exists again"], 2)
