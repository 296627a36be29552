"""The commands of webhooks and `watch`, and the receiver of the docs, as a user runs them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from bordertally.agents.cli.operate.webhooks import secret as make_secret
from bordertally.agents.kafka.producer import Record
from bordertally.agents.servers.ports import free_port, is_free
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import make_silence
from bordertally.streams.delivery.subscriptions import Policy, parse_subscriptions
from forking import run
from live import WAIT_S, Live, until
from unit.kit import alert_record

DOCS = Path(__file__).parents[2] / "docs"
CLI = [sys.executable, "-m", "bordertally.agents.cli.main"]


def block(page: str, kind: str) -> str:
    blocks = re.findall(rf"^```{kind}\n(.*?)^```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 1, page
    text: str = blocks[0]
    return text


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines()


def cli(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run(*arguments, environment=environment)


@pytest.fixture
def secret(capfd: pytest.CaptureFixture[str]) -> str:
    return new_secret(capfd)


def new_secret(capfd: pytest.CaptureFixture[str]) -> str:
    make_secret()
    return capfd.readouterr().out.strip()


@pytest.fixture
def receiver(secret: str, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The receiver of the docs: its port, and the file it prints to."""
    (tmp_path / "receiver.py").write_text(block("webhooks.md", "python"))
    port, printed = free_port(), tmp_path / "printed"
    with printed.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, str(tmp_path / "receiver.py"), str(port)],
            env=os.environ | {"SECRET": secret},
            stdout=out,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + WAIT_S
        while is_free(port):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield port, printed
        process.terminate()
        process.wait()


def configured(directory: Path, port: int, secret: str) -> dict[str, str]:
    path = directory / "webhooks.toml"
    path.write_text(f'[subscriptions.desk]\nurl = "http://127.0.0.1:{port}/"\nsecrets = ["env:DESK"]\n')
    return {"BORDERTALLY_WEBHOOKS": str(path), "DESK": secret, "BORDERTALLY_WEBHOOK_ALLOW": "127.0.0.1"}


def test_the_file_in_the_docs_is_read_and_shows_the_defaults() -> None:
    subscriptions = parse_subscriptions(block("webhooks.md", "toml"), "webhooks.toml")
    assert set(subscriptions.by_name) == {"relief-desk", "newsroom"}
    assert subscriptions.policy == Policy()


