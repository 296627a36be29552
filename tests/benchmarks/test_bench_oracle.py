"""The oracle agrees with the core, whose arithmetic it does not share; and it catches what must not happen."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import cache

import msgspec
import pytest

from benchmarks import feed
from benchmarks.oracle import Oracle
from benchmarks.outputs import TotalsRead, Verdict, check_alerts, check_figures
from benchmarks.stream import FLOWS, RULES, Shape, messages, registry
from benchmarks.systems import Bordertally, systems
from bordertally.streams.detection.rules_file import parse_rules
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.reports.sources import parse_registry
from one_by_one import read_all

SHAPE = Shape(days=16, slots=2)


@cache
def raws(live: int = 1_000) -> tuple[bytes, ...]:
    """The stream, and an unfinished day after it in which alerts are open."""
    return (
        *(message.value for message in messages(SHAPE)),
        *(message.message.value for message in feed.live(SHAPE.days, live)),
    )


@cache
def told_by_core() -> tuple[list[bytes], list[bytes]]:
    """Records for totals and alerts, as the core makes them of the same messages, a thousand at a time."""
    known = parse_registry(registry(), "stream")
    desk = ReplayLedgers(known, parse_rules(RULES, "rules"))
    reports = read_all(raws(), known, time.time()).reports
    totals = []
    for start in range(0, len(reports), 1_000):
        for _ in desk.apply(claim for claims in reports[start : start + 1_000] for claim in claims):
            pass
        totals += [msgspec.json.encode(state) for state in desk.states.values()]
    return totals, [msgspec.json.encode(alert) for alert in desk.log]


def oracle(without: Iterable[bytes] = ()) -> Oracle:
    truth = Oracle()
    left_out = set(without)
    for raw in raws():
        if raw not in left_out:
            truth.take(raw)
    return truth


def verdict(totals: Iterable[bytes], alerts: Iterable[bytes], truth: Oracle) -> Verdict:
    outputs = TotalsRead()
    for number, value in enumerate(totals):
        outputs.take(Bordertally().read(value), float(number))
    judgement = check_figures(outputs, truth, parents=True)
    check_alerts(alerts, truth.alerts(), judgement)
    return judgement


def test_the_core_comes_to_what_the_oracle_says() -> None:
    truth = oracle()
    judgement = verdict(*told_by_core(), truth)
    assert judgement.exact, judgement
    assert judgement.figures == 17 * (
        len(FLOWS) + 30 + 9
    )  # 10 origins, their 20 corridors, 9 destinations of two origins
    assert {alert.until is None for alert in truth.alerts()} == {True, False}
    assert len(truth.alerts()) > 30


def test_a_wrong_figure_is_caught() -> None:
    judgement = verdict(*told_by_core(), oracle(without=raws()[100:101]))
    assert judgement.wrong_days == 4  # of the flow, the two above it and the destination
    assert not judgement.exact


def test_a_week_that_is_not_the_sum_of_its_days_is_caught() -> None:
    totals, alerts = told_by_core()
    state = msgspec.json.decode(totals[-1])
    state["totals"][1]["best"] += 1
    judgement = verdict([*totals, msgspec.json.encode(state)], alerts, oracle())
    assert (judgement.wrong_days, judgement.wrong_weeks) == (0, 1)


def test_a_figure_never_told_is_caught() -> None:
    totals, alerts = told_by_core()
    flow = FLOWS[3]
    silent = [value for value in totals if Bordertally().read(value).flow != flow]
    judgement = verdict(silent, alerts, oracle())
    assert judgement.unsaid_days == 17


@pytest.mark.parametrize("fault", ["lost", "invented", "other peak"])
def test_alerts_that_come_to_something_else_are_caught(fault: str) -> None:
    totals, alerts = told_by_core()
    newest = msgspec.json.decode(alerts[-1])
    changed = {
        "lost": [value for value in alerts if msgspec.json.decode(value)["id"] != newest["id"]],
        "invented": [*alerts, msgspec.json.encode(newest | {"id": "another", "since": "2022-10-01"})],
        "other peak": [*alerts, msgspec.json.encode(newest | {"seq": newest["seq"] + 1, "peak_rate": 1})],
    }[fault]
    judgement = verdict(totals, changed, oracle())
    assert (judgement.alerts_missing, judgement.alerts_extra) == {
        "lost": (1, 0),
        "invented": (0, 1),
        "other peak": (1, 1),
    }[fault]


def test_an_id_told_in_two_ways_is_caught_and_a_repeated_record_is_none() -> None:
    totals, alerts = told_by_core()
    first = msgspec.json.decode(alerts[0])
    assert verdict(totals, [*alerts, alerts[0]], oracle()).exact
    judgement = verdict(totals, [*alerts, msgspec.json.encode(first | {"rate": 1})], oracle())
    assert judgement.ids_reused == 1


def test_messages_delivered_again_count_once_for_the_oracle_too() -> None:
    once, twice = oracle(), oracle()
    for raw in raws()[-50:]:
        twice.take(raw)
    assert twice.figures(parents=True) == once.figures(parents=True)
    assert twice.messages == once.messages + 50


def test_progress_is_told_by_what_became_known_not_by_records() -> None:
    outputs = TotalsRead()
    for moment, people in ((1.0, 10), (2.0, 90), (3.0, 100)):
        value = msgspec.json.encode({"flow": "A", "day": "2022-09-21", "total": people, "rolling7": people})
        outputs.take(systems()["aiokafka"].read(value), moment)
    assert [outputs.progress(share) for share in (0.0, 0.05, 0.5, 1.0)] == [1.0, 1.0, 2.0, 3.0]


def test_a_peer_is_held_to_every_week_it_told() -> None:
    peer, truth, outputs = systems()["bytewax"], Oracle(), TotalsRead()
    for raw in raws(0)[:1500]:
        truth.take(raw)
    for flow, days in truth.figures(parents=False).items():
        for day, people in days.items():
            week = sum(people for number, people in days.items() if number <= day)
            value = msgspec.json.encode({"flow": flow, "day": day, "total": people, "rolling7": week})
            outputs.take(peer.read(value), 0.0)
    assert check_figures(outputs, truth, parents=False).exact
    outputs.weeks[FLOWS[0]]["2022-09-22"] += 1
    assert check_figures(outputs, truth, parents=False).wrong_weeks == 1
