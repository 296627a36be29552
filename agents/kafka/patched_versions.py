"""Versions and sources of Faust, mode and aiokafka whose internals are replaced; a worker starts with no others."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from bordertally.streams.errors import ConfigError


class Patched(NamedTuple):
    """A package with replaced internals. `sources`: the files with these internals, each with its digest."""

    version: str
    sources: Mapping[str, str]


PATCHED: Mapping[str, Patched] = {
    "faust-streaming": Patched(
        "0.15.3",
        {
            "faust/app/base.py": "badc50a8856d8025",
            "faust/sensors/monitor.py": "3ffcdb01ace01d9d",
            "faust/tables/base.py": "1bdf2aa4dbb1848e",
            "faust/tables/manager.py": "528448a72514ae2d",
            "faust/transport/consumer.py": "ea232dca6b71d51c",
            "faust/transport/drivers/aiokafka.py": "aed1bce0b0d98a0f",
            "faust/types/tuples.py": "dab9f2026d017e26",
        },
    ),
    "mode-streaming": Patched(
        "0.7.1",
        {
            "mode/services.py": "6d28c502eed32e15",
            "mode/threads.py": "ed9113a0cc06ebdf",
            "mode/utils/queues.py": "abbdaa8c25cfbdf6",
            "mode/worker.py": "d8bf5b2d93c7da4b",
        },
    ),
    "aiokafka": Patched(
        "0.14.0",
        {
            "aiokafka/admin/client.py": "d5ed18b9ed24331f",
            "aiokafka/consumer/consumer.py": "24f84531f97fcfeb",
            "aiokafka/consumer/fetcher.py": "d7ee9eeb185c5c6e",
            "aiokafka/producer/message_accumulator.py": "61ed4194069ca7ba",
            "aiokafka/producer/sender.py": "e5b7fbdb7379ef9c",
            "aiokafka/protocol/api.py": "8104844ba843b695",
            "aiokafka/protocol/types.py": "78f5327e02feb58e",
            "aiokafka/record/default_records.py": "26e0d095e7d6b60d",
            "aiokafka/record/legacy_records.py": "f8b52a9aa26983c9",
        },
    ),
}
"""What agents/kafka, agents/hops and agents/worker were written for and tested with.

Another version may lose records in silence where a patch no longer fits, and so may a changed build of the same
version. docs/security.md says how to raise a version.
"""


def installed_source(package: str, file: str) -> bytes:
    """The bytes of a file of an installed package. Raises OSError."""
    return Path(str(metadata.distribution(package).locate_file(file))).read_bytes()


def digest_of_source(source: bytes) -> str:
    """The first 16 hexadecimal digits of SHA-256."""
    return hashlib.sha256(source).hexdigest()[:16]


def check_patched(
    version: Callable[[str], str] = metadata.version, source: Callable[[str, str], bytes] = installed_source
) -> None:
    """Raise ConfigError unless versions and sources are those that the patches were written for."""
    for name, wanted in PATCHED.items():
        installed, pinned = version(name), f"{name}=={wanted.version}"
        if installed != wanted.version:
            raise ConfigError(
                f"{name} {installed} is installed, but this release replaces internals of {name} {wanted.version}; "
                f"install it with: pip install {pinned}"
            )
        for file, digest in wanted.sources.items():
            try:
                found = digest_of_source(source(name, file))
            except OSError:
                found = None
            if found != digest:
                fault = "missing from" if found is None else "not that of"
                raise ConfigError(
                    f"{file} is {fault} {name} {wanted.version}, whose internals this release replaces; "
                    f"install it anew with: pip install --force-reinstall --no-deps {pinned}"
                )
