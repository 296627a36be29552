"""What came of a soak, read from the topics, beside the same reports worked through without any fault."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from bordertally.streams.alerts.records import Alert
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.totals.windows import longest_window
from live import PARTITIONS, Live, come_down, pure, state_of

Figure = tuple[int, int, int | None]
UNKNOWN: Figure = (0, 0, None)


class Verdict(NamedTuple):
    """Differences found, and how many records came twice; `longest_pause_s` without a record on `totals`."""

    differences: list[str]
    twice: dict[str, int]
    pauses: list[tuple[float, float]]


async def everything(live: Live, topic: str) -> list[ConsumerRecord]:
    """All records of a topic."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=live.broker.address, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    collected: list[ConsumerRecord] = []
    try:
        every = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(every)
        ends = await consumer.end_offsets(every)
        while any([await consumer.position(tp) < end for tp, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                collected += records
        return collected
    finally:
        await consumer.stop()


async def judge(live: Live, sent: Sequence[bytes]) -> Verdict:
    """Compare everything; the pipeline has settled."""
    desk = pure(sent)
    totals, alerts = await everything(live, live.topics.totals), await everything(live, live.topics.alerts)
    letters = await everything(live, live.topics.rejected)
    differences = _figures(totals, desk) + _counted(totals, sent)
    published = [msgspec.json.decode(record.value, type=Alert) for record in alerts]
    wanted, final = come_down(desk.log), come_down(published)
    differences += [f"alert not as it should be: {expected}" for expected in wanted ^ final]
    differences += _one_meaning(alerts)
    differences += await _letters(live, letters)
    times = sorted(record.timestamp / 1000 for record in totals)
    return Verdict(
        differences,
        {
            "alerts": len(published) - len({(alert.id, alert.seq) for alert in published}),
            "letters": len(letters) - len({place(record) for record in letters}),
        },
        list(pairwise(times)),
    )


def figures_of(totals: Iterable[ConsumerRecord]) -> dict[tuple[str, str], Figure]:
    """Of each flow and day the figure told last. One of the last 30 days that a state leaves out is known no more."""
    figures: dict[tuple[str, str], Figure] = {}
    for record in totals:
        state = state_of(record.value)
        as_of = max((total.as_of for total in state.totals), default="")
        first = (date.fromisoformat(as_of) - timedelta(days=longest_window())).isoformat() if as_of else "~"
        for key in [key for key in figures if key[0] == state.flow and key[1] >= first]:
            del figures[key]
        for day in state.days:
            figures[day.flow, day.day] = day.low, day.best, day.high
    return figures


def _figures(totals: Iterable[ConsumerRecord], desk: ReplayLedgers) -> list[str]:
    """Every flow and day beside the undisturbed run's."""
    wanted = {(day.flow, day.day): (day.low, day.best, day.high) for day in desk.outcome([]).days}
    totals_published = figures_of(totals)
    return [
        f"{flow} {day}: {totals_published.get((flow, day))} is not {wanted.get((flow, day))}"
        for flow, day in sorted(wanted.keys() | totals_published.keys())
        if totals_published.get((flow, day), UNKNOWN) != wanted.get((flow, day), UNKNOWN)
    ]


def _counted(totals: Iterable[ConsumerRecord], sent: Iterable[bytes]) -> list[str]:
    """Finnish checkpoints and those above them, which nobody but counters speaks of, beside plain sums."""
    newest: dict[tuple[str, str], tuple[str, int]] = {}
    for raw in sent:
        report: dict[str, Any] = json.loads(raw)
        if str(report.get("flow", "")).startswith("RU:EU:FI:"):
            key = report["flow"], report["period"]
            newest[key] = max(newest.get(key, ("", 0)), (report["published"], report["people"]))
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for (flow, period), (_, people) in newest.items():
        sums[flow, period[:10]] += people
        sums["RU:EU:FI", period[:10]] += people
    totals_published = figures_of(totals)
    return [
        f"{flow} {day}: {totals_published.get((flow, day))} is not {people}"
        for (flow, day), people in sums.items()
        if totals_published.get((flow, day), UNKNOWN)[1] != people
    ]


def _one_meaning(alerts: Iterable[ConsumerRecord]) -> list[str]:
    """(id, seq) never changes its meaning."""
    first: dict[tuple[str, int], bytes] = {}
    wrong = []
    for record in alerts:
        alert = msgspec.json.decode(record.value, type=Alert)
        if first.setdefault((alert.id, alert.seq), record.value) != record.value:
            wrong.append(
                f"alert {alert.id} {alert.seq} was said twice, not the same: {first[alert.id, alert.seq]!r}, "
                f"then at {record.partition}/{record.offset} {record.value!r}"
            )
    return wrong


def place(letter: ConsumerRecord) -> tuple[bytes, bytes, bytes]:
    """Where a refused message stands."""
    headers = dict(letter.headers)
    return headers["topic"], headers["partition"], headers["offset"]


async def _letters(live: Live, letters: Sequence[ConsumerRecord]) -> list[str]:
    """Every bad report has its letter, with its bytes or with their number, and nothing else has one."""
    bad: dict[tuple[bytes, bytes, bytes], bytes] = {}
    for topic in live.topics.every_report:
        for record in await everything(live, topic):
            if record.value.startswith(b'{"id": "bad'):
                bad[topic.encode(), b"%d" % record.partition, b"%d" % record.offset] = record.value
    wrong = [f"no letter: {missing}" for missing in bad.keys() - {place(letter) for letter in letters}]
    for letter in letters:
        raw, kept = bad.get(place(letter)), dict(letter.headers).get("kept")
        if raw is None or (kept, letter.value) not in {(b"here", raw), (b"there", b"")}:
            wrong.append(f"wrong letter: {place(letter)} {letter.value[:40]!r} kept {kept!r}")
    return wrong
