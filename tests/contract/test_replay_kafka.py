"""A replay out of Kafka, on Apache Kafka, after a live run: it comes to what the pipeline came to."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zlib import crc32

import msgspec
import pytest
from aiokafka.structs import ConsumerRecord

from bordertally.agents.demo.run import sample
from bordertally.agents.kafka.report_record import record_of
from bordertally.streams.alerts.records import Alert
from forking import run
from live import Live, come_down, hourly, of_late, pure, state_of

pytestmark = pytest.mark.kafka


async def replay(live: Live, *options: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return await asyncio.to_thread(run, "replay", *map(str, options), environment=live.environment)


def content(records: list[ConsumerRecord]) -> list[tuple[int, bytes, bytes]]:
    """What is on a topic."""
    return [(record.partition, record.key, record.value) for record in records]


async def test_a_replay_of_the_topics_comes_to_what_the_pipeline_came_to(live_on_kafka: Live, tmp_path: Path) -> None:
    live = live_on_kafka
    live.worker()
    reports = sorted([*sample(), *hourly(6), b"{}", b""], key=crc32)
    await live.publish(reports)
    desk = pure(reports)
    await live.shows(desk)
    await live.shows_alerts(desk)
    left, right = tmp_path / "one.json", tmp_path / "two.json"
    for into, prefix in ((left, "first."), (right, "second.")):
        done = await replay(live, "--from-kafka", "--out", into, "--to-prefix", live.topics.prefix + prefix)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert left.read_bytes() == right.read_bytes()

    rebuilt = {}
    for name, count in (("totals", len(desk.states)), ("alerts", len(desk.log))):
        first, second = [await live.records(f"{live.topics.prefix}{at}.{name}", count) for at in ("first", "second")]
        assert content(first) == content(second)
        rebuilt[name] = [record.value for record in first]
    states = {flow: of_late(state_of(raw)) for flow, raw in (await live.states()).items()}
    assert {state_of(raw).flow: raw for raw in rebuilt["totals"]} == states
    log = [msgspec.json.decode(raw, type=Alert) for raw in rebuilt["alerts"]]
    assert come_down(log) == come_down(await live.alerts())

    outcome = json.loads(left.read_bytes())
    (tmp_path / "reports.ndjson").write_bytes(b"\n".join(reports))
    of_files = json.loads((await replay(live, tmp_path / "reports.ndjson", "--json")).stdout)
    assert {name: rows for name, rows in outcome.items() if name != "rejected"} == {
        name: rows for name, rows in of_files.items() if name != "rejected"
    }
    assert len(outcome["rejected"]) == len(of_files["rejected"]) + 1  # an empty line is no report in a file
    again = await replay(live, "--from-kafka", "--to-prefix", live.topics.prefix + "first.")
    assert again.returncode == 2
    assert "not empty; choose a prefix that is new" in again.stderr


async def test_until_says_what_was_known_then(live_on_kafka: Live) -> None:
    live = live_on_kafka
    early, late = sample()[:500], sample()[500:]
    await live.publish(early)
    counts = Counter(record_of(raw, live.registry, live.topics).topic for raw in early)
    arrived = [record for topic, count in counts.items() for record in await live.records(topic, count)]
    then = max(record.timestamp for record in arrived) / 1000
    await asyncio.sleep(0.01)  # what comes now comes in another millisecond
    await live.publish(late)
    moment = datetime.fromtimestamp(then, UTC).isoformat()
    known = json.loads((await replay(live, "--from-kafka", "--json", "--until", moment)).stdout)
    wanted = json.loads(msgspec.json.encode(pure(early).outcome([])))
    assert {name: rows for name, rows in known.items() if name != "rejected"} == {
        name: rows for name, rows in wanted.items() if name != "rejected"
    }
    everything = json.loads((await replay(live, "--from-kafka", "--json")).stdout)
    assert everything["totals"] == json.loads(msgspec.json.encode(pure(sample()).outcome([])))["totals"]
    assert everything["totals"] != known["totals"]


async def test_a_missing_topic_is_named_at_once(live_on_kafka: Live) -> None:
    environment = live_on_kafka.environment | {"BORDERTALLY_TOPIC_PREFIX": "none."}
    done = await asyncio.to_thread(run, "replay", "--from-kafka", environment=environment, timeout_s=30)
    hint = f"make it with: bordertally topics --create --to {live_on_kafka.broker.address}"
    assert (done.returncode, done.stderr) == (
        2,
        f"bordertally: topic none.reports.government does not exist; {hint}\n",
    )
