"""Loading the reader of statements: the tables of languages, the gazetteer, and an extractor of the operator's own."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from importlib import import_module, resources
from typing import Any, cast

from bordertally.streams.errors import ConfigError, shown
from bordertally.streams.reports.sources import Registry
from bordertally.streams.statements.extractor import Extractor
from bordertally.streams.statements.lexicon.gazetteer import Gazetteer, english_names, parse_gazetteer
from bordertally.streams.statements.lexicon.language import Language, parse_language
from bordertally.streams.statements.reader import Reader, Speaker
from bordertally.streams.statements.reports import WordReader

log = logging.getLogger("bordertally")

_TABLES = resources.files("bordertally.streams.statements").joinpath("tables")


def _text(name: str) -> str:
    return _TABLES.joinpath(name).read_text(encoding="utf-8")


def languages() -> list[str]:
    """The ISO 639-1 codes of the languages that have a table, sorted."""
    return sorted(file.name[:2] for file in _TABLES.iterdir() if re.fullmatch(r"[a-z]{2}\.toml", file.name))


def gazetteer_text() -> str:
    """The TOML text of the gazetteer."""
    return _text("places.toml")


@lru_cache(maxsize=1)
def load_reader() -> Reader:
    """The reader of every language that has a table. Raises ConfigError naming table and pattern."""
    tables = [parse_language(_text(f"{code}.toml"), f"{code}.toml") for code in languages()]
    known = [Language(table, english_names() if table.code == "en" else {}, f"{table.code}.toml") for table in tables]
    return Reader(known, load_gazetteer)


@lru_cache(maxsize=1)
def load_gazetteer() -> Gazetteer:
    """The gazetteer of the project. Raises ConfigError naming entry and fault."""
    return parse_gazetteer(gazetteer_text(), "places.toml")


def word_reader(registry: Registry, extractor: Extractor | None = None) -> WordReader:
    """The reader of reports in words for a registry, with an extractor of the operator's own if there is one."""
    return WordReader(load_reader, registry, extractor)


def load_extractor(name: str) -> Extractor | None:
    """The extractor that a setting names as `module:function`; None for an empty name. Raises ConfigError.

    If the extractor fails on a statement, the failure is logged and the statement is read without its proposals.
    """
    if not name:
        return None
    module, _, function = name.partition(":")
    try:
        extractor = getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"BORDERTALLY_EXTRACTOR={shown(name)}: {error}; write module:function") from None
    return _guarded(cast("Extractor", extractor), name)


def _guarded(extractor: Extractor, name: str) -> Extractor:
    """The extractor with its failures logged; a failed call proposes nothing."""

    def guarded(text: str, published: datetime, speaker: Speaker) -> Iterable[dict[str, Any]]:
        try:
            return list(extractor(text, published, speaker))
        except Exception:
            log.exception("extractor %s failed on a statement of %d characters", name, len(text))
            return []

    return guarded
