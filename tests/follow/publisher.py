"""A publisher on loopback: a feed, an Atom feed and a page, with robots.txt and validators."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from answering import answering

SAID = "From 29 September to 1 October 41,500 Russian citizens entered Kazakhstan."
RSS = f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>News</title>
<item><guid>1</guid><title>Arrivals</title><link>/a1</link><pubDate>Sun, 02 Oct 2022 09:00:00 +0600</pubDate>
<description>Short.</description><content:encoded><![CDATA[<p>{SAID}</p><p>More &amp; more.</p>]]></content:encoded>
</item>
<item><guid>2</guid><title>Weather</title><link>/a2</link><description>It rained.</description></item>
</channel></rss>"""
ATOM = f"""<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><entry><id>urn:3</id><title>Arrivals</title>
<link href="/a3"/><updated>2022-10-02T03:00:00Z</updated><summary>{SAID}</summary></entry></feed>"""
PAGE = f"""<!doctype html><html><head><meta charset="utf-8"><title>Arrivals - Ministry</title>
<meta property="article:published_time" content="2022-10-02T09:00:00+06:00"><style>p {{}}</style></head><body>
<nav><p>Home 1,000 Russians entered Kazakhstan yesterday.</p></nav><p>Cookies?</p>
<article><h1>Arrivals</h1><p>{SAID}<p>Second <b>paragraph</b>.</p><script>var p = "<p>x</p>";</script></article>
<footer><p>Contact</p></footer></body></html>"""


class Publisher:
    """A web server of a publisher: documents by path, and the requests it got."""

    def __init__(self) -> None:
        self.documents: dict[str, str] = {"/rss": RSS, "/atom": ATOM, "/page": PAGE, "/private/page": PAGE}
        self.robots: tuple[int, str] = (200, "User-agent: *\nDisallow: /private/\n")
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.url = ""
        self.tag = '"one"'

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append((request.path, dict(request.headers)))
        if request.path == "/robots.txt":
            return web.Response(status=self.robots[0], text=self.robots[1])
        if request.path == "/moved":
            raise web.HTTPFound("/private/page")
        if request.path == "/loop":
            raise web.HTTPFound("/loop")
        text = self.documents.get(request.path)
        if text is None:
            return web.Response(status=404)
        if request.headers.get("If-None-Match") == self.tag:
            return web.Response(status=304)
        return web.Response(body=text.encode(), headers={"ETag": self.tag, "Last-Modified": "Sun, 02 Oct 2022"})

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@asynccontextmanager
async def serving() -> AsyncIterator[Publisher]:
    """A publisher that answers."""
    publisher = Publisher()
    app = web.Application()
    app.router.add_get("/{path:.*}", publisher.answer)
    async with answering(app) as publisher.url:
        yield publisher
