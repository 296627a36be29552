"""One round of following: fetch, read, and make reports of the articles that say how many people crossed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from bordertally.agents.producing.documents import Article, articles, page
from bordertally.agents.producing.fetch import Fetcher, Memory
from bordertally.streams.errors import BordertallyError, RefusedError
from bordertally.streams.statements.reports import LONGEST, WordReader, read_claims

REMEMBERED = 5_000
"""Articles remembered of a source, the newest."""


class Round(NamedTuple):
    """What came of a round: reports, and how many articles were new but say nothing, or known already."""

    reports: list[bytes]
    keys: list[str]
    silent: int
    known: int


class DocumentFollower:
    """Follows documents for one source of the registry. `full`: fetch the page of every new entry of a feed."""

    def __init__(self, words: WordReader, source: str, memory: Memory, *, full: bool = False) -> None:
        self.words, self.source, self.memory, self.full = words, source, memory, full

    async def round(self, place: str, fetcher: Fetcher) -> Round:
        """One look at an address, or at a file. Raises BordertallyError when it cannot be had."""
        if "://" in place:
            document = await fetcher.get(place)
            body = document.body
        else:
            body = _file(place)
        fresh, known = [], 0
        for article in articles(body, place) if body is not None else []:
            if article.key in self.memory.seen.get(self.source, []):
                known += 1
            else:
                fresh.append(await self._whole(article, fetcher) if self.full else article)
        reports = [(one.key, self._report(one)) for one in fresh]
        return Round(
            [raw for _, raw in reports if raw is not None],
            [one.key for one in fresh],
            sum(raw is None for _, raw in reports),
            known,
        )

    def remember(self, done: Round) -> None:
        """The articles of a round are published: do not publish them again."""
        seen = self.memory.seen.setdefault(self.source, [])
        seen += [key for key in done.keys if key not in seen]
        del seen[:-REMEMBERED]

    async def _whole(self, article: Article, fetcher: Fetcher) -> Article:
        """The article with the text of its page, where that can be had and is longer."""
        try:
            body = (await fetcher.get(article.url)).body
        except BordertallyError:
            return article
        text = page(body, article.url).text if body is not None else ""
        return article._replace(text=text) if len(text) > len(article.text) else article

    def _report(self, article: Article) -> bytes | None:
        """The report of an article; None when it says nothing about people crossing."""
        now = time.time()
        zone = self.words.registry.zones[self.source]
        moment = article.published or datetime.fromtimestamp(now, zone)
        raw = msgspec.json.encode(
            {
                "id": f"{self.source}.{hashlib.sha256(article.key.encode()).hexdigest()[:16]}",
                "source": self.source,
                "published": moment.astimezone(zone).isoformat(timespec="seconds"),
                "url": article.url,
                "title": article.title[:500],
                "text": "\n\n".join(_within(article.text, LONGEST)),
            }
        )
        try:
            read_claims(raw, self.words.registry, now, None, self.words)
        except RefusedError:
            return None
        return raw


def _within(text: str, most: int) -> Iterator[str]:
    """The first paragraphs of a text, as many as fit."""
    used = 0
    for paragraph in text.split("\n\n"):
        used += len(paragraph) + 2
        if used > most:
            return
        yield paragraph


def _file(place: str) -> bytes:
    try:
        return Path(place).read_bytes()
    except OSError as error:
        raise BordertallyError(f"{place}: {error.strerror}") from None
