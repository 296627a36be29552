"""Who may speak, through a real Kafka: signed reports count, others are refused, old ones sent again change nothing."""

from __future__ import annotations

import asyncio
import json
import stat
from collections import Counter
from importlib import resources
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bordertally.agents.cli.main import cli
from bordertally.agents.kafka.producer import Record
from bordertally.agents.producing.keys import read_key
from bordertally.agents.runtime.context import load_registry
from bordertally.streams.errors import BordertallyError
from bordertally.streams.reports.signatures import signature
from live import Live, pure


def report(identity: str, people: int, published: str = "2022-09-27T09:00:00Z", **more: object) -> bytes:
    fields = {"id": identity, "source": "guards", "published": published, "flow": "RU:KZ", "period": "2022-09-26"}
    return json.dumps(fields | {"people": people} | more).encode()


def keygen(file: Path) -> str:
    done = CliRunner().invoke(cli, ["keygen", str(file)])
    assert done.exit_code == 0, done.exception
    return done.stdout.strip().removeprefix("keys = [").removesuffix("]")


def published(live: Live, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["publish", *arguments], env=live.environment)


@pytest.mark.kafka
async def test_only_what_is_signed_counts(live_on_kafka: Live, tmp_path: Path) -> None:
    live, (old, new, other) = live_on_kafka, (tmp_path / name for name in ("old.pem", "new.pem", "other.pem"))
    keys = [keygen(old), keygen(new)]
    keygen(other)
    sample = resources.files("bordertally.agents.demo").joinpath("sources.toml").read_text(encoding="utf-8")
    entry = f'\n[sources.guards]\nname = "Border guards"\nflows = ["RU:KZ"]\ngrade = "B"\nkeys = [{", ".join(keys)}]\n'
    sources = tmp_path / "sources.toml"
    sources.write_text(sample + entry, encoding="utf-8")
    registry = load_registry(sources)
    live.worker(BORDERTALLY_SOURCES=str(sources))
    first, second, third = report("1", 10_000), report("2", 12_000, "2022-09-28T09:00:00Z"), report("3", 1)
    words = json.dumps(
        {
            "id": "w",
            "source": "guards",
            "published": "2022-10-02T09:00:00Z",
            "text": "From 29 September to 1 October 41,500 Russian citizens entered Kazakhstan.",
        }
    ).encode()
    topic, frontex, checkpoint = live.topics.every_report

    def signed(raw: bytes, key: Path, to: str = topic) -> Record:
        return Record(to, b"g", raw, 0, [signature(read_key(key), raw)])

    await live.send(
        [
            signed(first, old),
            signed(second, new),
            signed(first, old),  # somebody sends an old report again
            Record(topic, b"g", third, 0),
            Record(topic, b"g", third, 0, [signature(read_key(old), first)]),
            signed(third, other),
            signed(third, old, frontex),
            Record(topic, b"g", words, 0),
            Record(frontex, b"g", third, 0),
            signed(words, old, frontex),
            Record(frontex, b"g", words, 0),
            signed(words, old, checkpoint),  # where nothing is said in words
            Record(checkpoint, b"g", words, 0),
        ]
    )
    file = tmp_path / "reports.ndjson"
    fourth = report("4", 500, period="2022-09-25")
    file.write_bytes(fourth)
    to = ("--to", live.broker.address, "--sources", str(sources))
    for key, code in ((other, 1), (new, 0)):
        done = await asyncio.to_thread(published, live, str(file), *to, "--key", str(key))
        assert done.exit_code == code, (done.exception, done.output)
    assert "not sent: source" in (await asyncio.to_thread(published, live, str(file), *to)).stderr

    await live.shows(pure([first, second, fourth], registry))
    letters = await live.records(live.topics.rejected, 10)
    assert Counter(dict(letter.headers)["reason"] for letter in letters) == {
        b"unsigned": 2,
        b"bad_signature": 2,
        b"topic_not_allowed": 4,
        b"missing_field": 2,
    }


def test_a_private_key_is_for_its_owner_alone_and_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    keygen(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    assert isinstance(CliRunner().invoke(cli, ["keygen", str(file)]).exception, BordertallyError)
    assert file.read_bytes() == before


@pytest.mark.parametrize("text", ["", "secret", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"])
def test_of_a_key_that_cannot_be_read_nothing_is_said(tmp_path: Path, text: str) -> None:
    file = tmp_path / "key.pem"
    file.write_text(text)
    with pytest.raises(BordertallyError) as caught:
        read_key(file)
    assert (
        str(caught.value)
        == f"{file}: not a private key (PEM, without a password); make one with: bordertally keygen new.pem"
    )
