"""A registry that changes while it is in use: taken when it is right and holds still, else the old one stays."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from bordertally.agents.runtime.context import Context, load_registry
from bordertally.agents.runtime.metrics import Metrics
from bordertally.agents.runtime.reloading import Reload, RulesNotice
from bordertally.streams.reports.sources import Registry
from bordertally.streams.settings import load_settings

ENTRY = '[sources.{}]\nname = "K"\nflows = ["RU"]\ngrade = "B"\n'
ONE, TWO = ENTRY.format("one"), ENTRY.format("one") + ENTRY.format("two")


class Kit:
    """A file, what was taken of it, and what the metrics say."""

    def __init__(self, directory: Path, every_s: float = 0.01) -> None:
        self.path = directory / "sources.toml"
        self.write(ONE)
        self.metrics = Metrics(0, ("worker",))
        self.taken: list[list[str]] = []
        self.came = asyncio.Event()
        self.reload = Reload(self.path, load_registry(self.path), self.take, self.metrics, every_s)

    def take(self, registry: Registry) -> None:
        self.taken.append(list(registry.sources))
        self.came.set()

    def write(self, text: str) -> None:
        self.path.write_text(text, encoding="utf-8")

    @property
    def well(self) -> bool:
        return 'bordertally_config_last_reload_successful{file="sources"} 1.0' in self.metrics.exposition().decode()


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return Kit(tmp_path)


async def test_a_changed_file_is_taken_once(kit: Kit, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bordertally")
    await kit.reload.look()
    assert (kit.taken, kit.well, caplog.text) == ([], True, "")
    kit.write(TWO)
    await kit.reload.look()
    await kit.reload.look()
    assert (kit.taken, kit.well) == ([["one", "two"]], True)
    assert caplog.messages == [f"source registry {kit.path} was read again: new: two"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (ONE + "[[", "not TOML"),
        ("", "needs at least one"),
        (TWO.replace("RU", "ru"), "sources.one.flows: .*got ru"),
        (TWO + 'tz = "Asia/Nowhere"\n', "Asia/Nowhere is not an IANA time zone"),
        (ONE + 'tz = "Asia/Almaty"\n', "Asia/Almaty was UTC"),
        ("a = " + "[" * 5_000, "RecursionError"),
        (None, "no such file"),
    ],
)
async def test_a_broken_file_changes_nothing_and_is_said_once(
    kit: Kit, caplog: pytest.LogCaptureFixture, text: str | None, reason: str
) -> None:
    await kit.reload.look()
    kit.path.unlink() if text is None else kit.write(text)
    await kit.reload.look()
    await kit.reload.look()
    assert (kit.taken, kit.well) == ([], False)
    (message,) = caplog.messages
    assert re.search(reason, message)
    assert message.startswith(f"source registry {kit.path} was not taken, the one before stays in force: ")
    assert "\n" not in message
    caplog.clear()
    kit.write(ONE)  # put back
    await kit.reload.look()
    assert (kit.taken, kit.well) == ([], True)
    kit.write(TWO)
    await kit.reload.look()
    assert (kit.taken, kit.well) == ([["one", "two"]], True)


async def test_a_file_that_is_still_being_written_waits(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.write(ONE.replace("one", "half"))

    async def meanwhile(_: float) -> None:
        kit.write(TWO)

    with monkeypatch.context() as patched:
        patched.setattr(asyncio, "sleep", meanwhile)
        await kit.reload.look()
    assert kit.taken == []
    await kit.reload.look()
    assert kit.taken == [["one", "two"]]


async def test_what_was_asked_for_is_read_at_once_and_answered(kit: Kit, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bordertally")
    await kit.reload.look()
    await kit.reload.look(asked=True)
    assert caplog.messages == [f"source registry {kit.path} was read again: nothing has changed"]


async def test_sighup_asks_and_no_look_is_needed_for_it(tmp_path: Path) -> None:
    kit = Kit(tmp_path, every_s=0.0)
    kit.write(TWO)
    task = asyncio.create_task(kit.reload.run())
    await asyncio.sleep(0)  # the handler is there
    os.kill(os.getpid(), signal.SIGHUP)
    async with asyncio.timeout(20):
        await kit.came.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert kit.taken == [["one", "two"]]
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL


async def test_rules_that_changed_are_not_taken_and_it_shows_until_they_are_put_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("[detection]\ndrop = 0.5\n", encoding="utf-8")
    context = Context.load(load_settings(rules=path, reload_s=0.01))
    notice = RulesNotice(path, context)

    def well() -> bool:
        return 'bordertally_config_last_reload_successful{file="rules"} 1.0' in context.metrics.exposition().decode()

    await notice.look()
    assert well()
    for text, why in (("drop = 0.4", "they are read at start only"), ("drop = 7", "detection.drop")):
        path.write_text(f"[detection]\n{text}\n", encoding="utf-8")
        caplog.clear()
        await notice.look()
        await notice.look()
        assert not well()
        (message,) = caplog.messages
        assert message.startswith(f"rules {path} was not taken, the one before stays in force: ")
        assert why in message
    path.write_text("# as before\n[detection]\ndrop = 0.5\n", encoding="utf-8")
    await notice.look()
    assert well()
