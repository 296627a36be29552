from __future__ import annotations

import pytest

from bordertally.streams.imports.figures import BadCellError
from bordertally.streams.imports.places import (
    Names,
    Template,
    clean,
    country_of,
    flow_of,
    is_total,
    population_of,
    slug_of,
)


def names(kept: frozenset[str] = frozenset(), **slugs: str) -> Names:
    return Names({"OTHER": "ZZ"}, slugs, kept)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Мост", "most"),
        ("Брод", "brod"),
        ("Old Bridge", "old-bridge"),
        ("Верхний Ларс", "verkhniy-lars"),
        ("Đakovo/Šid", "dakovo-sid"),
        ("Lo Wu (罗湖)", "lo-wu-luohu"),
        ("***", ""),
    ],
)
def test_a_name_in_any_script_is_a_slug(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("RU", "RU"),
        ("RUS", "RU"),
        ("Russia", "RU"),
        ("Russian Federation", "RU"),
        ("EL", "GR"),
        ("EU", "EU"),
        ("CHINA, PEOPLES REPUBLIC OF", "CN"),
        ("Kosovo", "XK"),
        ("Viet Nam", "VN"),
        ("Oceania", None),
        ("OTHER", None),
        ("xx", None),
        ("", None),
    ],
)
def test_countries_by_code_and_name(name: str, code: str | None) -> None:
    assert country_of(name) == code


@pytest.mark.parametrize(
    "name", ["Total", "GRAND TOTAL", "Subtotal", "Total general", "All ages", "AllAges", "Итого", "合計"]
)
def test_names_of_totals(name: str) -> None:
    assert is_total(name)


@pytest.mark.parametrize("name", ["Allenby", "Totalica", "Sumatra", "Walltown", "Portugal", ""])
def test_names_that_are_no_totals(name: str) -> None:
    assert not is_total(name)


def test_a_flow_has_countries_first_and_a_checkpoint_last() -> None:
    flow = Template("{From}:EU:{To}:{Gate}")
    assert flow.columns == ["From", "To", "Gate"]
    assert flow_of(flow, ["Russia", "FIN", "Vaalimaa"], names()) == "RU:EU:FI:vaalimaa"
    assert flow_of(Template("BR:UY:{Gate}"), ["Мост"], names()) == "BR:UY:most"
    assert flow_of(Template("BR:UY:gate-{No}"), ["7"], names()) == "BR:UY:gate-7"


@pytest.mark.parametrize(
    ("path", "cells", "says"),
    [
        ("BR:UY:{Gate}", ["Total"], "looks like a total of other rows; drop it in rows.drop"),
        ("BR:UY:{Gate}", [" "], "the cell is empty; set rows.fill_down"),
        ("BR:UY:{Gate}", ["***"], r"add the name to \[places\] with a slug"),
        ("{From}:UY", ["Atlantis"], r"add it to \[countries\] with its code \(ZZ: other or unknown\)"),
        ("{From}:UY", ["Uruguay"], "UY:UY is no flow: origin and destination are the same country"),
    ],
)
def test_a_name_that_is_no_place_says_what_to_do(path: str, cells: list[str], says: str) -> None:
    with pytest.raises(BadCellError, match=says):
        flow_of(Template(path), cells, names())


def test_names_that_come_to_one_place_are_kept_as_collisions() -> None:
    seen = names()
    for name in ("Brod", "Brød", "Most", "Most"):
        flow_of(Template("BR:UY:{Gate}"), [name], seen)
    assert seen.collisions == {"BR:UY:brod": {"Brod", "Brød"}}
    assert seen.name_of("BR:UY:most") == "Most"


def test_spellings_of_one_name_and_aliases_are_no_collisions() -> None:
    seen = Names({}, {"Old Brod": "brod"}, frozenset())
    for name in ("Brod", " Brod ", "Old  Brod"):
        assert flow_of(Template("BR:UY:{Gate}"), [name], seen) == "BR:UY:brod"
    assert clean("Cafe\u0301") == "Café"
    assert seen.collisions == {}


def test_the_same_name_below_two_places_is_two_places() -> None:
    seen = names()
    for cells in (["BR", "Norte"], ["AR", "norte"]):
        flow_of(Template("{From}:UY:{Gate}"), cells, seen)
    assert seen.collisions == {}


def test_two_names_of_one_country_collide_unless_an_alias_says_so() -> None:
    seen = names()
    for name in ("Russia", "Russian Federation"):
        population_of(Template("citizens:{C}"), [name], seen, frozenset())
    assert seen.collisions == {"citizens:RU": {"Russia", "Russian Federation"}}
    assert seen.readings == {"Russia": "RU", "Russian Federation": "RU"}


def test_populations() -> None:
    everyone = frozenset({"Total"})
    assert population_of(Template("men"), [], names(), everyone) == "men"
    assert population_of(Template("citizens:{C}"), ["OTHER"], names(), everyone) == "citizens:ZZ"
    assert population_of(Template("citizens:{C}"), ["Total"], names(), everyone) == "people"
    assert population_of(Template("{Group}"), ["Family members"], names(), everyone) == "family-members"
    assert flow_of(Template("BR:UY:{Gate}"), ["Total"], names(frozenset({"Total"}))) == "BR:UY:total"
    with pytest.raises(BadCellError, match="this is no population"):
        population_of(Template("{Age}"), ["20 and more"], names(), everyone)


def test_a_name_without_a_letter_is_no_place_unless_the_mapping_says_so() -> None:
    """It may be the end of a figure that was taken apart at its sign between thousands."""
    with pytest.raises(BadCellError, match="this name has no letter"):
        flow_of(Template("BR:UY:{Gate}"), ["234"], names())
    gates = Names({}, {"234": "gate-234"}, frozenset())
    assert flow_of(Template("BR:UY:{Gate}"), ["234"], gates) == "BR:UY:gate-234"
