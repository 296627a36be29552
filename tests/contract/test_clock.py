"""A clock that is off, and a hop that fails the same way again: the worker waits outside of its groups, and says so."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from test_lost_records import lines, readiness, samples_of

from bordertally.agents.demo.run import sample
from bordertally.agents.kafka.producer import Record
from bordertally.agents.servers.ports import free_port
from bordertally.agents.servers.process import Server
from forking import ForkedServer, run
from live import Live, answers, hourly, pure, until

pytestmark = pytest.mark.kafka


def start(live: Live, **environment: str) -> Server:
    """A worker that need not be ready: it answers."""
    port = free_port()
    directory = live.directory / f"held-{port}"
    variables = live.environment | environment | {"BORDERTALLY_HTTP_PORT": str(port)}
    server = ForkedServer(
        ["worker"], variables, port=port, directory=directory, check=lambda: answers(port, "/healthz")
    )
    live.workers.append(server)
    return server.start()


async def test_a_worker_whose_clock_is_off_waits_and_takes_nothing_from_the_others(
    live_on_kafka: Live, tmp_path: Path
) -> None:
    live = live_on_kafka
    healthy = live.worker()
    rebalances = await samples_of(healthy, "bordertally_rebalances_total")
    clock = tmp_path / "clock"
    clock.write_text("7200")
    worker = start(live, FAKE_CLOCK=str(clock))
    said = await asyncio.to_thread(readiness, worker)
    assert said.startswith("clock: this machine's clock is 7,200 s ahead of the broker's; one of the two is wrong; ")
    assert len(lines(worker, "ERROR bordertally clock: this machine's clock is 7,200 s ahead of")) == 1
    (ahead,) = (await samples_of(worker, "bordertally_clock_ahead_seconds")).values()
    assert 7_195 < ahead <= 7_200
    doctor = await asyncio.to_thread(run, "doctor", environment=live.environment | {"FAKE_CLOCK": str(clock)})
    assert doctor.returncode == 1
    assert "failed  clock: 7,200 s ahead of the broker's clock" in doctor.stdout
    await live.publish(sample())
    await live.shows(pure(sample()))
    assert await samples_of(healthy, "bordertally_rebalances_total") == rebalances
    assert worker.running

    clock.write_text("0")

    async def ready() -> bool:
        return await asyncio.to_thread(answers, worker.port, "/readyz")

    await until(ready, "the worker joins once its clock is right", timeout_s=30)
    clock.write_text("-7200")

    async def ended() -> bool:
        return not worker.running

    await until(ended, "the worker leaves when its clock jumps", timeout_s=15)
    assert worker.exit_code == 70
    assert lines(worker, "the worker waits until the clock is right: clock: this machine's clock is 7,200 s behind")
    await live.publish(hourly(1))
    await live.shows(pure([*sample(), *hourly(1)]))


async def test_a_hop_that_fails_the_same_way_again_is_started_less_and_less_often(live_on_kafka: Live) -> None:
    live = live_on_kafka
    port = str(free_port())
    await live.send([Record(live.topics.claims, b"RU", b"\xc1\xff", 1)])
    for _ in range(2):
        worker = start(live, BORDERTALLY_HOPS="ledger", BORDERTALLY_INSTANCE=f"fails-{port}")

        async def ended(worker: Server = worker) -> bool:
            return not worker.running

        await until(ended, "the ledger ends at the record")
        assert worker.exit_code == 70
    worker = start(live, BORDERTALLY_HOPS="ledger", BORDERTALLY_INSTANCE=f"fails-{port}")
    said = await asyncio.to_thread(readiness, worker)
    assert said.startswith("the worker ended 2 times in a row for the same reason; it waits 2 s\n")
    await asyncio.to_thread(worker.stop)
    assert worker.exit_code == 0  # asked to stop while it waited
