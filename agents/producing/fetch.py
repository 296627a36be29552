"""An HTTP fetcher that obeys robots.txt, keeps crawl delays, and fetches only documents that have changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

import aiohttp
import msgspec

from bordertally.streams.errors import BordertallyError, shown

AGENT = "bordertally"
MAX_BYTES = 5_000_000
TIMEOUT_S = 30.0
REDIRECTS = 5
ROBOTS_S = 86_400.0
"""Seconds after which a robots.txt is fetched again."""
SLOWEST_S = 60.0
"""The longest crawl delay kept, in seconds; a longer one is cut to this."""


class Validators(msgspec.Struct):
    """The ETag and Last-Modified of a document's version, for conditional requests."""

    etag: str | None = None
    modified: str | None = None


class SeenArticle(msgspec.Struct, frozen=True):
    """An article that was read. `entries`: by place that lists it, a digest of what the place showed of it.

    `said`: a digest of the claims that were read in it. `published`: that of its newest report. `text`: a digest of its
    text. `moved_from`: its key when it was first seen, if the publisher has given it another.
    """

    entries: dict[str, str] = {}
    said: str = ""
    published: datetime | None = None
    text: str = ""
    moved_from: str | None = None


class Memory(msgspec.Struct):
    """State between runs: validators by address, and the articles read by source and key."""

    documents: dict[str, Validators] = {}
    seen: dict[str, dict[str, SeenArticle]] = {}


class _OldMemory(msgspec.Struct):
    """The memory of version 0.1, which kept only the keys of articles."""

    documents: dict[str, Validators] = {}
    seen: dict[str, list[str]] = {}

    def now(self) -> Memory:
        """The same as a Memory: what an article said is noted when it is next seen."""
        seen = {source: {key: SeenArticle() for key in keys} for source, keys in self.seen.items()}
        return Memory(self.documents, seen)


class Document(NamedTuple):
    """A fetched document; `body` is None when it has not changed."""

    url: str
    body: bytes | None


def load_memory(path: Path | None) -> Memory:
    """Return the memory of an earlier run, empty without a file. Raises BordertallyError for an unreadable file."""
    if path is None or not path.exists():
        return Memory()
    try:
        raw = path.read_bytes()
        try:
            return msgspec.json.decode(raw, type=Memory)
        except msgspec.ValidationError:
            return msgspec.json.decode(raw, type=_OldMemory).now()
    except (msgspec.MsgspecError, OSError) as error:
        raise BordertallyError(f"{path}: not the memory of an earlier run: {error}") from None


def save_memory(path: Path | None, memory: Memory) -> None:
    """Save the memory for the next run, by one atomic rename."""
    if path is not None:
        fresh = path.with_name(f"{path.name}.new")
        fresh.write_bytes(msgspec.json.encode(memory))
        fresh.replace(path)


class Fetcher:
    """Fetches over one HTTP session. Requests to a host are spaced by the crawl delay of its robots.txt."""

    def __init__(self, session: aiohttp.ClientSession, memory: Memory) -> None:
        self.session, self.memory = session, memory
        self._robots: dict[str, RobotFileParser] = {}
        self._next: dict[str, float] = {}

    def forget(self, url: str) -> None:
        """Fetch a document next time even if it has not changed."""
        self.memory.documents.pop(url, None)

    async def get(self, url: str) -> Document:
        """Fetch a document if it has changed.

        Raises BordertallyError: forbidden by robots.txt, a status other than 200 or 304, too large, or no response.
        """
        known = self.memory.documents.get(url, Validators())
        conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
        headers = {name: value for name, value in conditions.items() if value is not None}
        at = url
        for _ in range(REDIRECTS + 1):
            await self._await_permission(at)
            status, body, response_headers = await self._request(at, headers)
            if status not in (301, 302, 303, 307, 308) or "Location" not in response_headers:
                break
            at = urljoin(at, response_headers["Location"])
        if status == 304:
            return Document(url, None)
        if status != 200:
            raise BordertallyError(f"{url}: the server returned status {status}")
        self.memory.documents[url] = Validators(response_headers.get("ETag"), response_headers.get("Last-Modified"))
        return Document(url, body)

    async def _await_permission(self, url: str) -> None:
        """Wait until robots.txt permits a request, for redirects too. Raises BordertallyError when it forbids it."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise BordertallyError(f"{shown(url)}: write an address that begins with http:// or https://")
        robots = await self._rules(f"{parts.scheme}://{parts.netloc}")
        if not robots.can_fetch(AGENT, url):
            raise BordertallyError(f"{url}: the host's robots.txt forbids fetching it")
        await self._wait(parts.netloc, robots)

    async def _rules(self, host: str) -> RobotFileParser:
        """Return the rules of a host (RFC 9309): 404 allows everything; 401, 403 and server errors allow nothing."""
        known = self._robots.get(host)
        if known is not None and time.time() - known.mtime() < ROBOTS_S:
            return known
        rules = self._robots[host] = RobotFileParser()
        status, body, _ = await self._request(f"{host}/robots.txt", {})
        if status in (401, 403) or status >= 500:
            rules.parse(["User-agent: *", "Disallow: /"])
        else:
            rules.parse(body.decode("utf-8", "replace").splitlines() if status == 200 else [])
        return rules

    async def _wait(self, host: str, robots: RobotFileParser) -> None:
        now = asyncio.get_running_loop().time()
        due = self._next.get(host, now)
        delay = min(float(robots.crawl_delay(AGENT) or 0), SLOWEST_S)
        self._next[host] = max(due, now) + delay
        if due > now:
            await asyncio.sleep(due - now)

    async def _request(self, url: str, headers: dict[str, str]) -> tuple[int, bytes, Mapping[str, str]]:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with self.session.get(
                url, headers={"User-Agent": AGENT} | headers, timeout=timeout, allow_redirects=False
            ) as response:
                body = await response.content.read(MAX_BYTES + 1)
                while len(body) <= MAX_BYTES and (more := await response.content.read(MAX_BYTES)):
                    body += more
                if len(body) > MAX_BYTES:
                    raise BordertallyError(f"{url}: larger than {MAX_BYTES:,} bytes")
                return response.status, body, response.headers
        except TimeoutError:
            raise BordertallyError(f"{url}: no response within {TIMEOUT_S:g} s") from None
        except aiohttp.ClientError as error:
            raise BordertallyError(f"{url}: no response: {error or 'the connection failed'}") from None
