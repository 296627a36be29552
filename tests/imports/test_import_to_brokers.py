"""`import --to`: the reports that the intake will accept are sent, the others are listed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError
from typer.testing import CliRunner

from bordertally.agents.cli.main import cli
from bordertally.agents.cli.publish import sending
from bordertally.streams.imports import parts
from bordertally.streams.imports.parts import PartsSeen
from bordertally.streams.settings import Settings
from unit.streams.imports.kit import PLAIN

SOURCES = '[sources.police]\nname = "Police"\nflows = ["BR:UY"]\ngrade = "A"\n'


@pytest.fixture
def sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What a broker in place of Kafka acknowledges; the files of an import stand beside."""
    acknowledged: list[bytes] = []

    async def publish(settings: Settings, raws: Iterable[bytes], *_: Any) -> AsyncIterator[int]:
        assert settings.brokers == "broker:9092"
        for done, raw in enumerate(raws, 1):
            acknowledged.append(raw)
            yield done

    monkeypatch.setattr(sending, "publish", publish)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.csv").write_text("Day,Gate,In\n2023-05-01,A,900\n2023-05-02,A,n. d.\n")
    (tmp_path / "map.toml").write_text(PLAIN.format(top="", claims=""))
    (tmp_path / "sources.toml").write_text(SOURCES)
    return acknowledged


CALL = ["import", "in.csv", "--map", "map.toml", "--to", "broker:9092", "--sources", "sources.toml"]


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, [*CALL, *words], catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def test_reports_are_sent_and_not_written(sent: list[bytes]) -> None:
    code, out, summary = run()
    assert (code, out) == (1, "")
    assert [json.loads(raw)["claims"][0]["people"] for raw in sent] == [900]
    assert "add it to missing" in summary
    assert "1 claim in 1 report" in summary


def test_nothing_is_sent_with_strict_or_check(sent: list[bytes]) -> None:
    assert run("--strict")[0] == run("--check")[0] == 1
    assert sent == []


def test_a_report_that_the_intake_would_refuse_is_listed(sent: list[bytes]) -> None:
    Path("sources.toml").write_text(SOURCES.replace("BR:UY", "AR:UY"))
    code, _, summary = run()
    assert (code, sent) == (1, [])
    assert "police-import-" in summary
    assert "not sent: claims[0].flow: source 'police' may report only on AR:UY" in summary


def test_an_interrupted_import_says_how_many_reports_arrived_and_is_repeated_with_the_same_ids(
    sent: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "MOST_CLAIMS", 1)
    Path("in.csv").write_text("Day,Gate,In\n" + "".join(f"2023-05-0{day},A,{day}\n" for day in range(1, 6)))

    async def failing(_: Settings, raws: Iterable[bytes], *__: Any) -> AsyncIterator[int]:
        for done, raw in enumerate(islice(raws, 2), 1):
            sent.append(raw)
            yield done
        raise KafkaConnectionError("no broker answers")

    with monkeypatch.context() as patched:
        patched.setattr(sending, "publish", failing)
        done = CliRunner().invoke(cli, [*CALL, "--published", "2023-06-01"])
    assert isinstance(done.exception, KafkaConnectionError)
    assert "interrupted: 2 of 5 reports are acknowledged; repeat the import" in done.stderr
    seen = PartsSeen()
    for raw in sent:
        seen.add(json.loads(raw)["id"])
    (warning,) = seen.warnings()
    assert "of 5 parts these are missing: 3, 4, 5" in warning
    Path("arrived.ndjson").write_bytes(b"\n".join(sent))
    checked = CliRunner().invoke(cli, ["check", "arrived.ndjson", "--sources", "sources.toml"])
    assert (checked.exit_code, checked.stdout) == (0, f"warning: {warning}\n")

    assert run("--published", "2023-06-01")[0] == 0
    assert len(sent) == 7
    assert sent[2:4] == sent[:2]
