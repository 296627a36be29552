"""The gazetteer: what it holds, that every name leads to its place, and what a wrong entry is told."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bordertally.agents.runtime.languages import gazetteer_text, load_reader
from bordertally.streams.errors import ConfigError
from bordertally.streams.flows import BLOCS, parse_flow
from bordertally.streams.statements.lexicon.gazetteer import (
    Checkpoint,
    name_pattern,
    needles_of_names,
    parse_gazetteer,
    unaccented,
)
from bordertally.streams.statements.lexicon.prefilter import fold, may_match
from bordertally.streams.statements.reader import Speaker

GAZETTEER = parse_gazetteer(gazetteer_text(), "places.toml")
NOON = datetime(2022, 9, 27, 12, tzinfo=UTC)


def flow(text: str) -> object:
    (claim,) = load_reader().read(text, NOON, Speaker(ZoneInfo("UTC"))).found
    return claim.claim.flow


def test_it_is_wide() -> None:
    assert len(GAZETTEER.checkpoints) >= 800
    borders = {frozenset(checkpoint.sides) for checkpoint in GAZETTEER.checkpoints.values()}
    for name, others in {
        "RU": "FI NO EE LV LT PL GE AZ KZ MN CN",
        "BY": "LV LT PL",
        "UA": "PL SK HU RO MD",
        "TR": "BG GR GE SY IR IQ",
        "HU": "RS AT RO",
        "KZ": "KG UZ CN",
        "ES": "MA",
        "US": "MX CA",
        "SD": "EG TD SS ET",
        "CO": "VE PA EC BR",
        "PK": "AF IR IN",
        "TH": "MM KH LA MY",
        "UG": "KE TZ RW CD SS",
        "ZA": "ZW MZ BW NA SZ LS",
        "HN": "GT SV NI",
        "BA": "HR RS ME",
    }.items():
        for other in others.split():
            assert frozenset({name, other}) in borders, (name, other)
    assert GAZETTEER.checkpoints["zvartnots"].sides == ("AM",)


def test_every_checkpoint_is_named_in_both_languages_and_by_codes_of_its_sides() -> None:
    for slug, point in GAZETTEER.checkpoints.items():
        assert {"en", "ru"} <= point.names.keys(), slug
        assert tuple(part[:2] for part in point.parts) == point.sides
        parse_flow(":".join([*(point.sides if len(point.sides) == 2 else ("RU", *point.sides)), slug]))


def test_no_name_belongs_to_two_checkpoints() -> None:
    for language in ("en", "ru"):
        names = [name for point in GAZETTEER.checkpoints.values() for name in set(point.names.get(language, []))]
        assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("slug", GAZETTEER.checkpoints)
def test_every_english_name_leads_to_its_checkpoint(slug: str) -> None:
    point = GAZETTEER.checkpoints[slug]
    into = point.sides[-1]
    origin = point.sides[0] if len(point.sides) == 2 else "RU"
    reader = load_reader().tongues[0].language
    names = {code: reader.countries[code][0] for code in (origin, into)}
    spoken_names = {"HK": "Hong Kong", "CN": "China", "US": "the USA", "GB": "the UK"}
    start, end = (
        spoken_names.get(code) or name.replace("(?:the )?", "").split("|")[0].split("(?")[0].replace("\\", "")
        for code, name in names.items()
    )
    bloc = next((name for name, members in BLOCS.items() if into in members and origin not in members), None)
    for name in point.names["en"]:
        read_flow = flow(f"On Monday 4,200 people crossed from {start} to {end} through {name}.")
        assert str(read_flow).replace(f":{bloc}:", ":") == f"{origin}:{into}:{slug}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("On Monday 4,200 people entered Hungary from Serbia at Roszke.", "RS:HU:roszke"),
        ("On Monday 4,200 people entered Hungary from Serbia at Röszke.", "RS:HU:roszke"),
        ("On Monday 4,200 people left Ukraine through Szeginie.", "UA:PL:medyka"),
        ("On Monday 4,200 people entered Bulgaria at Kapıkule.", "TR:BG:kapikule"),
        ("On Monday 4,200 people flew from Russia to Armenia via Zvartnots.", "RU:AM:zvartnots"),
        ("On Monday 4,200 people flew from Armenia to Russia via Zvartnots.", "AM:RU:zvartnots"),
        ("В понедельник через «Верхний Ларс» в Грузию въехали 4200 человек.", "RU:GE:verkhny-lars"),
        ("В понедельник через Капыкуле в Болгарию въехали 4200 человек.", "TR:BG:kapikule"),
        ("В понедельник через КПП Сырым в Казахстан въехали 4200 человек.", "RU:KZ:mashtakovo"),
        ("В понедельник в Финляндию через Рая-Йоосеппи въехали 4200 человек.", "RU:FI:raja-jooseppi"),
    ],
)
def test_names_as_they_are_written(text: str, expected: str) -> None:
    assert flow(text) == expected


def test_names_may_lack_accents_and_have_any_ending() -> None:
    assert unaccented("Krościenko, Kapıkule, İpsala, Dołhobyczów") == "Kroscienko, Kapikule, Ipsala, Dolhobyczow"
    assert unaccented("Стурскуг, Вишнёвка, й") == "Стурскуг, Вишнёвка, й"
    assert name_pattern(["Брусничн*"]) == r"""[«"„“]?(?:Брусничн\w*)[»"“”]?"""


def test_the_other_side() -> None:
    point = Checkpoint(("RU", "GE"))
    assert [point.beyond(code) for code in ("RU", "GE", "AM", None)] == ["GE", "RU", None, None]
    airport = Checkpoint(("AM",))
    assert [airport.beyond(code) for code in ("RU", "AM", None)] == ["AM", None, None]


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_needles_of_names_are_in_whatever_their_pattern_matches(language: str) -> None:
    for point in GAZETTEER.checkpoints.values():
        names = point.names.get(language, [])
        needles = needles_of_names(names, {"border": 9})
        pattern = re.compile(name_pattern(names or ["X"]))
        for name in names:
            for spelling in (name, unaccented(name), name.replace(" ", "-"), name.replace("*", "ого")):
                assert pattern.fullmatch(spelling.replace("*", "а"))
                assert may_match(needles, fold(spelling)), spelling
    assert needles_of_names([], {}) == ()
    assert needles_of_names(["Seme border"], {"border": 9, "seme": 1}) == ("seme",)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("[checkpoints.x.QQ]\n[checkpoints.x.RU]\n[regions]", "x: QQ is no ISO 3166-1 country code or bloc"),
        ("[checkpoints.x.FI-99]\n[checkpoints.x.RU]\n[regions]", "x: FI-99 is no ISO 3166-2 code"),
        ("[checkpoints.x.FI]\n[checkpoints.x.FI-02]\n[regions]", "x: a checkpoint has two sides in two countries"),
        ("[checkpoints.x]\n[regions]", "x: a checkpoint has two sides in two countries"),
        ("[checkpoints.X.FI]\n[regions]", "X: a slug has small letters"),
        ("[checkpoints]\n[regions.RU-QQ]", "RU-QQ: RU-QQ is no ISO 3166-2 code"),
        ("[checkpoints]", "missing required field"),
        ("[checkpoints.x.FI]\nen = 'Nuijamaa'\n[regions]", "Expected `array`"),
        ("[checkpoints", "places.toml: "),
    ],
)
def test_a_wrong_entry_is_named(entry: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_gazetteer(entry, "places.toml")
