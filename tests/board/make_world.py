"""Makes agents/gateway/board/overview/world.json, the countries of the board's map, from Natural Earth (public domain).

Run it with the file countries-110m.json of the npm package world-atlas 2.0.2 (ISC), which holds Natural Earth 4.1 at
1:110 million as TopoJSON:

    python tests/board/make_world.py countries-110m.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pycountry

WORLD = Path(__file__).parents[2] / "agents" / "gateway" / "board" / "overview" / "world.json"
CODES = {"Kosovo": "XK", "N. Cyprus": "CY", "Somaliland": "SO"}
"""Countries without an ISO number in Natural Earth. A part of a country is drawn as the country of its code."""

TENTHS = 10


def rings(topology: dict[str, Any]) -> dict[str, list[list[int]]]:
    """The outlines of each country: rings of longitude and latitude in turn, in tenths of a degree."""
    arcs = _arcs(topology)
    world: dict[str, list[list[int]]] = {}
    for shape in topology["objects"]["countries"]["geometries"]:
        country = pycountry.countries.get(numeric=shape.get("id", ""))
        code = CODES.get(shape["properties"]["name"], country.alpha_2 if country else None)
        if code is None or code == "AQ":
            continue
        polygons = [shape["arcs"]] if shape["type"] == "Polygon" else shape["arcs"]
        for polygon in polygons:
            world.setdefault(code, []).append(_ring(polygon[0], arcs))
    return dict(sorted(world.items()))


def _arcs(topology: dict[str, Any]) -> list[list[tuple[float, float]]]:
    (scale_x, scale_y), (x0, y0) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for steps in topology["arcs"]:
        x = y = 0
        arc = []
        for dx, dy in steps:
            x, y = x + dx, y + dy
            arc.append((x * scale_x + x0, y * scale_y + y0))
        arcs.append(arc)
    return arcs


def _ring(indexes: list[int], arcs: list[list[tuple[float, float]]]) -> list[int]:
    points: list[tuple[int, int]] = []
    for index in indexes:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        for longitude, latitude in arc:
            point = round(longitude * TENTHS), round(latitude * TENTHS)
            if not points or points[-1] != point:
                points.append(point)
    return [figure for point in points for figure in point]


if __name__ == "__main__":
    WORLD.write_text(json.dumps(rings(json.loads(Path(sys.argv[1]).read_text())), separators=(",", ":")) + "\n")
