"""Follows pages, feeds and files: articles that say how many people crossed become reports when new or changed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from bordertally.agents.producing.documents import Article, articles, page
from bordertally.agents.producing.fetch import Fetcher, Memory, SeenArticle
from bordertally.streams.errors import BordertallyError, Reason, RefusedError
from bordertally.streams.reports.validation import Limits, decode_report
from bordertally.streams.statements.reports import LONGEST, WordReader

REMEMBERED = 5_000
"""The most article keys remembered of a source, the newest."""


SECOND = timedelta(seconds=1)


class Round(NamedTuple):
    """The result of a round: reports, what to remember of its articles by key, and how many articles gave no report.

    `silent`: new or changed articles without a claim. `known`: articles that say what they said before. `early`:
    articles dated too far in the future, which are read again later.
    """

    reports: list[bytes]
    articles: dict[str, SeenArticle]
    silent: int
    known: int
    early: int = 0


class _EarlyError(Exception):
    """The article is dated too far in the future."""


class DocumentFollower:
    """Follows documents for one source of the registry. `full`: fetch the page of every new entry of a feed.

    An article that says something else than before gives a report with the same id and a later `published`, which
    corrects the claims of the report before. So does an article that has moved to another key: one with the same text
    and the same claims.
    """

    def __init__(self, words: WordReader, limits: Limits, source: str, memory: Memory, *, full: bool = False) -> None:
        self.words, self.limits, self.source, self.memory, self.full = words, limits, source, memory, full

    async def round(self, place: str, fetcher: Fetcher) -> Round:
        """Read an address or a file once. Raises BordertallyError when it cannot be read."""
        if "://" in place:
            document = await fetcher.get(place)
            body = document.body
        else:
            body = _file(place)
        done = Round([], {}, 0, 0)
        for article in articles(body, place) if body is not None else []:
            done = await self._read(article, place, fetcher, done)
        if done.early:  # or the server would say that the document has not changed
            fetcher.forget(place)
        return done

    async def _read(self, article: Article, place: str, fetcher: Fetcher, done: Round) -> Round:
        """The round with an article of a place added."""
        before = self.memory.seen.get(self.source, {}).get(article.key)
        entry = _digest([article.title, article.text])
        entries = {**({} if before is None else before.entries), place: entry}
        if before is not None and _shows_nothing_new(article, before, place, entry):
            done.articles[article.key] = msgspec.structs.replace(before, entries=entries)
            return done._replace(known=done.known + 1)
        whole = await self._whole(article, fetcher) if self.full else article
        moment = article.published or datetime.now(UTC)
        try:
            raw, said = self._report(whole, moment, before)
            text = _digest(whole.text)
            if before is None and raw is not None:
                before = self._moved(done, said, text)
            elif before is not None and before.published is not None:
                moment = max(moment, before.published + SECOND)  # or the report before would stay in force
                raw = raw and self._report(whole, moment, before)[0]
        except _EarlyError:
            fetcher.forget(article.url)
            return done._replace(early=done.early + 1)
        repeated = before is not None and before.said == said
        published = before.published if before is not None and (repeated or raw is None) else moment
        moved_from = None if before is None else before.moved_from
        done.articles[article.key] = SeenArticle(entries, said, published, text, moved_from)
        if repeated:
            return done._replace(known=done.known + 1)
        if raw is None:
            return done._replace(silent=done.silent + 1)
        done.reports.append(raw)
        return done

    def _moved(self, done: Round, said: str, text: str) -> SeenArticle | None:
        """The article seen before under another key, with the same text and claims; None for a new article."""
        for key, seen in (*done.articles.items(), *self.memory.seen.get(self.source, {}).items()):
            if seen.said == said and seen.text == text:
                return msgspec.structs.replace(seen, moved_from=seen.moved_from or key)
        return None

    def remember(self, done: Round) -> None:
        """Record the articles of a published round, so that they are not published again unless they change."""
        seen = self.memory.seen.setdefault(self.source, {})
        for key, article in done.articles.items():
            seen.pop(key, None)
            seen[key] = article
        for key in list(seen)[:-REMEMBERED]:
            del seen[key]

    async def _whole(self, article: Article, fetcher: Fetcher) -> Article:
        """Return the article with the text of its page when the page can be fetched and is longer."""
        try:
            body = (await fetcher.get(article.url)).body
        except BordertallyError:
            return article
        text = page(body, article.url).text if body is not None else ""
        return article._replace(text=text) if len(text) > len(article.text) else article

    def _report(self, article: Article, moment: datetime, before: SeenArticle | None) -> tuple[bytes | None, str]:
        """Return the report of an article, None when its text contains no claim, and a digest of what it claims.

        Raises _EarlyError for a time of publication too far in the future.
        """
        key = article.key if before is None or before.moved_from is None else before.moved_from
        zone = self.words.registry.zones[self.source]
        raw = msgspec.json.encode(
            {
                "id": f"{self.source}.{_digest(key)}",
                "source": self.source,
                "published": moment.astimezone(zone).isoformat(timespec="seconds"),
                "url": article.url,
                "title": article.title[:500],
                "text": "\n\n".join(_within(article.text, LONGEST)),
            }
        )
        try:
            statement = self.words.read(decode_report(raw, self.limits), time.time(), self.limits)
        except RefusedError as error:
            if error.reason is Reason.PUBLISHED_IN_FUTURE:
                raise _EarlyError from None
            return None, ""
        claims = [[*claim.identity, claim.qualifier, claim.low, claim.best, claim.high] for claim in statement.claims]
        return raw, _digest([claims, [[item.claim, item.doubts] for item in statement.items]])


def _shows_nothing_new(article: Article, before: SeenArticle, place: str, entry: str) -> bool:
    """Whether a place shows an article as before, or, where it never showed it, in no later version than others."""
    if place in before.entries:
        return before.entries[place] == entry
    return article.published is None or before.published is None or article.published <= before.published


def _digest(content: object) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else msgspec.json.encode(content)).hexdigest()[
        :16
    ]


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
