"""Follows pages, feeds and files: turns new articles that say how many people crossed into reports."""

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
from bordertally.streams.reports.validation import Limits
from bordertally.streams.statements.reports import LONGEST, WordReader, read_claims

REMEMBERED = 5_000
"""The most article keys remembered of a source, the newest."""


class Round(NamedTuple):
    """The result of a round: reports, keys of new articles, and how many are new without a figure, or known."""

    reports: list[bytes]
    keys: list[str]
    silent: int
    known: int


class DocumentFollower:
    """Follows documents for one source of the registry. `full`: fetch the page of every new entry of a feed."""

    def __init__(self, words: WordReader, limits: Limits, source: str, memory: Memory, *, full: bool = False) -> None:
        self.words, self.limits, self.source, self.memory, self.full = words, limits, source, memory, full

    async def round(self, place: str, fetcher: Fetcher) -> Round:
        """Read an address or a file once. Raises BordertallyError when it cannot be read."""
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
        reports = [self._report(article) for article in fresh]
        return Round(
            [raw for raw in reports if raw is not None],
            [article.key for article in fresh],
            sum(raw is None for raw in reports),
            known,
        )

    def remember(self, done: Round) -> None:
        """Record the articles of a published round, so that they are not published again."""
        seen = self.memory.seen.setdefault(self.source, [])
        seen += [key for key in done.keys if key not in seen]
        del seen[:-REMEMBERED]

    async def _whole(self, article: Article, fetcher: Fetcher) -> Article:
        """Return the article with the text of its page when the page can be fetched and is longer."""
        try:
            body = (await fetcher.get(article.url)).body
        except BordertallyError:
            return article
        text = page(body, article.url).text if body is not None else ""
        return article._replace(text=text) if len(text) > len(article.text) else article

    def _report(self, article: Article) -> bytes | None:
        """Return the report of an article; None when its text contains no claim."""
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
            read_claims(raw, self.words.registry, now, self.limits, self.words)
        except RefusedError:
            return None
        return raw


def _within(text: str, limit: int) -> Iterator[str]:
    """Yield the first paragraphs of a text, up to `limit` characters in all."""
    used = 0
    for paragraph in text.split("\n\n"):
        used += len(paragraph) + 2
        if used > limit:
            return
        yield paragraph


def _file(place: str) -> bytes:
    try:
        return Path(place).read_bytes()
    except OSError as error:
        raise BordertallyError(f"{place}: {error.strerror}") from None
