from __future__ import annotations

import ctypes
import gc
import platform
import subprocess
import sys

import pytest

from bordertally.agents.runtime.memory import keep_memory, without_collector

COUNT = """
import resource, sys
from bordertally.agents.runtime.memory import keep_memory
if sys.argv[1] == "kept":
    assert keep_memory()
for turn in range(5):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    blocks = [bytes([turn + 1]) * (10 << 20) for _ in range(3)]
    del blocks
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator is told")
def test_pages_of_what_was_freed_are_not_asked_for_again() -> None:
    faults = {
        how: int(subprocess.run([sys.executable, "-c", COUNT, how], check=True, capture_output=True).stdout)
        for how in ("kept", "as it is")
    }
    assert faults["as it is"] > 5_000  # the pages of 30 MB, give or take
    assert faults["kept"] < 500


def test_another_allocator_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert keep_memory() is False


def _fails() -> None:
    with without_collector():
        raise KeyError(gc.isenabled())


def test_the_collector_comes_back_when_the_work_has_failed() -> None:
    with pytest.raises(KeyError, match="False"):
        _fails()
    assert gc.isenabled()


def test_the_collector_stays_off_until_the_outer_work_is_done() -> None:
    with without_collector():
        with without_collector():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
