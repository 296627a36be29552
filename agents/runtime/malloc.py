"""Memory that is freed is kept for what comes next.

A worker takes in megabytes at a time and lets them go again. glibc gives such blocks back to the system at once, and
every page of the next one is asked for anew and filled with zeros: a tenth of the work of a backlog.
"""

from __future__ import annotations

import ctypes

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3
"""What glibc's mallopt(3) calls M_TRIM_THRESHOLD, M_TOP_PAD and M_MMAP_THRESHOLD."""

MEBI = 1024 * 1024
KEPT = {TRIM_THRESHOLD: 64 * MEBI, TOP_PAD: 16 * MEBI, MMAP_THRESHOLD: 32 * MEBI}
"""Bytes: free at the end of the heap before some goes back, asked for beyond what is needed, of a block of its own."""


def keep_memory() -> bool:
    """Keep so much from now on, in this process; False where the allocator is another one, and nothing changes."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    taken = [mallopt(name, size) == 1 for name, size in KEPT.items()]
    return all(taken)
