"""Webhooks against real Kafka and a real HTTP receiver."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from bordertally.agents.cli.operate.webhooks import enable
from bordertally.agents.kafka.producer import Record
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Silence, expired, make_silence
from bordertally.streams.delivery.webhook_lane import MOST_WAITING, Attempt, Lane, Verdict
from live import Live, page, until
from unit.kit import alert_record
from webhooks.receiver import Got, Receiver, receiving

pytestmark = pytest.mark.kafka

OLD, NEW = "whsec_" + "b2xk" * 8, "whsec_" + "bmV3" * 8
SCHEDULE = '[retry]\nschedule = ["200ms", "300ms", "400ms"]\ntimeout = "3s"\n'


def event(flow: str, seq: int, state: str = "updated", severity: str = "warning") -> Alert:
    return alert_record(flow, seq, severity=severity, state=state)


class Site:
    """A pipeline whose worker delivers webhooks to a receiver."""

    def __init__(self, live: Live, directory: Path) -> None:
        self.live, self.directory = live, directory
        (directory / "secret").write_text(f"{OLD}\n")
        self.environment = {
            "BORDERTALLY_HOPS": "webhooks",
            "BORDERTALLY_WEBHOOKS": str(directory / "webhooks.toml"),
            "BORDERTALLY_WEBHOOK_ALLOW": "127.0.0.1",
        }

    def subscribe(self, *entries: tuple[str, str, str], retry: str = SCHEDULE) -> None:
        """(name, url, further lines) of every subscription."""
        blocks = [
            f'[subscriptions.{name}]\nurl = "{url}"\nsecrets = ["file:secret"]\n{more}\n' for name, url, more in entries
        ]
        (self.directory / "webhooks.toml").write_text("\n".join([*blocks, retry]))

    def worker(self, **environment: str) -> None:
        self.live.worker(**(self.environment | environment))

    async def say(self, *alerts: Alert) -> None:
        topic = self.live.topics.alerts
        await self.live.send([Record(topic, alert.flow.encode(), msgspec.json.encode(alert)) for alert in alerts])

    async def log(self, count: int) -> list[Attempt]:
        records = await self.live.records(self.live.topics.webhooks_log, count)
        return [msgspec.json.decode(record.value, type=Attempt) for record in records]


@pytest.fixture
def place(live_on_kafka: Live, tmp_path: Path) -> Site:
    return Site(live_on_kafka, tmp_path)


async def come(receiver: Receiver, count: int, path: str = "/hook") -> list[Got]:
    async def there() -> bool:
        return len(receiver.taken(path)) >= count

    await until(there, f"{count} requests to {path}")
    return receiver.taken(path)


def events(receiver: Receiver, path: str) -> list[tuple[str, int]]:
    return [delivery.event for delivery in receiver.taken(path)]


async def test_events_are_signed_by_both_keys_in_order_and_only_those_subscribed_to(place: Site) -> None:
    (place.directory / "secret").write_text(f"{NEW}\n{OLD}\n")
    async with receiving(OLD, NEW) as receiver:
        place.subscribe(
            ("georgia", receiver.url("/ge"), 'flows = ["RU:GE"]'),
            ("severe", receiver.url("/severe"), 'severities = ["critical"]'),
        )
        place.worker()
        await place.say(
            event("RU:GE", 1, "firing"),
            event("RU:KZ", 1, "firing", "critical"),
            event("RU:GE", 2),
            event("RU:GE:verkhny-lars", 1, "firing", "notice"),  # milder, so it does not inhibit RU:GE
            event("RU:KZ", 2, "updated", "notice"),  # whoever was told of it is told how it goes on
            event("RU:GE", 3, "resolved"),
        )
        georgia, severe = await come(receiver, 4, "/ge"), await come(receiver, 2, "/severe")
    assert [delivery.event for delivery in georgia if delivery.event[0] == "alert-RU:GE"] == [
        ("alert-RU:GE", 1),
        ("alert-RU:GE", 2),
        ("alert-RU:GE", 3),
    ]
    assert [delivery.event for delivery in severe] == [("alert-RU:KZ", 1), ("alert-RU:KZ", 2)]
    assert all(
        delivery.verified == [True, True] and len(delivery.signature.split(" ")) == 2 for delivery in receiver.got
    )
    assert [(delivery.id, delivery.payload["type"]) for delivery in severe] == [
        ("alert-RU:KZ-1", "alert.firing"),
        ("alert-RU:KZ-2", "alert.updated"),
    ]
    assert len(receiver.got) == 6


async def test_one_surge_is_told_once_and_the_country_when_its_checkpoint_no_longer_tells_of_it(place: Site) -> None:
    async with receiving(OLD) as receiver:
        place.subscribe(("desk", receiver.url("/desk"), ""))
        place.worker()
        await place.say(event("RU:GE:verkhny-lars", 1, "firing"), event("RU:GE", 1, "firing"))
        (first,) = await come(receiver, 1, "/desk")
        assert first.event == ("alert-RU:GE:verkhny-lars", 1)
        await place.say(event("RU:GE:verkhny-lars", 2, "resolved"), event("RU:KZ", 1, "firing"))
        received = await come(receiver, 4, "/desk")
    assert sorted(delivery.event for delivery in received[1:]) == [
        ("alert-RU:GE", 1),
        ("alert-RU:GE:verkhny-lars", 2),
        ("alert-RU:KZ", 1),
    ]


async def test_what_fails_is_tried_again_over_a_killed_worker_with_the_same_id_and_body(place: Site) -> None:
    async with receiving(OLD) as receiver:
        place.subscribe(("desk", receiver.url(), ""))
        receiver.answer = lambda _: web.Response(status=500)
        place.worker()
        await place.say(event("RU:GE", 1, "firing"), event("RU:GE", 2))
        await come(receiver, 2)
        first = (await place.log(1))[0]
        place.live.workers[-1].kill()
        await place.say(event("RU:GE", 3, "resolved"))
        receiver.answer = lambda _: web.Response(status=200)
        before = len(receiver.got)
        place.worker()
        await come(receiver, before + 3)
        await until_verdicts(place, Verdict.DELIVERED, 3)
    assert (first.verdict, first.status, first.attempt) == (Verdict.FAILED, 500, 1)
    assert {delivery.id for delivery in receiver.got[:before]} == {"alert-RU:GE-1"}
    assert [delivery.event[1] for delivery in receiver.got[before:]] == [1, 2, 3]
    assert receiver.raw[0] == receiver.raw[before]
    tries = [attempt.attempt for attempt in await place.log(before + 2) if attempt.webhook_id == "alert-RU:GE-1"]
    assert max(tries) >= 2, "the count of tries survives the kill"


async def until_verdicts(place: Site, verdict: Verdict, count: int) -> None:
    async def there() -> bool:
        attempts = await place.log(count)
        return sum(attempt.verdict is verdict for attempt in attempts) >= count

    await until(there, f"{count} tries {verdict}")


async def test_a_dead_and_a_slow_subscriber_hold_up_nobody_else(place: Site) -> None:
    async with receiving(OLD) as receiver:
        place.subscribe(
            ("dead", "http://127.0.0.1:9/hook", ""),
            ("poison", receiver.url("/poison"), ""),
            ("well", receiver.url("/well"), ""),
        )
        receiver.answer = lambda got: web.Response(
            status=400 if got.path == "/poison" and got.event[0] == "alert-RU:GE" else 200
        )
        place.worker()
        await place.say(*(event(flow, seq) for seq in range(1, 451) for flow in ("RU:GE", "RU:KZ")))
        well = await come(receiver, 900, "/well")

        async def others() -> bool:
            return {seq for alert, seq in events(receiver, "/poison") if alert == "alert-RU:KZ"} == set(range(1, 451))

        await until(others, "the alert beside the one that is refused is delivered")
    for flow in ("RU:GE", "RU:KZ"):
        assert [delivery.event[1] for delivery in well if delivery.event[0] == f"alert-{flow}"] == list(range(1, 451))
    assert {seq for alert, seq in events(receiver, "/poison") if alert == "alert-RU:GE"} == {1}

    # nothing of it shows a secret, or the path of an address
    records = await place.live.records(place.live.topics.webhooks_log, 900)
    records += await place.live.records(place.live.topics.webhooks, 6)
    worker = place.live.workers[-1]
    metrics = page(worker.port, "/metrics")
    place.live.stop()
    output = worker.log.read_text() + metrics + "".join(str(record.value) for record in records)
    for secret in (OLD, OLD.removeprefix("whsec_"), "poison/", "/well", "9/hook"):
        assert secret not in output
    assert 'bordertally_webhook_attempts_total{subscription="poison",verdict="failed"}' in metrics
    assert 'bordertally_webhook_attempts_total{subscription="well",verdict="delivered"} 900.0' in metrics
    lanes = [
        msgspec.json.decode(record.value, type=Lane) for record in records if record.topic == place.live.topics.webhooks
    ]
    assert max(lane.count for lane in lanes) <= MOST_WAITING


async def test_retry_after_is_heeded_for_the_whole_endpoint(place: Site) -> None:
    async with receiving(OLD) as receiver:
        place.subscribe(("desk", receiver.url(), ""))
        refusals = [2.0]

        def answer(_: Got) -> web.Response:
            if refusals:
                return web.Response(status=429, headers={"Retry-After": str(int(refusals.pop()))})
            return web.Response(status=200)

        receiver.answer = answer
        place.worker()
        await place.say(event("RU:GE", 1, "firing"))
        await come(receiver, 1)
        await until_verdicts(place, Verdict.FAILED, 1)
        await place.say(event("RU:KZ", 1, "firing"), event("RU:GE", 2))
        got = await come(receiver, 4)
    assert {delivery.event for delivery in got} == {("alert-RU:GE", 1), ("alert-RU:GE", 2), ("alert-RU:KZ", 1)}
    assert min(delivery.at for delivery in got[1:]) - got[0].at >= 2.0


async def test_410_disables_until_enabled(place: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving(OLD) as receiver:
        place.subscribe(("desk", receiver.url(), ""))
        receiver.answer = lambda _: web.Response(status=410)
        place.worker()
        await place.say(event("RU:GE", 1, "firing"))
        await until_verdicts(place, Verdict.GONE, 1)
        receiver.answer = lambda _: web.Response(status=200)
        place.live.workers[-1].stop()
        place.worker()  # it is remembered
        await place.say(event("RU:GE", 2))
        for name, value in (place.live.environment | place.environment).items():
            monkeypatch.setenv(name, value)
        assert len(receiver.got) == 1
        await asyncio.to_thread(enable, "desk", Path(place.environment["BORDERTALLY_WEBHOOKS"]))
        got = await come(receiver, 3)
    assert [delivery.event[1] for delivery in got] == [1, 1, 2]


async def test_targets_that_are_not_public_are_refused_and_redirects_not_followed(place: Site) -> None:
    async with receiving(OLD) as receiver:
        place.subscribe(
            ("by-number", receiver.url("/number"), ""),
            ("by-name", f"http://localhost:{receiver.port}/name", ""),
            ("metadata", "http://169.254.169.254/latest/meta-data", ""),
        )
        place.worker(BORDERTALLY_WEBHOOK_ALLOW="")
        await place.say(event("RU:GE", 1, "firing"))

        async def all_tried() -> bool:
            return {attempt.subscription for attempt in await place.log(3)} == {"by-number", "by-name", "metadata"}

        await until(all_tried, "all three were tried")
        attempts = await place.log(3)
        place.live.workers[-1].stop()
        assert receiver.got == []
        receiver.answer = lambda _: web.Response(status=302, headers={"Location": receiver.url("/elsewhere")})
        place.worker()
        await come(receiver, 1, "/number")
    assert {(attempt.status, attempt.error) for attempt in attempts} == {(None, "refused_target")}
    assert receiver.taken("/elsewhere") == []


async def test_workers_share_the_partitions_and_hand_them_over(place: Site) -> None:
    flows = ("RU:GE", "RU:KZ", "RU:MN", "RU:AM")
    async with receiving(OLD) as receiver:
        place.subscribe(("desk", receiver.url(), ""))
        place.worker()
        await place.say(*(event(flow, seq) for seq in range(1, 6) for flow in flows))
        place.worker()
        await place.say(*(event(flow, seq) for seq in range(6, 11) for flow in flows))
        place.live.workers[0].stop()
        await place.say(*(event(flow, seq) for seq in range(11, 16) for flow in flows))

        async def all_there() -> bool:
            return len(set(events(receiver, "/hook"))) == 15 * len(flows)

        await until(all_there, "every event has come")
    for flow in flows:
        first = dict.fromkeys(seq for alert, seq in events(receiver, "/hook") if alert == f"alert-{flow}")
        assert list(first) == list(range(1, 16))


async def test_a_silenced_alert_is_told_of_when_the_silence_ends(place: Site) -> None:
    now = datetime.now(UTC)
    silence = make_silence("RU:GE", until=now + timedelta(hours=1), author="me", comment="test", now=now)

    async def set_silence(silence: Silence) -> None:
        await place.live.send([Record(place.live.topics.silences, silence.id.encode(), msgspec.json.encode(silence))])

    async with receiving(OLD) as receiver:
        place.subscribe(("desk", receiver.url(), ""))
        await set_silence(silence)
        place.worker()
        await place.say(
            event("RU:GE:verkhny-lars", 1, "firing"),
            event("RU:GE:verkhny-lars", 2),
            event("RU:GE", 1, "firing"),
            event("RU:GE", 2, "resolved"),
            event("RU:KZ", 1, "firing"),
        )
        await come(receiver, 1)

        async def kept() -> bool:
            lanes = [msgspec.json.decode(record.value, type=Lane) for record in await place.live.records(topic, 4)]
            return {quiet.alert.id for lane in lanes for quiet in lane.quiet} == {
                "alert-RU:GE",
                "alert-RU:GE:verkhny-lars",
            }

        topic = place.live.topics.webhooks
        await until(kept, "the silenced alerts are kept")
        assert events(receiver, "/hook") == [("alert-RU:KZ", 1)]
        await set_silence(expired(silence, datetime.now(UTC)))
        await come(receiver, 2)
        await place.say(event("RU:KZ", 2))  # which comes after whatever else was to come
        await come(receiver, 3)
    assert events(receiver, "/hook") == [("alert-RU:KZ", 1), ("alert-RU:GE:verkhny-lars", 2), ("alert-RU:KZ", 2)]


async def test_subscriptions_are_read_again_while_events_come(place: Site) -> None:
    async with receiving(OLD, NEW) as receiver:
        entry = ("one", receiver.url("/one"), "")
        place.subscribe(entry)
        place.worker(BORDERTALLY_RELOAD_S="0.1")
        (worker,) = place.live.workers

        async def metric(value: int) -> None:
            async def so() -> bool:
                return f'reload_successful{{file="webhooks"}} {value}.0' in page(worker.port, "/metrics")

            await until(so, f"the metric is {value}")

        async def command_done(command: str) -> None:
            async def so() -> bool:
                return command in worker.log.read_text(encoding="utf-8")

            await until(so, command)

        await place.say(event("RU:GE", 1, "firing"))
        await come(receiver, 1, "/one")

        place.subscribe(entry, ("two", "no address", ""))  # broken: the old ones stay
        await metric(0)
        await command_done("was not taken, the one before stays in force")
        await place.say(event("RU:GE", 2))
        await come(receiver, 2, "/one")

        place.subscribe(entry, ("two", receiver.url("/two"), ""))
        await command_done("was read again: new: two")
        await metric(1)
        await place.say(event("RU:GE", 3))
        await come(receiver, 1, "/two")

        (place.directory / "secret").write_text(f"{NEW}\n")  # a secret that is replaced
        await command_done("was read again: changed: one, two")
        await place.say(event("RU:GE", 4))
        await come(receiver, 4, "/one")

        place.subscribe(("two", receiver.url("/two"), ""))
        await command_done("was read again: gone: one")
        await place.say(event("RU:GE", 5))
        await come(receiver, 3, "/two")
    assert events(receiver, "/one") == [(event("RU:GE", 1).id, seq) for seq in (1, 2, 3, 4)]
    assert [delivery.payload["data"]["seq"] for delivery in receiver.taken("/two")] == [3, 4, 5]
    assert [delivery.verified for delivery in receiver.taken("/one")] == [[True, False]] * 3 + [[False, True]]
