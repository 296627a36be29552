"""The languages of the board: complete tables, no text in the modules, and which language a reader gets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import pytest

from bordertally.agents.gateway.guard import PAGES
from bordertally.agents.gateway.pages.languages import BOARD, LANGUAGES, TABLES, check_language, chosen_language, table
from bordertally.agents.gateway.pages.rendering import rendered
from bordertally.agents.gateway.stream.events import RANK
from bordertally.streams.alerts.records import AlertState
from bordertally.streams.detection.registry import RULES
from bordertally.streams.errors import ConfigError
from bordertally.streams.qualifiers import Qualifier
from bordertally.streams.reports.sources import Grade
from bordertally.streams.statements.records import Doubt
from bordertally.streams.statements.review import Verdict
from unit.agents.gateway.node import run_steps

COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", re.DOTALL)
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`')
HOLE = re.compile(r"\$\{[^}]*\}")
PROSE = re.compile(r"[A-Za-z]{2,}[,.:;!?]? [A-Za-z]{2,}|^[A-Z][a-z]+\b(?![A-Z])")
"""Two words, or one that begins like a sentence."""

NO_TEXT_AFTER = re.compile(
    r"(?:class|vars|kind|role|type|tag): *$|headers|font-family"
    r"|(?:event\.key ===|matches\(|Selector(?:All)?\(|closest\(|get\() *$"
)
NO_TEXT = {
    "band coarse", "range open", "until behind", "projected much", "land involved",  # classes
    "noopener noreferrer nofollow", "use strict", "Bearer ", '<iframe src="${new URL(',  # of HTML and HTTP
    " is not set here", "no text has the key ",  # for developers
}  # fmt: skip


def forms(text: str | dict[str, str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text.values())


def holes(text: str | dict[str, str]) -> set[str]:
    return {name for form in forms(text) for name in re.findall(r"\{(\w+)\}", form)}


MODULES = [path for path in sorted(BOARD.glob("*/*.js")) if path.parent != TABLES]


def sources(paths: Iterable[Path]) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


# --- the tables ------------------------------------------------------------------------------------------------


def test_every_table_has_the_same_keys_in_order_and_fills_the_same_places() -> None:
    english = table("en")
    for language in LANGUAGES:
        texts = table(language)
        assert list(texts) == sorted(english), language
        assert {key: holes(text) for key, text in texts.items()} == {key: holes(text) for key, text in english.items()}


def test_every_plural_of_a_language_has_its_form(tmp_path: Path) -> None:
    steps = """
    const numbers = Array.from({ length: 200 }, (_, n) => n);
    const forms = (language) => [...new Set(numbers.map((n) => new Intl.PluralRules(language).select(n)))];
    console.log(JSON.stringify(Object.fromEntries(given.map((language) => [language, forms(language)]))));
    """
    wanted = run_steps(tmp_path, steps, json.dumps(LANGUAGES))
    assert set(wanted["ru"]) == {"one", "few", "many"}
    for language in LANGUAGES:
        for key, text in table(language).items():
            assert isinstance(text, str) or set(text) == set(wanted[language]), (language, key)


def test_no_text_stands_in_the_modules() -> None:
    for path in MODULES:
        code = COMMENT.sub("", path.read_text(encoding="utf-8"))
        for found in LITERAL.finditer(code):
            text = HOLE.sub("", found[1] if found[1] is not None else found[2])
            before = code[max(0, found.start() - 40) : found.start()]
            assert text in NO_TEXT or NO_TEXT_AFTER.search(before) or not PROSE.search(text), f"{path.name}: {text!r}"


def test_every_text_is_used_and_every_text_used_is_there() -> None:
    code, pages = sources(MODULES), sources(BOARD.glob("*/*.html"))
    named = set(re.findall(r'\b(?:t|pieces|said)\("([^"]+)"', code)) | set(re.findall(r"\{\{(\w+\.\w+)\}\}", pages))
    assert named <= set(table("en"))
    quoted = named | set(re.findall(r'"([a-z_]+\.[\w.-]+)"', code))
    kinds = set(re.findall(r"`([a-z_]+)\.", code)) | set(re.findall(r'named\("(\w+)"', code)) | {"page"}
    assert [key for key in table("en") if key not in quoted and key.split(".")[0] not in kinds] == []


def test_every_value_of_the_records_has_its_words() -> None:
    values: dict[str, Iterable[str]] = {
        "doubt": Doubt, "state": AlertState, "grade": Grade,
        "decision": get_args(Verdict), "severity": RANK,
    }  # fmt: skip
    for kind, some in values.items():
        assert [value for value in some if f"{kind}.{value}" not in table("en")] == [], kind


def values_with_words(kind: str) -> set[str]:
    """The values of a kind for which the tables have a text."""
    return {key.partition(".")[2] for key in table("en") if key.startswith(f"{kind}.")}


def test_a_rule_has_all_its_words_or_none() -> None:
    named, explained, compared = (values_with_words(kind) for kind in ("rule", "explain", "compared"))
    assert named == explained == compared - {"change"}
    assert {"daily-rate", "drop"} < named <= set(RULES)


def test_a_qualifier_has_all_its_words_or_none() -> None:
    assert {"count", "about"} < values_with_words("qualifier") == values_with_words("qualifier_name") <= set(Qualifier)


def test_russian_has_its_own_plurals_numbers_and_dates(tmp_path: Path) -> None:
    steps = """
    globalThis.document = { documentElement: { lang: "ru" } };
    const words = await import("./shared/words.js");
    const { t } = await import("./shared/language.js");
    console.log(JSON.stringify([
      [1, 2, 5, 11, 21, 104].map((n) => words.count(n, "report")),
      words.interval(53000, 54000), words.interval(196929, null), words.ratioWords(1.82),
      words.day("2022-09-27", { year: true }), words.dayRange("2022-09-21", "2022-09-28"),
      words.moment("2022-09-28T12:00:00Z"),
      words.flowName("RU"), words.flowWords("RU:EU:FI"),
      words.claimWords({ people: 53000, qualifier: "more_than", population: "people", unit: "people" }),
    ]));
    """
    reports, both, open_, ratio, day, days, moment, leaving, finland, claim = run_steps(tmp_path, steps)
    assert reports == [
        "1 сообщение", "2 сообщения", "5 сообщений", "11 сообщений", "21 сообщение", "104 сообщения",
    ]  # fmt: skip
    assert both == "53\u00a0000 \u2013 54\u00a0000"
    assert open_ == "не менее 196\u00a0929"
    assert ratio == "1,8\u00d7"
    assert (day, days, moment) == ("27 сент. 2022", "21\u201327 сент.", "28 сент. 2022, 12:00 UTC")
    assert (leaving, finland) == ("Выезд: Россия", "Россия → Финляндия (Европейский союз)")
    assert claim == "более 53\u00a0000 человек"


# --- which language --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "setting", "accepted", "chosen"), [
    (None, "", "", "en"),
    (None, "", "ru-RU,ru;q=0.9,en;q=0.8", "ru"),
    (None, "", "de, en;q=0.7, ru;q=0.8", "ru"),
    (None, "", "ru;q=0, en", "en"),
    (None, "", "ru;q=much, *", "en"),
    (None, "en", "ru", "en"),
    ("ru", "en", "en", "ru"),
    ("xx", "", "ru", "ru"),
])  # fmt: skip
def test_the_address_comes_before_the_setting_and_the_setting_before_the_browser(
    asked: str | None, setting: str, accepted: str, chosen: str
) -> None:
    assert chosen_language(asked, setting, accepted) == chosen


def test_a_setting_without_a_table_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"BORDERTALLY_GATEWAY_LANGUAGE=xx.* one of en, ru"):
        check_language("xx")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_filled_in(language: str) -> None:
    for path, file in PAGES.items():
        template = (BOARD / file).read_text(encoding="utf-8")
        page = rendered(template, path[1:], language, asked=language).decode()
        assert "{{" not in page
        assert f'<html lang="{language}">' in page
        assert f'href="board/languages/{language}.js"' in page
        assert f'"./?lang={language}"' in page or path == "/"
        assert page.count("aria-current") == 1
