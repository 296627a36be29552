"""The pipeline from reports on Kafka to totals and alerts in Redis, on both brokers, beside the pure core."""

from __future__ import annotations

import json
import time
from zlib import crc32

import pytest

from bordertally.agents.demo.run import sample
from bordertally.agents.kafka.producer import Record, make_producer
from bordertally.agents.runtime.context import load_registry
from bordertally.streams.delivery.metrics import CATALOGUE
from bordertally.streams.replay.reports_by_hour import RejectedReport
from live import Live, page, pure, state_of, until
from one_by_one import read_all


def good(**changes: object) -> bytes:
    """A report that is fine but for the changes."""
    report: dict[str, object] = {
        "id": "kz-2022-09-27-x",
        "source": "kz-mia",
        "published": "2022-09-27T09:00:00Z",
        "flow": "RU:KZ",
        "period": "2022-09-21/2022-09-28",
        "people": 98000,
        "qualifier": "stated",
    }
    return json.dumps(report | changes).encode()


async def test_what_runs_live_comes_to_what_the_pure_core_makes_of_the_same_reports(live: Live) -> None:
    live.worker()
    await live.publish(sample())
    desk = pure(sample())
    await live.shows(desk)
    await live.shows_alerts(desk)
    week = state_of((await live.states())["RU"]).totals[1]
    assert (week.low, week.best, week.high, week.projected) == (196_929, 217_000, None, 18_857)


async def test_every_hop_runs_alone(live: Live) -> None:
    for hop in ("intake", "ledger", "alerts", "delivery"):
        live.worker(BORDERTALLY_HOPS=hop)
    await live.publish(sample())
    desk = pure(sample())
    await live.shows(desk)
    await live.shows_alerts(desk)


async def test_fausts_own_command_runs_it_too(live: Live) -> None:
    live.worker(command=("-m", "faust", "-A", "bordertally.agents.worker.app", "worker", "--loglevel", "warn"))
    await live.publish(sample())
    await live.shows(pure(sample()))


async def test_reports_delivered_twice_change_nothing(live: Live) -> None:
    live.worker()
    await live.publish([*sample(), *sample()])
    await live.publish(sample()[::-1])
    desk = pure(sample())
    await live.shows(desk)
    await live.shows_alerts(desk)


async def test_reports_in_any_order_come_to_the_same(live: Live) -> None:
    live.worker()
    await live.publish(sorted(sample(), key=crc32))
    desk = pure(sample())
    await live.shows(desk)
    await live.shows_alerts(desk)


async def test_a_correction_withdraws_an_alert(live: Live) -> None:
    live.worker()
    report = {
        "id": "first",
        "source": "kz-mia",
        "published": "2022-09-27T09:00:00Z",
        "flow": "RU:KZ",
        "period": "2022-09-21/2022-09-28",
        "people": 98_000,
        "qualifier": "stated",
        "normal": {"daily": 9_000},
    }
    corrected = report | {"id": "second", "published": "2022-09-28T09:00:00Z", "people": 61_000}
    first, second = json.dumps(report).encode(), json.dumps(corrected).encode()
    await live.publish([first])
    await live.shows_alerts(pure([first]))
    await live.publish([second])

    async def withdrawn() -> bool:
        return [alert.state.value for alert in await live.alerts()] == ["firing", "withdrawn"]

    await until(withdrawn, "the alert is withdrawn")
    last = (await live.alerts())[-1]
    assert (last.seq, last.reports) == (2, ["kz-mia/second"])
    await live.shows(pure([first, second]))


def refusals(raws: list[bytes]) -> list[RejectedReport]:
    """What the pure core refuses."""
    return read_all(raws, load_registry(None), time.time()).refused


