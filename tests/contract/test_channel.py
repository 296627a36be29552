"""A delivery channel that nothing in the package knows of receives what the others do."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from toy_channel import FILE
from typer.testing import CliRunner

from bordertally.agents.cli.main import cli
from bordertally.agents.demo.run import sample
from bordertally.agents.kafka.producer import Record
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import make_silence
from bordertally.streams.totals.records import FlowState
from live import Live, come_down, of_late, page, pure, until

TOY = str(Path(__file__).with_name("toy_channel.py"))


class Received(msgspec.Struct):
    """A line of the toy's file."""

    state: FlowState | None = None
    alert: Alert | None = None
    muted: bool | None = None
    notifies: bool | None = None


def received(file: Path) -> list[Received]:
    return [msgspec.json.decode(line, type=Received) for line in file.read_bytes().splitlines()]


def alerts_in(file: Path) -> list[Alert]:
    return [delivery.alert for delivery in received(file) if delivery.alert is not None]


def record_of(live: Live, alert: Alert) -> Record:
    return Record(live.topics.alerts, alert.flow.encode(), msgspec.json.encode(alert))


async def test_a_channel_from_outside_receives_totals_and_alerts_with_their_mute_decision(
    live: Live, tmp_path: Path
) -> None:
    file, wanted, now = tmp_path / "toy.ndjson", pure(sample()), datetime.now(UTC)
    silence = make_silence("RU:EU", until=now + timedelta(hours=1), author="duty", comment="known", now=now, rule=None)
    old = msgspec.structs.replace(wanted.log[0], id="old")
    await live.send(
        [Record(live.topics.silences, silence.id.encode(), msgspec.json.encode(silence)), record_of(live, old)]
    )
    worker = live.worker(command=(TOY,), **{FILE: str(file)})
    await live.publish(sample())

    async def all_there() -> bool:
        states = {
            delivery.state.flow: of_late(delivery.state) for delivery in received(file) if delivery.state is not None
        }
        same = states == {str(flow): of_late(state) for flow, state in wanted.states.items()}
        return same and come_down(alerts_in(file)) == come_down(wanted.log)

    await until(all_there, "the toy has the totals and alerts of the pure core")
    muted = {(delivery.alert.flow, delivery.muted) for delivery in received(file) if delivery.alert is not None}
    assert muted == {("RU:EU", True), ("RU:GE", False)}
    notifications = [delivery.alert for delivery in received(file) if delivery.alert is not None and delivery.notifies]
    assert notifications == [alert for alert in alerts_in(file) if alert.flow == "RU:GE" and not alert.minor]
    assert notifications
    assert "old" not in {alert.id for alert in alerts_in(file)}  # it was there before the channel was
    assert 'bordertally_ready{hop="toy"} 1.0' in page(worker.port, "/metrics")
    assert "the first alerts are refused" in worker.log.read_text(encoding="utf-8")


YEARS = """
source = "kz-mia"
[period]
columns = "day"
unit = "day"
[flow]
path = "RU:KZ:{gate}"
[claims.in]
column = "in"
"""


@pytest.mark.kafka
async def test_years_that_are_imported_as_history_are_totalled_and_nobody_is_notified_of_them(
    live_on_kafka: Live, tmp_path: Path
) -> None:
    live = live_on_kafka
    file, today = tmp_path / "toy.ndjson", datetime.now(UTC).date()
    people = {today - timedelta(days=back): 500 + back * 37 % 23 + 1500 * (back <= 4) for back in range(3653, 0, -1)}
    (tmp_path / "in.csv").write_text("day,gate,in\n" + "".join(f"{day},Aksai,{n}\n" for day, n in people.items()))
    (tmp_path / "map.toml").write_text(YEARS)
    live.worker(command=(TOY,), **{FILE: str(file)})
    words = ["import", tmp_path / "in.csv", "--map", tmp_path / "map.toml", "--to", live.broker.address]

    async def imported(*more: str) -> None:
        done = await asyncio.to_thread(
            CliRunner(env=live.environment).invoke, cli, [*map(str, words), *more], catch_exceptions=False
        )
        assert (done.exit_code, done.stderr.splitlines()[-1]) == (0, "3,653 claims in 4 reports")

    def newest_state() -> FlowState | None:
        states = [delivery.state for delivery in received(file) if delivery.state is not None]
        return next((state for state in reversed(states) if state.flow == "RU:KZ:aksai"), None)

    def alert(*, notified: bool) -> Alert | None:
        told = [delivery for delivery in received(file) if delivery.alert is not None and delivery.notifies == notified]
        surges = [
            delivery.alert for delivery in told if delivery.alert is not None and delivery.alert.rule == "daily-rate"
        ]
        return next((alert for alert in surges if alert.since == str(today - timedelta(days=4))), None)

    async def totalled() -> bool:
        state = newest_state()
        return (
            state is not None
            and state.totals[-1].best == sum(list(people.values())[-30:])
            and state.baseline is not None
        )

    async def silent() -> bool:
        return alert(notified=False) is not None

    async def told() -> bool:
        return alert(notified=True) is not None

    await imported("--historic")
    await until(totalled, "the last thirty days of the file are a total, with a baseline")
    await until(silent, "the surge of the last days is recorded")
    assert alert(notified=True) is None
    await imported()
    await until(told, "the same file, imported as news, notifies of the surge")


@pytest.mark.kafka
async def test_a_channel_goes_on_where_it_stopped_on_partitions_that_had_no_record_yet(
    live_on_kafka: Live, tmp_path: Path
) -> None:
    live, file, (alert, *_) = live_on_kafka, tmp_path / "toy.ndjson", pure(sample()).log
    live.worker(command=(TOY,), **{FILE: str(file)}).stop()
    await live.send([record_of(live, alert)])
    live.worker(command=(TOY,), **{FILE: str(file)})

    async def there() -> bool:
        return [alert.id for alert in alerts_in(file)] == [alert.id]

    await until(there, "the toy has what came while no worker ran")
