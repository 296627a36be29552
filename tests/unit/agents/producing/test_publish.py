"""Publishing on a broker that acknowledges when it is asked to: what is counted, and when."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bordertally.agents.producing import publish as module
from bordertally.agents.producing.publish import checked, publish, read_lines
from bordertally.streams.errors import BordertallyError, Reason
from bordertally.streams.reports.signatures import shown_key
from bordertally.streams.reports.sources import parse_registry
from bordertally.streams.settings import load_settings
from bordertally.streams.topics import Topics
from unit.kit import LIMITS, REGISTRY, report

GOOD, WRONG = report(98_000, "2022-09-21/P7D"), report(-1)


class Broker:
    """A producer whose records are acknowledged a moment after they were sent; `waiting`: the most at one time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.unacknowledged = self.waiting = 0
        self.stopped = False
        monkeypatch.setattr(module, "make_producer", lambda *_: self)
        monkeypatch.setattr(module, "connect", self.connect)

    async def connect(self, *_: object) -> None:
        assert self.sent == []

    async def send(self, topic: str, value: bytes, **_: object) -> Any:
        self.sent.append((topic, value))
        self.unacknowledged += 1
        self.waiting = max(self.waiting, self.unacknowledged)

        async def acknowledged() -> None:
            await asyncio.sleep(0)
            self.unacknowledged -= 1

        return acknowledged()

    async def stop(self) -> None:
        self.stopped = True


async def published(raws: list[bytes]) -> list[int]:
    return [done async for done in publish(load_settings(), raws, REGISTRY, Topics(""))]


async def test_the_number_acknowledged_so_far_is_told_and_in_the_end_it_is_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AHEAD", 3)
    broker = Broker(monkeypatch)
    assert await published([GOOD] * 8) == [3, 6, 8]
    assert len(broker.sent) == 8
    assert (broker.waiting, broker.unacknowledged, broker.stopped) == (3, 0, True)


async def test_nothing_to_publish_is_none_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker(monkeypatch)
    assert await published([]) == [0]
    assert broker.stopped


async def test_a_report_goes_to_the_topic_of_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker(monkeypatch)
    counter, stranger = report(5, source="c"), report(5, source="nobody")
    await published([GOOD, counter, stranger])
    assert broker.sent == [
        ("reports.government", GOOD),
        ("reports.checkpoint", counter),
        ("reports.government", stranger),
    ]


def test_lines_are_placed_and_empty_ones_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "reports.ndjson"
    file.write_bytes(b"\n" + GOOD + b"\n  \n" + WRONG + b" \n")
    assert list(read_lines([file])) == [(f"{file}:2", GOOD), (f"{file}:4", WRONG)]
    with pytest.raises(BordertallyError, match="No such file"):
        list(read_lines([tmp_path / "none"]))


def test_a_byte_order_mark_at_the_beginning_of_a_file_is_skipped(tmp_path: Path) -> None:
    file = tmp_path / "windows.ndjson"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD + b"\r\n" + GOOD + b"\r\n")
    assert list(read_lines([file])) == [(f"{file}:1", GOOD), (f"{file}:2", GOOD)]
    file.write_bytes(b"\xef\xbb\xbf\r\n\xef\xbb\xbf" + GOOD)  # only there: elsewhere it is a fault
    (line,) = checked([file], REGISTRY, LIMITS)
    assert line.fault is not None
    assert "this begins with a byte order mark of UTF-8" in str(line.fault)


def test_each_line_is_checked_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "reports.ndjson"
    file.write_bytes(GOOD + b"\n" + WRONG + b"\n" + GOOD)
    reasons = [None if line.fault is None else line.fault.reason for line in checked([file], REGISTRY, LIMITS)]
    assert reasons == [None, Reason.PEOPLE_OUT_OF_RANGE, None]


def test_a_signature_is_asked_for_where_the_source_has_keys(tmp_path: Path) -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    keys = f'keys = ["{shown_key(key.public_key())}"]'
    registry = parse_registry(f'[sources.b]\nname = "B"\nflows = ["RU"]\ngrade = "B"\n{keys}', "r")
    file = tmp_path / "reports.ndjson"
    file.write_bytes(GOOD)

    def reason(key: Ed25519PrivateKey | None, *, signed: bool) -> Reason | None:
        (line,) = checked([file], registry, LIMITS, key, signed=signed)
        return None if line.fault is None else line.fault.reason

    assert reason(None, signed=False) is None
    assert reason(None, signed=True) is Reason.UNSIGNED
    assert reason(key, signed=True) is None
    assert reason(other, signed=True) is Reason.BAD_SIGNATURE


PRETTY = '{\n  "id": "x",\n  "people": {\n    "x": 1\n  }\n}\n'


@pytest.mark.parametrize(
    ("text", "command"),
    [
        (PRETTY, "jq -c . "),
        (PRETTY * 3, "jq -c . "),
        ("\ufeff\r\n" + PRETTY.replace("\n", "\r\n"), "jq -c . "),
        (f"[{PRETTY},{PRETTY}]", "jq -c '.[]' "),
        (f"[\n{PRETTY},\n{PRETTY * 2000}", "jq -c '.[]' "),
        ('[{"id": "x"}, {"id": "y"}]\n', "jq -c '.[]' "),
        ('[{"id": "x"},\n{"id": "y"}]\n', "jq -c '.[]' "),
    ],
    ids=range(7),
)
def test_json_in_another_layout_is_named_with_what_rewrites_it(tmp_path: Path, text: str, command: str) -> None:
    path = tmp_path / "my reports.json"
    path.write_text(text, encoding="utf-8", newline="")
    with pytest.raises(BordertallyError, match="write one report per line") as caught:
        list(read_lines([path]))
    written = str(caught.value)
    assert f"{command}'{path}'" in written
    if shutil.which("jq") and "2000" not in text and len(text) < 1_000 and not text.startswith("\ufeff"):
        shell = written.partition("To rewrite it: ")[2]
        lines = subprocess.run(shell, shell=True, check=True, capture_output=True).stdout
        assert all(isinstance(msgspec.json.decode(line), dict) for line in lines.splitlines())


@pytest.mark.parametrize(
    "first", [b"{", b"[", b"[1, 2]", b"{]", b'{"id": ', b"[[]]", b"[" * 100_000, b'{"a": 1} x', b"\xff"]
)
def test_one_faulty_line_does_not_hide_the_others(tmp_path: Path, first: bytes) -> None:
    path = tmp_path / "reports.ndjson"
    path.write_bytes(b"\n" + first + b"\n\n" + GOOD + b"\n" + GOOD)
    assert list(read_lines([path])) == [(f"{path}:2", first.strip()), (f"{path}:4", GOOD), (f"{path}:5", GOOD)]


def test_lines_are_read_as_they_come(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading, writing = os.open(pipe, os.O_RDWR), pipe.open("wb", buffering=0)
    lines = read_lines([pipe])
    writing.write(GOOD + b"\n")
    assert next(lines) == (f"{pipe}:1", GOOD)
    writing.close()
    os.close(reading)
