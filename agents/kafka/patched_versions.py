"""The versions of Faust and aiokafka whose internals this package replaces; a worker starts with no others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import metadata

from bordertally.streams.errors import ConfigError

PATCHED: Mapping[str, str] = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0"}
"""What faust_consumer.py, decompression.py, pacing.py and resets.py were written for and tested with.

Another version may lose records in silence where a patch no longer fits. docs/security.md says how to raise one.
"""


def check_patched(version: Callable[[str], str] = metadata.version) -> None:
    """Raise ConfigError unless the installed versions are those that the patches were written for."""
    for name, wanted in PATCHED.items():
        installed = version(name)
        if installed != wanted:
            raise ConfigError(
                f"{name} {installed} is installed, but this release replaces internals of {name} {wanted}; "
                f"install it with: pip install {name}=={wanted}"
            )