def test_the_receiver_of_the_docs_takes_what_is_signed_and_nothing_else(
    receiver: tuple[int, Path], secret: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    port, printed = receiver
    environment = configured(tmp_path, port, secret)
    done = cli("webhooks", "test", "desk", **environment)
    assert (done.returncode, done.stderr.count("delivered (204)")) == (0, 1), done.stderr
    assert re.fullmatch(r"test-[0-9a-f]{16} test None\n", printed.read_text())
    other = new_secret(capfd)
    assert other != secret
    done = cli("webhooks", "test", "desk", **(environment | {"DESK": other}))
    assert (done.returncode, done.stderr.count("not delivered (401)")) == (1, 1), done.stderr
    assert len(printed.read_text().splitlines()) == 1


@pytest.mark.kafka
async def test_list_log_and_replay(
    live_on_kafka: Live, receiver: tuple[int, Path], secret: str, tmp_path: Path
) -> None:
    live, (port, printed) = live_on_kafka, receiver
    environment = live.environment | configured(tmp_path, port, secret)
    live.worker(**(environment | {"BORDERTALLY_HOPS": "webhooks"}))
    events = [alert_record(), alert_record(seq=2), alert_record("RU:KZ")]
    await live.send([Record(live.topics.alerts, event.flow.encode(), msgspec.json.encode(event)) for event in events])
    await live.records(live.topics.webhooks_log, 3)

    async def settled() -> bool:
        (row,) = json.loads(cli("webhooks", "list", "--json", **environment).stdout)["subscriptions"]
        assert (row["name"], row["site"], row["keys"]) == ("desk", f"http://127.0.0.1:{port}", 1)
        return bool(row["waiting"] == 0 and row["delivered"] > 0)

    await until(settled, "nothing waits any more")
    log = [json.loads(line) for line in cli("webhooks", "log", "desk", "--json", **environment).stdout.splitlines()]
    assert {(attempt["webhook_id"], attempt["verdict"]) for attempt in log[0]["attempts"]} == {
        ("alert-RU:GE-1", "delivered"),
        ("alert-RU:GE-2", "delivered"),
        ("alert-RU:KZ-1", "delivered"),
    }
    done = cli("webhooks", "replay", "desk", "--since", "1h", "--alert", "alert-RU:GE", **environment)
    assert (done.returncode, "2 events delivered" in done.stderr) == (0, True), done.stderr
    lines = [line.split()[0] for line in printed.read_text().splitlines()]
    assert lines[3:] == ["alert-RU:GE-1", "alert-RU:GE-2"]


@pytest.mark.kafka
async def test_watch_follows_alerts_until_interrupted(live_on_kafka: Live, tmp_path: Path) -> None:
    live = live_on_kafka
    events = [alert_record(), alert_record("RU:KZ"), alert_record(seq=2, state="resolved")]

    async def say(*numbers: int) -> None:
        topic = live.topics.alerts
        every = [events[number] for number in numbers]
        await live.send([Record(topic, alert.flow.encode(), msgspec.json.encode(alert)) for alert in every])

    now = datetime.now(UTC)
    silence = make_silence("RU:GE", until=now + timedelta(hours=1), author="ann", comment="[roadworks]", now=now)
    await live.send([Record(live.topics.silences, silence.id.encode(), msgspec.json.encode(silence))])
    await say(0, 1)
    paths = {form: tmp_path / f"watched{form}" for form in ("", "--json")}
    watching = []
    for form, path in paths.items():
        arguments = [*CLI, "watch", "--flow", "RU:GE", *([form] if form else [])]
        with path.open("w") as out:
            environment = os.environ | live.environment
            watching.append(subprocess.Popen(arguments, env=environment, stdout=out, stderr=subprocess.PIPE))  # noqa: ASYNC220

    async def lines(count: int) -> None:
        async def there() -> bool:
            return all(len(lines_of(path)) >= count for path in paths.values())

        await until(there, f"{count} lines")

    await lines(1)
    await say(2)
    await lines(2)
    for process in watching:
        process.send_signal(signal.SIGINT)
        _, output = process.communicate(timeout=WAIT_S)
        assert output.startswith(f"watching {live.topics.alerts} on {live.broker.address} since 20".encode())
        assert process.returncode == 0
    received, records = (lines_of(path) for path in paths.values())
    assert [json.loads(line)["seq"] for line in records] == [1, 2]
    assert len(received) == 2
    assert ("firing" in received[0], "resolved" in received[1]) == (True, True)
    until_then = f"[silenced until {silence.until:%Y-%m-%d %H:%M} by ann: [roadworks]]"
    assert [line.endswith(until_then) for line in received] == [True, False]


@pytest.mark.kafka
async def test_watch_says_which_alert_above_inhibits_one(live_on_kafka: Live, tmp_path: Path) -> None:
    live = live_on_kafka
    rules = tmp_path / "rules.toml"
    rules.write_text("[detection]\ninhibit = true\n")
    above = [alert_record("RU", severity="critical"), alert_record("RU", seq=2, severity="critical", state="resolved")]

    async def say(*events: Alert) -> None:
        await live.send(
            [Record(live.topics.alerts, event.flow.encode(), msgspec.json.encode(event)) for event in events]
        )

    await say(above[0])
    path = tmp_path / "watched"
    with path.open("w") as out:
        environment = os.environ | live.environment | {"BORDERTALLY_RULES": str(rules)}
        errors = subprocess.DEVNULL
        watching = subprocess.Popen([*CLI, "watch"], env=environment, stdout=out, stderr=errors)  # noqa: ASYNC220

    async def lines(count: int) -> None:
        async def there() -> bool:
            return len(lines_of(path)) >= count

        await until(there, f"{count} lines")

    await lines(1)
    await say(alert_record("RU:KZ"))
    await lines(2)
    await say(above[1])
    await lines(3)
    await say(alert_record("RU:KZ", seq=2, state="updated"))
    await lines(4)
    watching.send_signal(signal.SIGINT)
    assert watching.wait(WAIT_S) == 0
    inhibited = [line.endswith("[inhibited by the daily-rate alert on RU]") for line in lines_of(path)]
    assert inhibited == [False, True, False, False]


@pytest.mark.kafka
@pytest.mark.parametrize("command", [("list",), ("replay", "desk"), ("enable", "desk"), ("log",)])
def test_another_number_of_partitions_is_one_sentence_at_once(
    live_on_kafka: Live, tmp_path: Path, secret: str, command: tuple[str, ...]
) -> None:
    other = live_on_kafka.environment | configured(tmp_path, free_port(), secret) | {"BORDERTALLY_PARTITIONS": "8"}
    done = cli("webhooks", *command, **other)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(
        r"bordertally: BORDERTALLY_PARTITIONS=8: topic \S+ has 4 partitions; set it to 4", done.stderr.strip()
    )


def test_a_broker_that_is_away_is_named_by_its_address() -> None:
    port = free_port()
    done = cli("silences", "list", "--to", f"127.0.0.1:{port}")
    assert done.returncode == 2
    assert done.stderr.strip() == (
        f"bordertally: Kafka: no broker answers at 127.0.0.1:{port}; check --to or BORDERTALLY_BROKERS, and that the "
        "broker is running"
    )
