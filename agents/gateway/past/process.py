"""The process of a past moment: replays the reports that had arrived by then, says the result, answers questions.

It is a process of its own, with low priority, so that the gateway keeps serving the present. It ends with its input.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from bordertally.agents.gateway.past.messages import (
    Answer,
    EvidenceQuestion,
    Failed,
    Order,
    PastAlert,
    PastState,
    Ready,
    Said,
    Working,
)
from bordertally.agents.gateway.past.report_log import report_count, report_log
from bordertally.agents.runtime.context import load_registry, load_rules
from bordertally.agents.runtime.languages import load_extractor, word_reader
from bordertally.agents.runtime.memory import without_collector
from bordertally.streams.errors import BordertallyError
from bordertally.streams.evidence.trace import trace
from bordertally.streams.replay.ledgers import ReplayLedgers, kept_by
from bordertally.streams.replay.reports_by_hour import ReportsByHour
from bordertally.streams.reports.claims import Claims
from bordertally.streams.reports.validation import Limits
from bordertally.streams.settings import Settings, load_settings

NICE = 10
TO_GATEWAY = sys.stdout.buffer
"""A pipe to the gateway, not a terminal."""

SAY_S = 0.5
"""Seconds between two messages on the progress."""


MANY_HOURS = 5_000
"""Hours with reports from which on a replay takes old ones by the day: a step has its cost, however few its reports."""

RECENT_H = 60 * 24
"""The newest hours, which are always taken one by one: the history of alerts of these days is complete."""


def days_before(hours: Sequence[int]) -> int:
    """The hour before which a replay of these hours goes by the day; 0: none."""
    return hours[-1] - RECENT_H if len(hours) > MANY_HOURS else 0


class _Progress:
    """Says how far the work is, not too often."""

    def __init__(self, reports: int) -> None:
        self.reports, self.read, self.applied, self.claims, self._next = reports, 0, 0, 0, 0.0

    def say(self) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + SAY_S
            _say(Working(self.read, self.reports, self.applied, self.claims))


def _say(message: Said) -> None:
    TO_GATEWAY.write(msgspec.json.encode(message) + b"\n")
    TO_GATEWAY.flush()


async def _read(settings: Settings, order: Order, reports: ReportsByHour) -> _Progress:
    count = await report_count(settings, order.until)
    _check(count, order)
    progress = _Progress(count)
    progress.say()
    async for some in report_log(settings, order.until):
        reports.add(some)
        progress.read += len(some)
        _check(progress.read, order)  # not every broker counts right
        progress.say()
    return progress


def _check(count: int, order: Order) -> None:
    """Raise BordertallyError for more reports than may be replayed."""
    if count > order.most:
        raise BordertallyError(
            f"{count:,} reports had arrived by then; the gateway replays at most {order.most:,} "
            "(BORDERTALLY_GATEWAY_PAST_REPORTS); use: bordertally replay --from-kafka --until TIME"
        )


def _work(reports: ReportsByHour, ledgers: ReplayLedgers, progress: _Progress) -> dict[str, int]:
    """Apply the reports; returns when the newest report of each source was published."""
    newest: dict[str, int] = {}
    progress.claims = reports.count
    for hour in reports.drain(days_before(reports.hours)):
        for _ in ledgers.apply(hour.claims, hour.readings):
            pass
        for source, published in _published(hour):
            newest[source] = max(published, newest.get(source, 0))
        progress.applied += hour.count
        progress.say()
    return newest


def _published(hour: Claims) -> list[tuple[str, int]]:
    said = [(claim.source, claim.published) for claim in hour.claims]
    return said + [(readings.source, max(readings.columns.published)) for readings in hour.readings]


def main() -> None:
    """Read the order, replay, then answer questions until the input ends."""
    os.nice(NICE)
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    settings = load_settings()
    registry = load_registry(settings.sources)
    reports = ReportsByHour(registry, Limits.of(settings), word_reader(registry, load_extractor(settings.extractor)))
    try:
        progress = asyncio.run(_read(settings, order, reports))
    except Exception as error:  # noqa: BLE001 - whatever it is, the gateway says it
        _say(Failed(str(error) or type(error).__name__))
        return
    ledgers = ReplayLedgers(registry, load_rules(settings.rules, registry))
    with without_collector():
        newest = _work(reports, ledgers, progress)
    for _, state in sorted(ledgers.states.items()):
        _say(PastState(msgspec.Raw(msgspec.json.encode(state))))
    for alert in ledgers.log:
        _say(PastAlert(msgspec.Raw(msgspec.json.encode(alert))))
    _say(Ready(newest))
    kept: dict[str, Any] | None = None
    for line in sys.stdin.buffer:
        question = msgspec.json.decode(line, type=EvidenceQuestion)
        kept = kept_by(ledgers) if kept is None else kept
        evidence = trace(question.flow, kept, ledgers.names, question.first, question.end)
        _say(Answer(msgspec.Raw(msgspec.json.encode(evidence))))


if __name__ == "__main__":
    main()
