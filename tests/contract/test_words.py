"""Statements in words through the pipeline, and the review of what is not certain, on both brokers."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from asking import evidence_in_redis, why
from bordertally.agents.demo.run import sample
from bordertally.agents.kafka.producer import Record
from bordertally.streams.statements.review import Item, decode
from bordertally.streams.topics import Topics
from follow.publisher import serving
from forking import run
from live import COMMAND, Live, page, pure, state_of, until

CERTAIN = "From 29 September to 1 October 41,500 Russian citizens entered Kazakhstan, an official said."
QUOTE = CERTAIN.removesuffix(", an official said.")
DOUBTFUL = "On Saturday 16,200 women and children entered the country from Russia."


def words(identity: str, text: str, source: str = "kz-mia") -> bytes:
    report = {"id": identity, "source": source, "published": "2022-10-02T09:00:00+06:00", "text": text}
    return json.dumps(report).encode()


def bordertally(live: Live, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(*arguments, "--to", live.broker.address, environment={"BORDERTALLY_TOPIC_PREFIX": live.topics.prefix})


async def listed(live: Live) -> list[dict[str, Any]]:
    done = await asyncio.to_thread(bordertally, live, "review", "list", "--json")
    assert done.returncode == 0, done.stderr
    items: list[dict[str, Any]] = json.loads(done.stdout)["items"]
    return items


EXTRACTOR = """
def propose(text, published, speaker):
    if "turnstile" not in text:
        raise ValueError(text)
    return [{"flow": "RU:KZ", "period": "2022-10-01", "people": 777, "text": "read 777"}]
"""


async def test_words_count_like_figures_and_what_is_not_certain_waits(live: Live, tmp_path: Path) -> None:
    (tmp_path / "proposing.py").write_text(EXTRACTOR)
    path = os.pathsep.join((str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])))
    worker = live.worker(command=(*COMMAND, "worker"), BORDERTALLY_EXTRACTOR="proposing:propose", PYTHONPATH=path)
    raws = [*sample(), words("w1", f"{CERTAIN} {DOUBTFUL}"), words("w2", "It rained.")]
    await live.publish([*raws, words("w1", f"{CERTAIN} {DOUBTFUL}")])
    desk = pure(raws)
    await live.shows(desk)
    await live.shows_alerts(desk)
    totals = state_of((await live.states())["RU:KZ"]).totals
    assert "kz-mia/w1" in totals[-1].reports

    async def quoted() -> bool:
        return QUOTE in {claim.text for claim in (await evidence_in_redis(live, "RU:KZ")).claims}

    await until(quoted, "the words stand in the evidence")
    assert f"“{QUOTE}”" in await why(live, "RU:KZ")
    first, *again = await live.records(live.topics.review, 2)  # published twice, delivered at least that often
    item = decode(first.value)
    assert isinstance(item, Item)
    assert (item.report, item.claim.people, item.doubts) == ("w1", 16_200, ["several_groups"])
    assert {(record.key, record.value) for record in [first, *again]} == {(item.id.encode(), first.value)}
    assert again
    await live.publish([words("w3", "The turnstile read 777.")])
    records = [decode(record.value) for record in await live.records(live.topics.review, 3)]
    assert [record.doubts for record in records if isinstance(record, Item) and record.report == "w3"] == [
        ["extracted"]
    ]
    letters = await live.records(live.topics.rejected, 1)
    assert b"no_claim" in {value for letter in letters for name, value in letter.headers if name == "reason"}
    (certain,) = re.findall(
        r'^bordertally_statement_claims_total{outcome="certain"} (.*)$', page(worker.port, "/metrics"), re.MULTILINE
    )
    assert float(certain) >= 2


async def test_words_on_a_checkpoints_topic_are_refused(live: Live) -> None:
    live.worker()
    topic = live.topics.every_report[2]
    assert topic.endswith("checkpoint")
    await live.send([Record(topic, b"k", words("w1", CERTAIN))])
    (letter,) = await live.records(live.topics.rejected, 1)
    assert dict(letter.headers)["reason"] == b"missing_field"


async def test_a_reviewer_lists_edits_accepts_and_rejects(live: Live) -> None:
    live.worker()
    text = f"{DOUBTFUL} On Friday 15,100 women and children entered the country from Russia."
    undated = "9,000 Russian citizens entered Kazakhstan."
    reported = "Reportedly, 22,500 Russian citizens entered Kazakhstan on Thursday."
    await live.publish([words("w1", text), words("w2", undated), words("w3", reported)])
    await live.records(live.topics.review, 4)
    items = await listed(live)
    assert [item["claim"]["people"] for item in items] == [16_200, 15_100, 9_000, 22_500]
    ids = [item["id"] for item in items]
    by = ("--as", "kz-mia-cnn")

    async def decide(*arguments: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(bordertally, live, "review", *arguments, *by)

    assert (await decide("accept", ids[3])).returncode == 0
    assert (await decide("edit", ids[0], "--set", "population=people", "--set", "qualifier=about")).returncode == 0
    assert (await decide("reject", ids[1], "--note", "all borders")).returncode == 0
    refused = await decide("accept", ids[2])
    assert (refused.returncode, "this field is required" in refused.stderr) == (2, True)
    again = await decide("reject", ids[3])
    assert (again.returncode, " has accepted it at " in again.stderr) == (0, True)
    assert [item["id"] for item in await listed(live)] == [ids[2]]

    days = {("2022-09-29", 22_500), ("2022-10-01", 16_200)}

    async def counted() -> bool:
        states = await live.states()
        state = state_of(states["RU:KZ"]) if "RU:KZ" in states else None
        return state is not None and {(day.day, day.best) for day in state.days} == days

    await until(counted, "the edited claim of all people counts, that of a part beside it")
    state = state_of((await live.states())["RU:KZ"])
    assert state.totals[0].reports == [f"kz-mia-cnn/review.{ids[0]}"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("review", "accept", "x", "--as", "kz-mia"), "topic other.reports.review does not exist"),
        (("review", "list"), "topic other.reports.review does not exist"),
    ],
)
def test_without_the_topic_it_says_so(live_on_kafka: Live, arguments: tuple[str, ...], message: str) -> None:
    live_on_kafka.topics = Topics("other.")
    done = bordertally(live_on_kafka, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


async def test_what_a_publisher_says_is_followed_to_the_totals(live: Live) -> None:
    live.worker()
    async with serving() as publisher:
        places = (f"{publisher.url}/rss", f"{publisher.url}/atom")
        done = await asyncio.to_thread(bordertally, live, "follow", *places, "--source", "kz-mia")
    assert (done.returncode, done.stdout) == (0, "")

    async def counted() -> bool:
        states = await live.states()
        return "RU:KZ" in states and state_of(states["RU:KZ"]).report_count == 1

    await until(counted, "of two articles that say the same, the later one counts")
    state = state_of((await live.states())["RU:KZ"])
    assert [(day.day, day.best) for day in state.days] == [
        ("2022-09-29", 13_833),
        ("2022-09-30", 13_833),
        ("2022-10-01", 13_833),
    ]
    assert publisher.paths == ["/robots.txt", "/rss", "/atom"]