BAD = [
    b"",
    b"{",
    b"[1, 2]",
    b'"text"',
    b"\xff\xfe\x00",
    b'{"id": "a\\ud800"}',
    b"[" * 50_000,
    good(id=7),
    good(id=""),
    good(people="98000"),
    good(people=True),
    good(people=-5),
    good(people=2_000_000_000),
    good(people=10**40),
    good(people=[3, 2]),
    good().replace(b"98000", b"NaN"),
    good().replace(b"98000", b"-Infinity"),
    good().replace(b"98000", b"1e999"),
    good(qualifier="roughly"),
    good(published="yesterday"),
    good(published="2099-01-01T00:00:00Z"),
    good(period="2022-09-28/2022-09-21"),
    good(period="2020-01-01/2022-09-21"),
    good(period="2022-09-21/2023-09-01"),
    good(period="last week"),
    good(source="nobody"),
    good(flow="GE:AM"),
    good(flow="RU:QQ"),
    good(flow="russia"),
    good(claims=[{"people": 1}]),
    good(people=None, claims=[{"people": 1}, {"people": 2}]).replace(b'"people": null, ', b""),
    good(normal={"daily": [6000, 5000]}),
    good(change_percent=-100),
]


async def test_each_bad_message_is_one_dead_letter_and_the_line_goes_on(live: Live) -> None:
    live.worker()
    topic = live.topics.every_report[1]
    await live.send([Record(topic, str(number).encode(), raw) for number, raw in enumerate(BAD)])
    await live.publish(sample())
    await live.shows(pure(sample()))
    letters = await live.records(live.topics.rejected, len(BAD) + len(refusals(sample())))
    by_key = {letter.key.decode(): letter for letter in letters if letter.topic and letter.key}
    for number, raw in enumerate(BAD):
        letter = by_key[str(number)]
        headers = {name: value.decode() for name, value in letter.headers}
        assert letter.value == raw
        assert (headers["topic"], headers["partition"].isdigit(), headers["offset"].isdigit()) == (topic, True, True)
        expected = refusals([raw])
        if expected:  # an empty line is no report in a file, and one on a topic
            want = expected[0]
            assert (headers["reason"], headers["field"], headers["value"]) == (want.reason, want.field, want.value)
    assert {dict(letter.headers)["reason"] for letter in letters} >= {b"not_json", b"too_deep", b"bad_number"}


@pytest.mark.parametrize("size", [10_000_000])
async def test_a_report_too_large_is_refused_with_its_original_bytes(live: Live, size: int) -> None:
    live.worker()
    huge = b'{"id": "' + b"x" * size + b'"}'
    topic = live.topics.every_report[0]
    await live.send([Record(topic, b"k", huge)])
    await live.publish(sample())
    await live.shows(pure(sample()))
    every = await live.records(live.topics.rejected, 1 + len(refusals(sample())))
    refused = [letter for letter in every if letter.key == b"k"]
    assert [dict(letter.headers)["reason"] for letter in refused] == [b"too_large"]
    assert refused[0].value == huge


async def test_producers_compress_as_they_like(live: Live) -> None:
    live.worker()
    raws = {}
    for day, kind in enumerate(("gzip", "snappy", "lz4", "zstd"), 1):
        raws[kind] = good(id=kind, period=f"2022-09-{day:02}")
        await live.send([Record(live.topics.every_report[0], b"k", raws[kind])], compression_type=kind)
    await live.shows(pure(raws.values()))


@pytest.mark.kafka
async def test_what_a_producer_took_back_is_not_counted(live_on_kafka: Live) -> None:
    live = live_on_kafka
    live.worker()
    producer = make_producer(live.settings, 0.002, transactional_id="press-office")
    await producer.start()
    try:
        await producer.begin_transaction()
        await producer.send_and_wait(live.topics.every_report[0], good(people=1))
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send_and_wait(live.topics.every_report[0], good(id="other"))
    finally:
        await producer.stop()
    await live.shows(pure([good(id="other")]))


async def test_metrics_are_those_of_the_catalogue(live: Live) -> None:
    worker = live.worker()
    await live.publish(sample())
    desk = pure(sample())
    await live.shows(desk)
    await live.shows_alerts(desk)
    text = page(worker.port, "/metrics")
    shown = {line.split()[2] for line in text.splitlines() if line.startswith("# HELP bordertally_")}
    named = {metric.name.removesuffix("_total") for metric in CATALOGUE if metric.part != "gateway"}
    assert {name.removesuffix("_total").removesuffix("_created") for name in shown} == named
    assert 'bordertally_flow_daily_rate_people{flow="RU:GE"} 10000.0' in text
    assert 'bordertally_flow_baseline_people{flow="RU:GE"} 5500.0' in text
    assert 'bordertally_open_alerts{severity="warning"} 1.0' in text
