"""What a worker says of topics that are missing, come back, or have another number of partitions."""

from __future__ import annotations

import logging

import pytest

from bordertally.agents.runtime.context import Context
from bordertally.agents.runtime.topic_watch import TopicWatch, topic_faults
from bordertally.streams.settings import load_settings

MISSING = "topic claims does not exist: bordertally topics --create"


def test_a_fault_names_the_topic_and_what_is_wrong() -> None:
    assert topic_faults({"claims": 0, "totals": 4, "alerts": 8}, 4) == [
        MISSING,
        "topic alerts has 8 partitions, BORDERTALLY_PARTITIONS=4",
    ]


def test_a_fault_is_logged_once_and_a_topic_that_comes_back_is_made_anew(caplog: pytest.LogCaptureFixture) -> None:
    context = Context.load(load_settings(partitions=4))
    watch = TopicWatch(context)
    with caplog.at_level(logging.INFO, logger="bordertally"):
        for count in (4, 0, 0, 4, 4):
            watch.look({"claims": count, "totals": 4})
            assert context.topic_faults == ([] if count else [MISSING])
            assert context.metrics["topic_faults"]._value.get() == (0 if count else 1)
    assert [record.getMessage().partition(";")[0] for record in caplog.records] == [
        MISSING,
        "topic claims exists again",
    ]
    assert context.made_anew == {"claims": 1}
