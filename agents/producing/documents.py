"""Extracts articles from feeds (RSS and Atom, by feedparser) and from HTML pages (their main text)."""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any, NamedTuple
from urllib.parse import urljoin

_SKIPPED = frozenset({"script", "style", "nav", "header", "footer", "aside", "form", "noscript", "template", "figure"})
_BLOCKS = frozenset({"p", "li", "h1", "h2", "h3", "h4", "blockquote", "td", "div", "section", "article", "br", "tr"})
_TEXT = frozenset({"p", "li", "blockquote", "td", "h1", "h2", "h3", "h4"})
_MAIN = frozenset({"article", "main"})
_DATES = frozenset({"article:published_time", "date", "dc.date", "dcterms.date", "pubdate", "publish-date"})
_FEED = re.compile(rb"<(?:rss|feed|rdf:RDF)[\s>]")


class Article(NamedTuple):
    """A published text. `key` identifies it among those of its publisher; `published`: None when unknown."""

    key: str
    title: str
    text: str
    url: str
    published: datetime | None


def articles(body: bytes, url: str) -> list[Article]:
    """Return the entries of a feed, or the article of a page. Never raises for malformed documents."""
    return list(_entries(body, url)) if _FEED.search(body[:4096]) else [page(body, url)]


def _entries(body: bytes, url: str) -> Iterator[Article]:
    import feedparser  # noqa: PLC0415 - slow to import, and only this command needs it

    feed: Any = feedparser.parse(body)
    for entry in feed.entries:
        contents = [content.get("value", "") for content in entry.get("content", [])]
        html = max([*contents, entry.get("summary", "")], key=len)
        moment = entry.get("published_parsed") or entry.get("updated_parsed")
        link = urljoin(url, entry.get("link", ""))
        yield Article(
            key=entry.get("id") or link,
            title=plain(entry.get("title", "")),
            text=plain(html),
            url=link,
            published=None if moment is None else datetime.fromtimestamp(timegm(moment), UTC),
        )


def page(body: bytes, url: str) -> Article:
    """Return the article of an HTML page: the text in `<article>` or `<main>`, else all its paragraphs."""
    reader = _Page()
    reader.feed(body.decode(_charset(body), "replace"))
    reader.close()
    return Article(url, reader.title.strip(), reader.text, url, reader.published)


def plain(html: str) -> str:
    """Return the text of an HTML fragment, with a blank line between blocks."""
    reader = _Page(whole=True)
    reader.feed(html)
    reader.close()
    return reader.text


def _charset(body: bytes) -> str:
    declared = re.search(rb"charset=[\"']?([\w-]+)", body[:2048])
    name = declared[1].decode("ascii") if declared else "utf-8"
    try:
        "".encode(name)
    except LookupError:
        return "utf-8"
    return name


class _Page(HTMLParser):
    """Collects blocks of text and whether each is in the main part; skips navigation, headers and the like.

    `whole`: keep all text, for fragments without block elements.
    """

    def __init__(self, *, whole: bool = False) -> None:
        super().__init__()
        self.whole = whole
        self.title = ""
        self.published: datetime | None = None
        self._open: list[str] = []
        self._blocks: list[tuple[bool, str]] = []
        self._line: list[str] = []

    @property
    def text(self) -> str:
        """The blocks of the main part, or all blocks of a page without one."""
        self._break()
        main = [text for inside, text in self._blocks if inside]
        return "\n\n".join(main or [text for _, text in self._blocks])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element; read a date of publication from it."""
        attributes = dict(attrs)
        if tag == "meta" and (attributes.get("property") or attributes.get("name") or "").lower() in _DATES:
            self._date(attributes.get("content"))
        elif tag == "time":
            self._date(attributes.get("datetime"))
        if tag in _BLOCKS:
            self._break()
        if tag not in ("meta", "link", "br", "img", "input", "hr", "source", "wbr"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close an element and every element left open inside it."""
        if tag in _BLOCKS:
            self._break()
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Collect text."""
        if "title" in self._open and "head" in self._open:
            self.title += data
        elif not _SKIPPED & set(self._open) and (self.whole or _TEXT & set(self._open)):
            self._line.append(data)

    def _break(self) -> None:
        line = " ".join("".join(self._line).split())
        self._line.clear()
        if line:
            self._blocks.append((bool(_MAIN & set(self._open)), line))

    def _date(self, text: str | None) -> None:
        if self.published is None and text:
            try:
                moment = datetime.fromisoformat(text.strip())
            except ValueError:
                return
            self.published = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
