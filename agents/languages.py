"""The reader's tables: the languages and the gazetteer that come with the project."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from streams.statements.gazetteer import english_names, parse_gazetteer
from streams.statements.language import Language, parse_language
from streams.statements.reader import Reader

LANGUAGES = ("en", "ru")


def _text(name: str) -> str:
    return resources.files("streams.statements").joinpath("tables", name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def load_reader() -> Reader:
    """A reader of every language there is a table for. Raises ConfigError naming the table and the pattern at fault."""
    tables = [parse_language(_text(f"{code}.toml"), f"{code}.toml") for code in LANGUAGES]
    languages = [Language(one, english_names() if one.code == "en" else {}, f"{one.code}.toml") for one in tables]
    return Reader(languages, parse_gazetteer(_text("places.toml"), "places.toml"))
