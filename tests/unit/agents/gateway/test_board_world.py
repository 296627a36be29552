"""The outlines of the board's map, and the coordinates of the gazetteer: each place lies in or beside its countries."""

from __future__ import annotations

import json

import pytest

from bordertally.agents.gateway.pages.languages import BOARD
from bordertally.agents.runtime.languages import load_gazetteer

WORLD: dict[str, list[list[int]]] = json.loads((BOARD / "overview" / "world.json").read_text())
GAZETTEER = load_gazetteer()
UNDRAWN = {"GQ", ("rafah", "PS")}
"""An island and a strip that outlines at 1:110 million leave out, though they have the rest of their country."""

NEAR = 0.6
"""Degrees by which a place may lie outside the box around its country: outlines at 1:110 million are rough."""


def inside(code: str, at: tuple[float, float]) -> bool:
    """Whether a place lies in the box around one of the rings of a country, or near it."""
    north, east = at
    for ring in WORLD[code]:
        longitudes, latitudes = [x / 10 for x in ring[::2]], [y / 10 for y in ring[1::2]]
        if (
            min(longitudes) - NEAR <= east <= max(longitudes) + NEAR
            and min(latitudes) - NEAR <= north <= max(latitudes) + NEAR
        ):
            return True
    return False


def test_every_capital_lies_in_its_country() -> None:
    drawn = {code: capital.at for code, capital in GAZETTEER.capitals.items() if code in WORLD}
    assert len(drawn) > 150
    assert [code for code, at in drawn.items() if code not in UNDRAWN and not inside(code, at)] == []


def test_every_checkpoint_lies_at_its_countries() -> None:
    assert len(GAZETTEER.coordinates) > 100
    far = [
        (slug, side)
        for slug, at in GAZETTEER.coordinates.items()
        for side in GAZETTEER.checkpoints[slug].sides
        if side in WORLD and (slug, side) not in UNDRAWN and not inside(side, at)
    ]
    assert far == []


@pytest.mark.parametrize("code", ["RU", "GE", "KZ", "FI", "XK"])
def test_outlines_are_closed_rings_within_the_world(code: str) -> None:
    for ring in WORLD[code]:
        assert ring[:2] == ring[-2:]
        assert all(-1800 <= x <= 1800 for x in ring[::2])
        assert all(-900 <= y <= 900 for y in ring[1::2])
