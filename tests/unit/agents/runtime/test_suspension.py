from __future__ import annotations

import time
from pathlib import Path

import pytest

from bordertally.agents.kafka.producer import Connection
from bordertally.agents.runtime import suspension
from bordertally.agents.runtime.context import Context
from bordertally.agents.runtime.suspension import Wakefulness, waited_s
from bordertally.streams.settings import load_settings


class EndedError(Exception):
    """Instead of the end of this process."""


@pytest.fixture
def wakeful(monkeypatch: pytest.MonkeyPatch) -> Wakefulness:
    def end(code: int) -> None:
        raise EndedError(code)

    monkeypatch.setattr("os._exit", end)
    return Wakefulness(Context.load(load_settings(session_timeout_s=10)))


@pytest.mark.parametrize(
    ("passed", "worked", "ends"),
    [
        (4.9, (0.0, 0.0), False),
        (5.1, (0.0, 0.0), True),
        (60.0, (59.0, 0.0), False),  # busy
        (60.0, (5.0, 51.0), False),  # on a machine with eleven others
        (60.0, (5.0, 45.0), True),
    ],
)
def test_it_ends_after_half_a_session_in_which_it_did_nothing(
    wakeful: Wakefulness, monkeypatch: pytest.MonkeyPatch, passed: float, worked: tuple[float, float], ends: bool
) -> None:
    used, waited = worked
    monkeypatch.setattr(suspension, "waited_s", lambda: 7.0)
    seen, cpu = suspension.now_s(), time.process_time()
    wakeful.beat()
    monkeypatch.setattr(suspension, "waited_s", lambda: 7.0 + waited)
    monkeypatch.setattr(suspension, "now_s", lambda: seen + passed)
    monkeypatch.setattr("time.process_time", lambda: cpu + used)
    if ends:
        with pytest.raises(EndedError):
            wakeful.check()
    else:
        wakeful.check()


def test_the_time_that_a_process_waits_for_a_processor_is_that_of_the_kernel(tmp_path: Path) -> None:
    assert waited_s() <= time.monotonic()
    schedstat = tmp_path / "schedstat"
    assert waited_s(schedstat) == 0.0  # a kernel that does not count
    schedstat.write_text("1000 2500000000 3\n")
    assert waited_s(schedstat) == 2.5


async def test_it_is_asked_before_every_write(wakeful: Wakefulness, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = wakeful.context.writer

    async def connected(_: Connection) -> object:
        return object()

    monkeypatch.setattr(Connection, "producer", connected)
    monkeypatch.setattr(suspension, "now_s", lambda: wakeful.seen + 60)
    with pytest.raises(EndedError):
        await writer.write([])
