"""What a registry that is read again changes, and what it must not change while claims read by the old one are kept."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bordertally.streams.errors import ConfigError, shown, some
from bordertally.streams.reports.sources import Registry, Source


def check_change(old: Registry, new: Registry) -> None:
    """Raise ConfigError for what would count people twice beside the claims that are kept.

    With other blocs a flow has another path; with another time zone, bare dates are other days. What is reported again
    then stands beside what it should replace.
    """
    if old.blocs != new.blocs:
        raise ConfigError(
            f"blocs: {shown(sorted(new.blocs))} were {shown(sorted(old.blocs))}: flows would change their paths beside "
            "the claims kept; stop the workers and replay"
        )
    for key in old.sources.keys() & new.sources.keys():
        before, after = old.sources[key].tz, new.sources[key].tz
        if before != after:
            raise ConfigError(
                f"sources.{key}.tz: {shown(after)} was {shown(before)}: its dates would be other days beside the "
                "claims kept; stop the workers and replay"
            )


def changes(old: Registry, new: Registry) -> str:
    """What is different, in words; empty when nothing is."""
    altered = [
        f"{key} ({', '.join(_fields(old.sources[key], entry))})"
        for key, entry in new.sources.items()
        if key in old.sources and old.sources[key] != entry
    ]
    found = {
        "new": [key for key in new.sources if key not in old.sources],
        "gone": [key for key in old.sources if key not in new.sources],
        "changed": altered,
    }
    return "; ".join(f"{what}: {some(names)}" for what, names in found.items() if names)


def _fields(old: Source, new: Source) -> Iterable[str]:
    return (one for one in msgspec.structs.asdict(old) if getattr(old, one) != getattr(new, one))
