"""Refused reports as an operator meets them: listed, looked at, and sent again once the cause is mended."""

from __future__ import annotations

import asyncio
import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bordertally.agents.cli.main import cli
from bordertally.agents.kafka.producer import Record
from bordertally.agents.runtime.context import load_registry
from bordertally.streams.errors import BordertallyError
from bordertally.streams.reports.dead_letters import AGAIN, LetterPosition, letter_of
from live import Live, page, pure, until

GUARDS = """
[sources.kz-guards]
name = "Kazakhstan's border guards"
flows = ["RU:KZ"]
grade = "B"
"""


def report(identity: str, **changes: object) -> bytes:
    """A report of a source that the registry does not know at first."""
    fields = {"id": identity, "source": "kz-guards", "published": "2022-09-27T09:00:00Z", "flow": "RU:KZ"}
    return json.dumps(fields | {"period": "2022-09-26", "people": 12_000} | changes).encode()


def bordertally(live: Live, *arguments: str, **environment: str) -> Result:
    """The command, in this process: it starts in no time."""
    return CliRunner().invoke(cli, arguments, env=live.environment | environment)


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """The sample's registry, and border guards beside."""
    sample = resources.files("bordertally.agents.demo").joinpath("sources.toml").read_text(encoding="utf-8")
    path = tmp_path / "sources.toml"
    path.write_text(sample + GUARDS, encoding="utf-8")
    return path


@pytest.mark.kafka
async def test_after_the_registry_is_mended_what_was_refused_is_sent_again_once(
    live_on_kafka: Live, registry: Path
) -> None:
    live = live_on_kafka
    worker = live.worker()
    topic = live.topics.every_report[0]
    good, bad, other = report("good"), report("bad", people=-1), report("other", source="nobody")
    traced = [("trace", b"1")]
    await live.send([Record(topic, b"k", raw, 1, traced) for raw in (good, bad, other)])
    await live.records(live.topics.rejected, 3)
    await asyncio.to_thread(worker.stop)

    async def rejected(*arguments: str, mended: bool = True) -> tuple[int, Any]:
        sources = {"BORDERTALLY_SOURCES": str(registry)} if mended else {}
        done = await asyncio.to_thread(bordertally, live, "rejected", *arguments, "--json", **sources)
        assert done.exit_code in (0, 1), (done.exception, done.stderr)
        return done.exit_code, json.loads(done.stdout)

    _, listed = await rejected("list", mended=False)
    assert [(letter["report"], letter["reason"], letter["fault"]["reason"]) for letter in listed["letters"]] == [
        ("good", "unknown_source", "unknown_source"),
        ("bad", "people_out_of_range", "people_out_of_range"),
        ("other", "unknown_source", "unknown_source"),
    ]
    _, listed = await rejected("list", "--source", "kz-guards", "--reason", "unknown_source")
    ((identity, fault),) = [(letter["id"], letter["fault"]) for letter in listed["letters"]]
    assert (identity, fault) == (f"{topic}/1/0", None)
    assert (await rejected("list", "--until", "2022-01-01"))[1]["letters"] == []

    code, dry = await rejected("redrive", "--all")
    assert (code, [letter["report"] for letter in dry["chosen"]], dry["sent"]) == (1, ["good"], [])
    assert dry["left"] == {
        "still refused (--faulty): people_out_of_range": 1,
        "still refused (--faulty): unknown_source": 1,
    }
    code, sent = await rejected("redrive", "--source", "kz-guards", "--reason", "unknown_source", "--yes")
    assert (code, [(note["letter"], note["to"]) for note in sent["sent"]]) == (0, [(identity, f"{topic}/1/3")])
    code, again = await rejected("redrive", identity, "--yes")
    assert (code, again["sent"], again["left"]) == (1, [], {"sent again before (--again)": 1})

    live.worker(BORDERTALLY_SOURCES=str(registry))
    await live.shows(pure([good], load_registry(registry)))
    (stored,) = [record for record in await live.records(topic, 4) if record.offset == 3]
    assert (stored.partition, stored.key, stored.value) == (1, b"k", good)
    assert list(stored.headers) == [*traced, (AGAIN, identity.encode())]

    assert (await rejected("redrive", identity, "--again", "--yes"))[1]["sent"][0]["to"] == f"{topic}/1/4"
    await live.shows(pure([good], load_registry(registry)))  # the second time it changes nothing
    _, listed = await rejected("list")
    assert [letter["report"] for letter in listed["letters"]] == ["bad", "other"]
    _, listed = await rejected("list", "--all")
    assert [bool(letter["redriven"]) for letter in listed["letters"]] == [True, False, False]

    assert (await rejected("redrive", f"{topic}/1/1", "--faulty", "--yes"))[0] == 0
    after = [letter_of(record.headers, record.key, 0, 0) for record in await live.records(live.topics.rejected, 4)]
    assert [letter.place for letter in after if letter and letter.after] == [LetterPosition(topic, 1, 5)]
    shown = await asyncio.to_thread(bordertally, live, "rejected", "show", f"{topic}/1/5")
    assert f"sent again from  {topic}/1/1" in shown.stdout
    assert '"people": -1' in shown.stdout
    raw = await asyncio.to_thread(bordertally, live, "rejected", "show", f"{topic}/1/1", "--raw")
    assert raw.stdout_bytes == bad


