"""How a process with much work uses memory: an allocator that keeps what is freed, and no search for garbage.

A worker allocates megabytes at a time and frees them again. By default glibc returns such blocks to the system at once,
and the system fills every page of the next block with zeros: a tenth of the CPU time in a backlog (decision 80).

Claims and rows refer to each other without cycles, so counting references frees them. Python's garbage collector only
looks at each of them again and again: a tenth of the time of an import or a replay.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3
"""M_TRIM_THRESHOLD, M_TOP_PAD and M_MMAP_THRESHOLD of glibc's mallopt(3)."""

MEBI = 1024 * 1024
KEPT = {TRIM_THRESHOLD: 64 * MEBI, TOP_PAD: 16 * MEBI, MMAP_THRESHOLD: 32 * MEBI}
"""Bytes: free at the end of the heap before memory is returned; requested beyond need; from which a block is mapped."""


def keep_memory() -> bool:
    """Keep freed memory in this process from now on; False, without effect, where the allocator is not glibc's."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    accepted = [mallopt(name, size) == 1 for name, size in KEPT.items()]
    return all(accepted)


@contextmanager
def without_collector() -> Iterator[None]:
    """Work without the garbage collector, which is for work that leaves no cycles; also within such work."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
