from __future__ import annotations

import pytest

from bordertally.streams.flow_names import flow_name, flow_title, place_name, population_name


@pytest.mark.parametrize(
    ("flow", "name"),
    [
        ("RU", "everyone leaving Russia"),
        ("RU:GE", "Russia to Georgia"),
        ("RU:GE:verkhny-lars", "Russia to Georgia at Verkhny Lars"),
        ("RU:EU", "Russia to European Union"),
        ("RU:EU:FI", "Russia to Finland (European Union)"),
        ("RU:EU:FI:vaalimaa", "Russia to Finland (European Union) at Vaalimaa"),
        ("RU:EU:border-2", "Russia to European Union at Border 2"),
        ("MD:XK", "Moldova to Kosovo"),
        ("*:RO", "everyone entering Romania"),
        ("*:EU:RO", "everyone entering Romania (European Union)"),
    ],
)
def test_a_flow_is_named_by_its_countries_and_its_checkpoint(flow: str, name: str) -> None:
    assert flow_name(flow) == name


@pytest.mark.parametrize(("flow", "title"), [("RU", "Everyone leaving Russia"), ("RU:GE", "Russia to Georgia")])
def test_a_sentence_begins_with_a_capital(flow: str, title: str) -> None:
    assert flow_title(flow) == title


def test_a_code_without_a_name_stands_for_itself() -> None:
    assert place_name("QQ") == "QQ"


@pytest.mark.parametrize(
    ("population", "name"),
    [
        ("people", "people"),
        ("citizens:RU", "citizens of Russia"),
        ("citizens:ZZ", "citizens of other or unknown countries"),
        ("single_men", "single men"),
    ],
)
def test_a_population_is_named(population: str, name: str) -> None:
    assert population_name(population) == name
