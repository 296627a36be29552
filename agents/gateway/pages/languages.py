"""The languages of the board: a table of texts for each, and the choice of one for a reader."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from pathlib import Path

from bordertally.streams.errors import ConfigError

BOARD = Path(str(resources.files("bordertally.agents.gateway").joinpath("board")))
"""The folder with the files of the board."""

TABLES = BOARD / "languages"
"""A table a language, `ru.js`: a module whose export is JSON, so that browsers and Python read the same file."""

ENGLISH = "en"
LANGUAGES = tuple(sorted(path.stem for path in TABLES.glob("*.js")))
"""The languages that have a table, as ISO 639-1 codes."""

Table = dict[str, str | dict[str, str]]
"""Texts by key. A text that depends on a number has one form for each plural of the language."""

_BEFORE, _AFTER = "export default ", ";"


@lru_cache(maxsize=len(LANGUAGES))
def table(language: str) -> Table:
    """Return the table of a language."""
    text = (TABLES / f"{language}.js").read_text(encoding="utf-8")
    texts: Table = json.loads(text.strip().removeprefix(_BEFORE).removesuffix(_AFTER))
    return texts


def check_language(setting: str) -> None:
    """Raise ConfigError for a setting that names a language without a table."""
    if setting not in ("", *LANGUAGES):
        raise ConfigError(
            f"BORDERTALLY_GATEWAY_LANGUAGE={setting}: the board has no such language; "
            f"use one of {', '.join(LANGUAGES)}, or leave it empty for the language of the browser"
        )


def chosen_language(asked: str | None, setting: str, accepted: str) -> str:
    """Return the language of a page: the one asked for in the address, else of the setting, else of the browser.

    `setting` may be empty. `accepted`: the header Accept-Language. A language without a table is passed over; without
    any other, the page is in English.
    """
    for wanted in (asked, setting, *_by_preference(accepted)):
        if wanted in LANGUAGES:
            return wanted
    return ENGLISH


def _by_preference(accepted: str) -> list[str]:
    """The languages of Accept-Language, without their countries, the most wanted first."""
    weighted: list[tuple[float, str]] = []
    for part in accepted.split(","):
        name, _, weight = part.partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            continue
        weighted.append((-quality, name.strip().partition("-")[0].lower()))
    weighted.sort(key=lambda each: each[0])  # stable: of equal weight, the first one
    return [name for quality, name in weighted if quality < 0]
