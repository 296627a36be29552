"""Fuses: the share of a source's reports that was refused, shown once a second, and when it is too large."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

import pytest

from bordertally.agents.hops import fuses as module
from bordertally.agents.hops.fuses import UNKNOWN, Fuses
from bordertally.agents.runtime.context import Context
from bordertally.streams.reports.batching import Sorter
from bordertally.streams.reports.claims import Claims
from bordertally.streams.reports.validation import Limits
from bordertally.streams.settings import load_settings
from unit.kit import REGISTRY, claim


class Counted:
    """Fuses that blow at half of 4 reports within a minute, on a clock of the test's own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        context = Context.load(load_settings(fuse_share=0.5, fuse_window_s=60, fuse_reports=4))
        context.renew(REGISTRY)
        self.fuses, self.metrics, self.now = Fuses(context), context.metrics, 100.0
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now)  # type: ignore[attr-defined] # of this module only

    def count(self, messages: list[Claims], **refused: int) -> None:
        self.fuses.count(messages, Counter(refused))

    def shown(self, name: str) -> dict[str, float]:
        """The values of a metric by source."""
        samples = self.metrics[name].collect()[0].samples
        return {sample.labels["source"]: sample.value for sample in samples}


def statements(number: int, source: str = "b") -> list[Claims]:
    """A message with two claims of each of so many reports."""
    return [
        Claims(
            [claim(5, f"2022-09-{day}", source=source, id=f"r{number}") for number in range(number) for day in (21, 22)]
        )
    ]


def test_a_report_is_counted_once_however_many_claims_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(monkeypatch)
    counted.count(statements(3), b=1)
    assert counted.shown("source_refused_share") == {"b": 0.25}
    assert counted.shown("source_fuse_blown") == {"b": 0.0}


def test_readings_are_reports_too(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(monkeypatch)
    sorter = Sorter(REGISTRY, Limits(), 1)
    sorter.add([claim(5, f"2022-09-21T{hour:02}:00Z/PT1H", source="c", id=f"r{hour}") for hour in range(3)])
    counted.count([message for _, message in sorter.messages()], c=1)
    assert counted.shown("source_refused_share") == {"c": 0.25}


def test_sources_that_are_not_registered_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(monkeypatch)
    counted.count([], stranger=3, another=1)
    assert counted.shown("source_refused_share") == {UNKNOWN: 1.0}


def test_a_fuse_that_blows_and_is_whole_again_is_named_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    counted = Counted(monkeypatch)
    with caplog.at_level(logging.INFO, "bordertally"):
        counted.count(statements(1), b=4)
        counted.now += 1
        counted.count(statements(0), b=1)
        assert counted.shown("source_fuse_blown") == {"b": 1.0}
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "source b: 4 of its 5 reports were refused within 60 s" in caplog.text
        counted.now += 120
        counted.fuses.show(counted.now)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert counted.shown("source_refused_share") == counted.shown("source_fuse_blown") == {}


def test_metrics_are_brought_up_to_date_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: Any = Counted(monkeypatch)
    counted.count(statements(3), b=1)
    counted.now += 0.9
    counted.count([], b=4)
    assert counted.shown("source_refused_share") == {"b": 0.25}
    counted.now += 0.1
    counted.count([])
    assert counted.shown("source_refused_share") == {"b": 0.625}
