"""Fetching with manners: what robots.txt forbids is not fetched, and what has not changed is not sent again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

import aiohttp
import msgspec

from bordertally.streams.errors import BordertallyError, shown

AGENT = "bordertally"
MOST_BYTES = 5_000_000
TIMEOUT_S = 30.0
REDIRECTS = 5
ROBOTS_S = 86_400.0
"""Seconds after which a robots.txt is looked at anew."""
SLOWEST_S = 60.0
"""A crawl delay is kept up to so many seconds; a publisher that asks for more is asked once in so many."""


class Validators(msgspec.Struct):
    """What a server said of a version of a document, to ask for it only if it has changed."""

    etag: str | None = None
    modified: str | None = None


class Memory(msgspec.Struct):
    """What was fetched and published before: by address, and the keys of articles, by source."""

    documents: dict[str, Validators] = {}
    seen: dict[str, list[str]] = {}


class Document(NamedTuple):
    """A document as it came; `body` None when it has not changed."""

    url: str
    body: bytes | None


def load_memory(path: Path | None) -> Memory:
    """What an earlier run remembered; nothing without a file. Raises BordertallyError for a file that is none."""
    if path is None or not path.exists():
        return Memory()
    try:
        return msgspec.json.decode(path.read_bytes(), type=Memory)
    except (msgspec.MsgspecError, OSError) as error:
        raise BordertallyError(f"{path}: no memory of an earlier run: {error}") from None


def save_memory(path: Path | None, memory: Memory) -> None:
    """Keep it for the next run, whole or not at all."""
    if path is not None:
        fresh = path.with_name(f"{path.name}.new")
        fresh.write_bytes(msgspec.json.encode(memory))
        fresh.replace(path)


class Fetcher:
    """Fetches over one HTTP session. Requests to one host go one after the other, as far apart as it asks for."""

    def __init__(self, session: aiohttp.ClientSession, memory: Memory) -> None:
        self.session, self.memory = session, memory
        self._robots: dict[str, RobotFileParser] = {}
        self._next: dict[str, float] = {}

    async def get(self, url: str) -> Document:
        """Fetch a document, if robots.txt allows it and it has changed.

        Raises BordertallyError: forbidden by robots.txt, not there, too large, or no answer.
        """
        known = self.memory.documents.get(url, Validators())
        asked = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
        headers = {name: value for name, value in asked.items() if value is not None}
        at = url
        for _ in range(REDIRECTS + 1):
            await self._may(at)
            status, body, answer = await self._ask(at, headers)
            if status not in (301, 302, 303, 307, 308) or "Location" not in answer:
                break
            at = urljoin(at, answer["Location"])
        if status == 304:
            return Document(url, None)
        if status != 200:
            raise BordertallyError(f"{url}: the server answers {status}")
        self.memory.documents[url] = Validators(answer.get("ETag"), answer.get("Last-Modified"))
        return Document(url, body)

    async def _may(self, url: str) -> None:
        """Return when a document may be asked for; what redirects lead to is no exception. Raises BordertallyError."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise BordertallyError(f"{shown(url)}: write an address that begins with http:// or https://")
        robots = await self._rules(f"{parts.scheme}://{parts.netloc}")
        if not robots.can_fetch(AGENT, url):
            raise BordertallyError(f"{url}: robots.txt does not allow it")
        await self._wait(parts.netloc, robots)

    async def _rules(self, host: str) -> RobotFileParser:
        """The robots.txt of a host: none allows all; one that the server keeps or fails to give allows nothing."""
        held = self._robots.get(host)
        if held is not None and time.time() - held.mtime() < ROBOTS_S:
            return held
        rules = self._robots[host] = RobotFileParser()
        status, body, _ = await self._ask(f"{host}/robots.txt", {})
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

    async def _ask(self, url: str, headers: dict[str, str]) -> tuple[int, bytes, Mapping[str, str]]:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with self.session.get(
                url, headers={"User-Agent": AGENT} | headers, timeout=timeout, allow_redirects=False
            ) as answer:
                body = await answer.content.read(MOST_BYTES + 1)
                while len(body) <= MOST_BYTES and (more := await answer.content.read(MOST_BYTES)):
                    body += more
                if len(body) > MOST_BYTES:
                    raise BordertallyError(f"{url}: larger than {MOST_BYTES:,} bytes")
                return answer.status, body, answer.headers
        except (aiohttp.ClientError, TimeoutError) as error:
            raise BordertallyError(f"{url}: no answer: {error or type(error).__name__}") from None
