"""Peers are pinned, and one that cannot be installed is left out with a sentence."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import feed, install
from benchmarks.peers.rolling import Report, new_state, step
from benchmarks.report import ratios, shown
from benchmarks.stream import Message, Shape
from benchmarks.systems import systems


@pytest.mark.parametrize("path", sorted(install.PEERS.glob("*/requirements.txt")), ids=lambda path: path.parent.name)
def test_requirements_are_pinned_and_name_no_host(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.]+", line) for line in lines)


def test_two_runs_that_write_the_stream_at_once_share_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path, calls = tmp_path / "stream.ndjson", 0

    def messages(_: Shape) -> Iterator[Message]:
        nonlocal calls
        calls += 1
        yield Message("RU:GE", b"first")
        if calls == 1:
            feed.write_stream(Shape(), path)  # another run, while this one is half-way
        yield Message("RU:GE", b"last")

    monkeypatch.setattr(feed, "messages", messages)
    feed.write_stream(Shape(), path)
    assert list(feed.lines(path)) == [b"first", b"last"]
    assert list(tmp_path.iterdir()) == [path]


def test_every_peer_has_its_program() -> None:
    assert {
        path.name for path in install.PEERS.iterdir() if path.is_dir() and path.name[0] != "_"
    } == systems().keys() - {"bordertally"}


def test_a_peer_that_cannot_be_installed_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines: list[str] = []
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(command, "CACHE", tmp_path)
    monkeypatch.setattr(command, "say", lines.append)
    assert [system.name for system in command.chosen("bordertally,kstreams")] == ["bordertally"]
    assert "kstreams is left out: it needs mvn" in lines[0]


def test_peers_drop_duplicates_and_tell_later_days_anew() -> None:
    state = new_state()

    def told_by_peer(identity: str, day: str, people: int) -> list[tuple[str, int, int]]:
        out, _ = step(state, Report(identity, "A", f"{day}T00:00:00Z/{day}T01:00:00Z", people, "now"))
        return [(row["day"], row["total"], row["rolling7"]) for row in out]

    assert told_by_peer("a", "2022-09-21", 5) == [("2022-09-21", 5, 5)]
    assert told_by_peer("a", "2022-09-21", 5) == []
    assert told_by_peer("b", "2022-09-22", 7) == [("2022-09-22", 7, 12)]
    assert told_by_peer("c", "2022-09-21", 1) == [("2022-09-21", 6, 6), ("2022-09-22", 7, 13)]


def test_ratios_are_of_the_same_rounds_and_above_one_where_ours_is_better() -> None:
    def run(system: str, number: int, rate: float, cpu: float) -> dict[str, object]:
        rest = dict.fromkeys(("reports_per_s_with_start", "cpu_us_per_report_steady", "rss_mb"), 1.0)
        rest["live_cpu_percent"] = 20.0 if system == "bordertally" else 10.0
        return {
            "system": system,
            "kind": "drain",
            "round": number,
            "reports_per_s": rate,
            "cpu_us_per_report": cpu,
        } | rest

    made = ratios([run("bordertally", 1, 300, 10), run("bytewax", 1, 100, 40), run("bytewax", 2, 1, 1)])
    assert made is not None
    row = [next(iter(column.cells)) for column in made.columns]
    assert row == ["bytewax", "3", "1", "4", "1", "1", "0.5", "-", "-"]
    assert shown([1.0, 3.0, 2.0, None]) == "2 (1-3)"
