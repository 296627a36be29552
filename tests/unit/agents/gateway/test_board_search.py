"""What the search and the filters of the board select."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from unit.agents.gateway.node import run_steps

FLOWS = ["RU", "RU:GE", "RU:GE:verkhny-lars", "RU:EU:FI", "RU:EU:FI:vaalimaa", "RU:EU:EE:narva", "GE:TR", "*:RO"]
PLACES = [
    {"place": "vaalimaa", "countries": ["FI", "RU"], "names": ["Vaalimaa", "Torfyanovka", "Ваалимаа"]},
    {"place": "red-bridge", "countries": ["GE", "AZ"], "names": ["Red Bridge"]},
    {"place": "nida", "countries": ["LT", "RU"], "names": ["Nida"]},
    {"place": "imatra", "countries": ["FI", "RU"], "names": ["Imatra"]},
    {"place": "GE", "countries": ["GE"], "names": ["Tbilisi"]},
    {"place": "FI", "countries": ["FI"], "names": ["Helsinki"]},
]
FIND = """
import { Finder } from "./shared/search.js";
const finder = new Finder(given.places);
console.log(JSON.stringify(given.words.map((words) => given.flows.filter(finder.matcher(words, given.flows)))));
"""


def found(tmp_path: Path, *words: str) -> Any:
    given = {"places": PLACES, "flows": FLOWS, "words": words}
    return run_steps(tmp_path, FIND, msgspec.json.encode(given).decode())


def test_flows_are_found_by_code_by_name_and_by_sentence(tmp_path: Path) -> None:
    assert found(
        tmp_path, "", "ru:ge", "russia to georgia", "Russia → Georgia", "vaali", "ENTERING rom", "nowhere"
    ) == [
        FLOWS,
        ["RU:GE", "RU:GE:verkhny-lars"],
        ["RU:GE", "RU:GE:verkhny-lars"],
        ["RU:GE", "RU:GE:verkhny-lars"],
        ["RU:EU:FI:vaalimaa"],
        ["*:RO"],
        [],
    ]


def test_a_place_means_its_checkpoint_else_the_flows_into_its_country(tmp_path: Path) -> None:
    assert found(tmp_path, "torfyan", "tbilisi", "imatra", "red bridge", "Нида") == [
        ["RU:EU:FI:vaalimaa"],  # the other side of the border calls it so
        ["RU:GE"],
        ["RU:EU:FI"],  # there is no flow at Imatra: what crosses between its countries
        [],  # nobody reports on flows from Azerbaijan to Georgia
        [],
    ]


ALERT = {
    "flow": "RU:GE",
    "severity": "warning",
    "state": "firing",
    "rule": "drop",
    "population": "people",
    "reports": ["ge/1"],
}
PASS = """
import { filtersIn, passes, queryOf } from "./shared/search.js";
const filters = filtersIn(given.query);
console.log(JSON.stringify([queryOf(filters, "?q=old"), passes(given.alert, filters, true)]));
"""


@pytest.mark.parametrize(
    ("query", "passed"),
    [
        ("", True),
        ("?severity=warning", True),
        ("?severity=critical", False),
        ("?state=firing", True),
        ("?state=updated", False),
        ("?state=muted", True),
        ("?state=loud", False),
        ("?rule=drop", True),
        ("?rule=record", False),
        ("?source=ge", True),
        ("?source=g", False),
        ("?population=men", False),
        ("?flow=RU", True),
        ("?flow=R", False),
        ("?severity=notice&flow=KZ", False),
    ],
)
def test_a_filter_selects_alerts_and_is_the_address(tmp_path: Path, query: str, *, passed: bool) -> None:
    given = msgspec.json.encode({"query": query, "alert": ALERT}).decode()
    assert run_steps(tmp_path, PASS, given) == [query, passed]
