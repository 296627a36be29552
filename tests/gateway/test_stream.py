"""GET /v1/stream on a real Kafka: nothing is missed and nothing comes twice, whichever gateway is asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import aclosing, asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from benchmarks.crowd import crowd, parse
from bordertally.agents.cli.operate.gateway import allow_many_clients
from bordertally.agents.gateway.app import create_gateway
from bordertally.agents.gateway.connections import Site
from bordertally.agents.gateway.stream import catch_up, client, hub
from bordertally.agents.kafka.producer import Record
from bordertally.agents.servers.ports import free_port
from bordertally.streams.delivery.stream_position import read_place
from bordertally.streams.settings import load_settings
from gateway.listening import Heard, listen
from live import PARTITIONS, Live, until

pytestmark = pytest.mark.kafka

FLOWS = ["RU", "RU:GE", "RU:KZ", "RU:KZ:syrym", "RUS", "UA:EU:PL", "UA"]
SEVERITIES = ["notice", "warning", "critical"]


def records(live: Live, numbers: Iterable[int], padding: int = 0) -> list[Record]:
    """Totals and alerts in turn, numbered, over all partitions."""
    made = []
    for number in numbers:
        flow, alert = FLOWS[number % len(FLOWS)], number % 3 == 0
        value = {"flow": flow, "n": number, "x": "y" * padding}
        if alert:
            value["severity"] = SEVERITIES[number % 2 + number % 5 % 2]
        topic = live.topics.alerts if alert else live.topics.totals
        made.append(Record(topic, flow.encode(), json.dumps(value).encode(), number % PARTITIONS))
    return made


@asynccontextmanager
async def served(live: Live) -> AsyncIterator[tuple[str, hub.Hub]]:
    """A gateway in this process, to look into; its address."""
    settings = load_settings(
        brokers=live.broker.address,
        redis_url=f"redis://{live.redis.address}/0",
        partitions=PARTITIONS,
        topic_prefix=live.topics.prefix,
    )
    app = create_gateway(settings)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    port = free_port()
    await Site(runner, "127.0.0.1", port).start()
    try:
        await asyncio.wait_for(app[hub.HUB].ready.wait(), 45)
        yield f"127.0.0.1:{port}", app[hub.HUB]
    finally:
        await runner.cleanup()


async def test_who_comes_back_to_any_gateway_misses_nothing_and_gets_nothing_twice(live_on_kafka: Live) -> None:
    live, count, heard = live_on_kafka, 600, list[Heard]()
    first, second = live.gateway(), live.gateway()
    await live.send(records(live, range(50)))

    async def produce() -> None:
        for begin in range(50, count, 10):
            await live.send(records(live, range(begin, begin + 10)))

    producing = asyncio.create_task(produce())
    last, visits = "0", 0
    async with aiohttp.ClientSession() as http:
        while len(heard) < count:
            stay = 7 + visits * 13 % 61
            place = (first, second)[visits % 2].address
            async with aclosing(listen(http, place, last)) as events:
                async for event in events:
                    heard.append(event)
                    stay -= 1
                    if not stay or len(heard) == count:
                        break
            last, visits = heard[-1].place, visits + 1
    await producing
    assert visits > 5
    assert sorted(event.data["n"] for event in heard) == list(range(count))
    assert all(event.name == ("alert" if event.data["n"] % 3 == 0 else "total") for event in heard)
    for flow in FLOWS:  # a partition in order
        of_flow = [event.data["n"] for event in heard if event.data["flow"] == flow and event.name == "total"]
        for part in range(PARTITIONS):
            mine = [number for number in of_flow if number % PARTITIONS == part]
            assert mine == sorted(mine)


FILTERS: list[tuple[dict[str, str], Callable[[dict[str, str], str], bool]]] = [
    ({"flow": "RU"}, lambda data, _: data["flow"] == "RU" or data["flow"].startswith("RU:")),
    ({"flow": "UA:EU"}, lambda data, _: data["flow"] == "UA:EU:PL"),
    ({"kinds": "alerts"}, lambda _, name: name == "alert"),
    ({"kinds": "totals"}, lambda _, name: name == "total"),
    ({"severity": "warning"}, lambda data, name: name == "total" or data["severity"] != "notice"),
    (
        {"kinds": "alerts", "severity": "critical", "flow": "RU"},
        lambda data, _: data.get("severity") == "critical" and data["flow"] in ("RU", "RU:GE", "RU:KZ", "RU:KZ:syrym"),
    ),
]


async def test_filters_hold_for_the_past_and_for_what_comes(live_on_kafka: Live) -> None:
    live = live_on_kafka
    await live.send(records(live, range(210)))
    async with served(live) as (place, inside), aiohttp.ClientSession() as http:
        every = await collect(http, place, 210)
        following = []
        for query, wanted in FILTERS:
            expected = {event.data["n"] for event in every if wanted(event.data, event.name)}
            assert 0 < len(expected) < 210
            past = await collect(http, place, len(expected), **query)
            assert {event.data["n"] for event in past} == expected
            following.append(asyncio.create_task(collect(http, place, len(expected), last="", **query)))
        await until(lambda: joined(inside, len(FILTERS)), "they listen")
        await live.send(records(live, range(210, 420)))
        for (_, wanted), task in zip(FILTERS, following, strict=True):
            live_events = await task
            assert all(wanted(event.data, event.name) and event.data["n"] >= 210 for event in live_events)


async def joined(inside: hub.Hub, count: int) -> bool:
    return inside.count() == count


async def collect(http: aiohttp.ClientSession, place: str, count: int, last: str = "0", **query: str) -> list[Heard]:
    """So many events."""
    heard = list[Heard]()
    async with aclosing(listen(http, place, last, query)) as events, asyncio.timeout(60):
        async for event in events:
            heard.append(event)
            if len(heard) == count:
                break
    return heard


async def test_what_is_not_in_memory_any_more_comes_from_kafka(
    live_on_kafka: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = live_on_kafka
    monkeypatch.setattr(hub, "BUFFER_BYTES", 20_000)
    monkeypatch.setattr(hub, "PRELOAD", 3)
    monkeypatch.setattr(catch_up, "CHUNK", 7)
    await live.send(records(live, range(100), 100))
    async with served(live) as (place, inside), aiohttp.ClientSession() as http:
        assert any(inside.floor)
        heard = await collect(http, place, 40)
        await live.send(records(live, range(100, 500), 100))
        heard += await collect(http, place, 460, last=heard[-1].place)
        assert sorted(event.data["n"] for event in heard) == list(range(500))
        assert inside.first > 0


async def test_a_heartbeat_carries_the_place_of_who_hears_nothing(
    live_on_kafka: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = live_on_kafka
    monkeypatch.setattr(hub, "BEAT_S", 0.2)
    async with served(live) as (place, _), aiohttp.ClientSession() as http:
        async with aclosing(listen(http, place, query={"flow": "GE:RU"}, beats=True)) as events:
            start = (await anext(events)).place
            await live.send(records(live, range(30)))
            async for event in events:
                assert event.data is None
                if sum(read_place(event.place, PARTITIONS)) == sum(read_place(start, PARTITIONS)) + 30:
                    end = event.place
                    break
        async with aclosing(listen(http, place, end)) as events:
            following = asyncio.ensure_future(anext(events))
            await live.send(records(live, [31]))
            assert (await following).data["n"] == 31


async def test_a_client_that_does_not_read_is_cut_and_the_others_are_not_held_up(
    live_on_kafka: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = live_on_kafka
    monkeypatch.setattr(client, "BACKLOG", 20_000)
    async with served(live) as (place, inside), aiohttp.ClientSession() as http:
        host, port = place.split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
        writer.write(f"GET /v1/stream HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
        await until(lambda: joined(inside, 1), "the slow one is there")
        reading = asyncio.create_task(collect(http, place, 3000, last=""))
        await until(lambda: joined(inside, 2), "the other one is there")
        for begin in range(0, 3000, 100):
            await live.send(records(live, range(begin, begin + 100), 4000))
        await until(lambda: joined(inside, 1), "the slow one is cut")
        assert inside.cut == 1
        assert sorted(event.data["n"] for event in await reading) == list(range(3000))
        writer.close()
        assert reader is not None


async def test_a_place_in_topics_that_were_made_anew_is_reset(live_on_kafka: Live) -> None:
    live = live_on_kafka
    far = "-".join([".".join(["9"] * PARTITIONS)] * 2)
    async with (
        served(live) as (place, _),
        aiohttp.ClientSession() as http,
        aclosing(listen(http, place, far)) as events,
    ):
        assert (await anext(events)).name == "reset"
        following = asyncio.ensure_future(anext(events))
        await live.send(records(live, [1]))
        assert (await following).data["n"] == 1


async def test_what_is_no_alert_is_left_out(live_on_kafka: Live) -> None:
    live = live_on_kafka
    odd = [Record(live.topics.alerts, b"RU", raw, 0) for raw in (b"{", b"[]", b'{"severity": "mad"}', b"")]
    pretty = Record(live.topics.totals, b"RU", b'{\n  "flow": "RU",\r\n  "n": 5\n}', 0)
    await live.send([*odd, pretty])
    async with served(live) as (place, _), aiohttp.ClientSession() as http:
        (event,) = await collect(http, place, 1)
        assert event.data == {"flow": "RU", "n": 5}


async def test_a_thousand_clients_hear_every_event(live_on_kafka: Live) -> None:
    gateway = live_on_kafka.gateway()
    asked = parse(["--clients", "1000", "--rate", "5", "--seconds", "2"])
    allow_many_clients(load_settings())
    figures = await crowd(live_on_kafka, gateway.address, gateway.pid, asked)
    assert figures["delivered_share"] == 1.0
