"""Changes of the registry: what a new registry changes, and what it must not change while claims are kept."""

from __future__ import annotations

from collections.abc import Iterable

from bordertally.streams.errors import ConfigError, shown, some
from bordertally.streams.reports.sources import Registry, Source


def check_change(old: Registry, new: Registry) -> None:
    """Raise ConfigError for a change that would count people twice beside the claims that are kept.

    With other blocs a flow has another path, and with another time zone a bare date is another day. A corrected claim
    would then stand beside the claim that it should replace.
    """
    if old.blocs != new.blocs:
        raise ConfigError(
            f"blocs: {shown(sorted(new.blocs))} was {shown(sorted(old.blocs))}: flows would have other paths than in "
            "the claims that are kept; stop the workers and replay"
        )
    for key in old.sources.keys() & new.sources.keys():
        before, after = old.sources[key].tz, new.sources[key].tz
        if before != after:
            raise ConfigError(
                f"sources.{key}.tz: {shown(after)} was {shown(before)}: dates would be other days than in the claims "
                "that are kept; stop the workers and replay"
            )


def changes(old: Registry, new: Registry) -> str:
    """The sources and aliases that are new, gone and changed, in words; empty where there are none."""
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
    return "; ".join(f"{what}: {some(names)}" for what, names in (found | _aliases(old, new)).items() if names)


def _aliases(old: Registry, new: Registry) -> dict[str, list[str]]:
    now, before = ({f"{name} = {place}" for name, place in registry.aliases.items()} for registry in (new, old))
    return {"new aliases": sorted(now - before), "gone aliases": sorted(before - now)}


def _fields(old: Source, new: Source) -> Iterable[str]:
    return (name for name in Source.__struct_fields__ if getattr(old, name) != getattr(new, name))
