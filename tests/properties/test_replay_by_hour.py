"""Replay by the hour comes to what replay report by report comes to, in whatever order the lines stand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from bordertally.agents.demo.make_sample import sample
from bordertally.agents.runtime.context import load_registry
from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.moments import MICRO
from bordertally.streams.replay.ledgers import ReplayLedgers, ReplayResult, replay
from bordertally.streams.replay.reports_by_hour import HOUR, ReplayedReport, ReportsByHour
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.sources import Registry
from bordertally.streams.rules.config import Rules
from one_by_one import one_by_one, read_all
from properties.worlds import EVERY_RULE, NOW, REGISTRY, RULES, Document, busy_borders, busy_weeks, documents, figures
from unit.kit import LastSaid, alerts_of, last_said

BOTH = pytest.mark.parametrize("rules", [RULES, EVERY_RULE], ids=["usual", "every-rule"])


def ended(log: Iterable[Alert]) -> list[LastSaid]:
    """What the last record of each alert says, withdrawn ones left out."""
    last = {record.id: record for record in log}.values()
    return sorted([last_said(one) for one in last if one.state is not AlertState.WITHDRAWN], key=lambda one: one[:4])


def compared(lines: list[bytes], registry: Registry, rules: Rules) -> ReplayResult:
    """What lines come to by the hour, after comparing it with what they come to report by report."""
    read = read_all(lines, registry, NOW)
    expected = one_by_one(read.reports, registry, rules).outcome(read.refused)
    result = replay(lines, registry, rules, NOW)
    assert msgspec.structs.replace(result, alerts=[]) == msgspec.structs.replace(expected, alerts=[])
    assert ended(result.alerts) == ended(expected.alerts)
    return result


@BOTH
@given(documents(), st.data())
def test_worlds_come_to_the_same(rules: Rules, world: list[Document], data: st.DataObject) -> None:
    lines = [json.dumps(document).encode() for document in world]
    result = compared(lines, REGISTRY, rules)
    event(f"alerts: {bool(ended(result.alerts))}")
    assert replay(data.draw(st.permutations(lines)), REGISTRY, rules, NOW) == result


@given(documents())
def test_alerts_are_told_in_order_of_publication(world: list[Document]) -> None:
    reports, ledgers = ReportsByHour(REGISTRY), ReplayLedgers(REGISTRY, RULES)
    reports.add(ReplayedReport(json.dumps(document).encode(), int(NOW * 1000)) for document in world)
    for hour in reports.drain():
        moments = [claim.published for claim in hour.claims]
        moments += [at for group in hour.readings for at in group.columns.published]
        for record in ledgers.apply(hour.claims, hour.readings):
            assert datetime.fromisoformat(record.published).timestamp() * MICRO in moments
    hours = [record.published[: len("2022-09-21T09")] for record in ledgers.log]
    assert hours == sorted(hours)
    event(f"alerts: {bool(hours)}")


@BOTH
@given(busy_weeks() | busy_borders())
def test_rises_and_falls_come_to_the_same(rules: Rules, world: Sequence[list[Claim]]) -> None:
    in_order = sorted(world, key=lambda claims: claims[0].published)
    expected = one_by_one(in_order, REGISTRY, rules)
    by_hour: dict[int, list[Claim]] = {}
    for claims in world:
        by_hour.setdefault(claims[0].published // HOUR, []).extend(claims)
    ledgers = ReplayLedgers(REGISTRY, rules)
    for hour in sorted(by_hour):
        list(ledgers.apply(by_hour[hour]))
    assert figures(ledgers) == figures(expected)
    assert alerts_of(ledgers) == alerts_of(expected)
    event(f"alerts: {bool(ledgers.log)}")


def test_the_sample_comes_to_the_same() -> None:
    assert compared(sample().splitlines(), load_registry(None), Rules()).alerts
