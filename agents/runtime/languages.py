"""The reader's tables: the languages and the gazetteer that come with the project."""

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
    """The codes of ISO 639-1 of all languages that there is a table for."""
    return sorted(one.name[:2] for one in _TABLES.iterdir() if re.fullmatch(r"[a-z]{2}\.toml", one.name))


def gazetteer_text() -> str:
    """The gazetteer as written."""
    return _text("places.toml")


@lru_cache(maxsize=1)
def load_reader() -> Reader:
    """A reader of every language there is a table for. Raises ConfigError naming the table and the pattern at fault."""
    tables = [parse_language(_text(f"{code}.toml"), f"{code}.toml") for code in languages()]
    known = [Language(one, english_names() if one.code == "en" else {}, f"{one.code}.toml") for one in tables]
    return Reader(known, _gazetteer)


@lru_cache(maxsize=1)
def _gazetteer() -> Gazetteer:
    return parse_gazetteer(gazetteer_text(), "places.toml")


def word_reader(registry: Registry, extractor: Extractor | None = None) -> WordReader:
    """What reads reports in words against a registry."""
    return WordReader(load_reader, registry, extractor)


def load_extractor(name: str) -> Extractor | None:
    """The extractor that a setting names as `module:function`; None for an empty name. Raises ConfigError.

    What it raises later is logged, and the statement read without it.
    """
    if not name:
        return None
    module, _, function = name.partition(":")
    try:
        found = getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"BORDERTALLY_EXTRACTOR={shown(name)}: {error}; write module:function") from None
    return _guarded(cast("Extractor", found), name)


def _guarded(extractor: Extractor, name: str) -> Extractor:
    """An extractor whose failures are logged and cost its proposals only: what the rules read goes on."""

    def guarded(text: str, published: datetime, speaker: Speaker) -> Iterable[dict[str, Any]]:
        try:
            return list(extractor(text, published, speaker))
        except Exception:
            log.exception("extractor %s failed on a statement of %d characters", name, len(text))
            return []

    return guarded
