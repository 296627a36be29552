"""A registry changed under a running worker: reports go by the new one, by the old one where the new one is wrong."""

from __future__ import annotations

import json
import os
import re
import signal
from importlib import resources
from pathlib import Path

from bordertally.agents.kafka.producer import Record
from bordertally.agents.servers.process import Server
from live import Live, page, until

NEW = '\n[sources.guards]\nname = "Border guards"\nflows = ["RU:KZ"]\ngrade = "{}"\nevery = "P1D"\n'


def report(identity: str, people: int = 700) -> bytes:
    fields = {"id": identity, "source": "guards", "published": "2022-09-28T09:00:00Z", "flow": "RU:KZ:mashtakovo"}
    return json.dumps(fields | {"period": "2022-09-26T10:00Z/PT1H", "people": people}).encode()


def figure(worker: Server, series: str) -> float | None:
    match = re.search(rf"^{re.escape(series)} (\S+)$", page(worker.port, "/metrics"), re.MULTILINE)
    return None if match is None else float(match[1])


async def shows(worker: Server, series: str, wanted: float | None) -> None:
    async def so() -> bool:
        return figure(worker, series) == wanted

    await until(so, f"{series} {wanted}")


ACCEPTED = 'bordertally_source_reports_total{outcome="accepted",source="guards"}'
REJECTED = 'bordertally_rejects_total{reason="unknown_source"}'
EXPECTED = 'bordertally_source_expected_interval_seconds{source="guards"}'
WELL = 'bordertally_config_last_reload_successful{file="sources"}'
SINCE = 'bordertally_config_last_reload_success_timestamp_seconds{file="sources"}'


async def test_a_changed_registry_is_taken_and_a_broken_one_is_not(live: Live, tmp_path: Path) -> None:
    sample = resources.files("bordertally.agents.demo").joinpath("sources.toml").read_text(encoding="utf-8")
    sources, topic = tmp_path / "sources.toml", live.topics.every_report[0]
    sources.write_text(sample, encoding="utf-8")
    worker = live.worker(BORDERTALLY_SOURCES=str(sources), BORDERTALLY_RELOAD_S="0.1")

    async def send(raw: bytes) -> None:
        await live.send([Record(topic, b"guards", raw)])

    await send(report("too-early"))
    await shows(worker, REJECTED, 1)
    begun = figure(worker, SINCE)
    assert begun is not None

    # a source is added
    sources.write_text(sample + NEW.format("B"), encoding="utf-8")
    await shows(worker, EXPECTED, 86_400)
    await send(report("1"))
    await shows(worker, ACCEPTED, 1)
    taken = figure(worker, SINCE)
    assert taken is not None
    assert taken > begun

    # a broken file: nothing changes, the metric says so
    sources.write_text(sample + NEW.format("Z"), encoding="utf-8")
    await shows(worker, WELL, 0)
    await send(report("2", people=800))
    await shows(worker, ACCEPTED, 2)
    assert figure(worker, SINCE) == taken

    # it is taken out again: what was remembered of its counts is forgotten
    sources.write_text(sample, encoding="utf-8")
    await shows(worker, WELL, 1)
    await shows(worker, EXPECTED, None)
    await send(report("3", people=900))
    await shows(worker, REJECTED, 2)
    assert figure(worker, ACCEPTED) == 2
    log = worker.log.read_text(encoding="utf-8")
    kept = r"was not taken, the one before stays in force: .*sources\.guards\.grade: .*got Z"
    assert len(re.findall(kept, log)) == 1
    assert "was read again: new: guards" in log
    assert "was read again: gone: guards" in log


async def test_sighup_has_it_read_at_once_and_the_worker_goes_on(live: Live, tmp_path: Path) -> None:
    sample = resources.files("bordertally.agents.demo").joinpath("sources.toml").read_text(encoding="utf-8")
    sources, topic = tmp_path / "sources.toml", live.topics.every_report[0]
    sources.write_text(sample, encoding="utf-8")
    worker = live.worker(BORDERTALLY_SOURCES=str(sources), BORDERTALLY_RELOAD_S="0")
    sources.write_text(sample + NEW.format("B"), encoding="utf-8")
    os.kill(worker.pid, signal.SIGHUP)
    await shows(worker, EXPECTED, 86_400)
    await live.send([Record(topic, b"guards", report("1"))])
    await shows(worker, ACCEPTED, 1)