@pytest.mark.kafka
def test_what_cannot_be_done_is_one_sentence(live_on_kafka: Live) -> None:
    for arguments, message in (
        (("redrive", "--yes"), "name the reports, or give --reason"),
        (("redrive", "x/0/0"), "x/0/0: no such refused report"),
        (("show", "x/0/0"), "x/0/0: no such refused report"),
        (("show", "x"), "x: the id of a letter is topic/partition/offset"),
        (("list", "--reason", "odd"), "--reason: odd is not a reason; the reasons are not_json"),
    ):
        done = bordertally(live_on_kafka, "rejected", *arguments)
        assert isinstance(done.exception, BordertallyError)  # `main` says it, with exit code 2
        assert message in str(done.exception)
        assert done.stdout == ""


async def test_a_source_most_of_whose_reports_are_refused_blows_its_fuse_and_the_others_go_on(live: Live) -> None:
    worker = live.worker(BORDERTALLY_FUSE_REPORTS="10", BORDERTALLY_FUSE_WINDOW_S="4")
    topic = live.topics.every_report[0]
    bad = [Record(topic, b"k", report(str(number), source="ge-mia", flow="RU:KZ")) for number in range(12)]
    made_up = [Record(topic, b"u", report("u", source=f"nobody-{number}")) for number in range(3)]
    fine = [Record(topic, b"f", report(f"f{day}", source="kz-mia", period=f"2022-09-{day:02}")) for day in range(1, 13)]
    await live.send([*bad, *made_up, *fine])
    await live.shows(pure([record.value for record in fine]))

    async def blown() -> bool:
        text = page(worker.port, "/metrics")
        return {
            'bordertally_source_fuse_blown{source="ge-mia"} 1.0',
            'bordertally_source_refused_share{source="ge-mia"} 1.0',
            'bordertally_source_fuse_blown{source="kz-mia"} 0.0',
            'bordertally_source_refused_share{source="kz-mia"} 0.0',
            'bordertally_source_fuse_blown{source="(unknown)"} 0.0',
        } <= set(text.splitlines())

    await until(blown, "one fuse is blown")
    assert "nobody-" not in page(worker.port, "/metrics")

    async def whole() -> bool:
        return "fuse_blown{" not in page(worker.port, "/metrics")

    await until(whole, "after the window it counts no longer")
    log = worker.log.read_text()
    assert "source ge-mia: 12 of its 12 reports were refused within 4 s" in log
    assert "source ge-mia: no longer too many" in log
