"""Allocator settings that keep freed memory in the process (see docs/decisions/0080).

A worker allocates megabytes at a time and frees them again. By default glibc returns such blocks to the system at once,
and the system fills every page of the next block with zeros: a tenth of the CPU time in a backlog.
"""

from __future__ import annotations

import ctypes

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
