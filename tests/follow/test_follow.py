"""Following feeds and pages, against a server on loopback that keeps what it was asked."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bordertally.agents.producing import fetch
from bordertally.agents.producing.documents import articles, page, plain
from bordertally.agents.producing.fetch import Fetcher, Memory, SeenArticle, load_memory, save_memory
from bordertally.agents.producing.follow import DocumentFollower, Round
from bordertally.agents.runtime.context import load_registry
from bordertally.agents.runtime.languages import word_reader
from bordertally.streams.errors import BordertallyError
from bordertally.streams.reports.validation import Limits
from follow.publisher import ATOM, PAGE, RSS, SAID, Publisher, serving
from forking import run, shared
from live import WAIT_S, until


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    async with serving() as publisher:
        yield publisher


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def follower(memory: Memory, *, full: bool = False) -> DocumentFollower:
    return DocumentFollower(word_reader(load_registry(None)), Limits(), "kz-mia", memory, full=full)


# --- documents -------------------------------------------------------------------------------------------------


def test_rss_atom_and_pages_are_articles() -> None:
    first, second = articles(RSS.encode(), "http://x.org/rss")
    assert (first.key, first.title, first.url) == ("1", "Arrivals", "http://x.org/a1")
    assert first.text == f"{SAID}\n\nMore & more."
    assert (str(first.published), second.published) == ("2022-10-02 03:00:00+00:00", None)
    (third,) = articles(ATOM.encode(), "http://x.org/atom")
    assert (third.key, third.text, str(third.published)) == ("urn:3", SAID, "2022-10-02 03:00:00+00:00")
    (fourth,) = articles(PAGE.encode(), "http://x.org/page")
    assert (fourth.key, fourth.title) == ("http://x.org/page", "Arrivals - Ministry")
    assert fourth.text == f"Arrivals\n\n{SAID}\n\nSecond paragraph."
    assert str(fourth.published) == "2022-10-02 09:00:00+06:00"


def test_a_page_without_a_main_part_is_all_its_paragraphs() -> None:
    read = page("<p>Один</p><div>not</div><ul><li>Финны</ul><time datetime='nonsense'>".encode(), "u")
    assert (read.text, read.published) == ("Один\n\nФинны", None)
    assert page("<meta charset='windows-1251'><p>Один".encode("cp1251"), "u").text == "Один"
    assert page(b"<meta charset='no-such'><p>x</p></p></article>", "u").text == "x"


def test_plain_text_of_html() -> None:
    assert plain("no tags") == "no tags"
    assert plain("one<br>two &lt;3") == "one\n\ntwo <3"
    assert articles(b"<rss><channel>", "u") == []


# --- fetching --------------------------------------------------------------------------------------------------


async def test_what_has_not_changed_is_not_sent_again(publisher: Publisher, session: aiohttp.ClientSession) -> None:
    memory = Memory()
    first = await Fetcher(session, memory).get(f"{publisher.url}/rss")
    assert first.body == RSS.encode()
    again = await Fetcher(session, memory).get(f"{publisher.url}/rss")
    assert again.body is None
    assert publisher.paths == ["/robots.txt", "/rss"] * 2
    headers = publisher.asked[-1][1]
    assert (headers["If-None-Match"], headers["If-Modified-Since"]) == ('"one"', "Sun, 02 Oct 2022")
    assert headers["User-Agent"] == "bordertally"


async def test_robots_txt_is_respected(publisher: Publisher, session: aiohttp.ClientSession) -> None:
    fetcher = Fetcher(session, Memory())
    for path in ("/private/page", "/moved"):
        with pytest.raises(BordertallyError, match=r"robots\.txt forbids fetching it"):
            await fetcher.get(f"{publisher.url}{path}")
    assert publisher.paths == ["/robots.txt", "/moved"]


@pytest.mark.parametrize(("status", "allowed"), [(404, True), (410, True), (401, False), (403, False), (503, False)])
async def test_a_robots_txt_that_is_not_there(
    publisher: Publisher, session: aiohttp.ClientSession, status: int, *, allowed: bool
) -> None:
    publisher.robots = (status, "")
    fetcher = Fetcher(session, Memory())
    if allowed:
        assert (await fetcher.get(f"{publisher.url}/page")).body == PAGE.encode()
    else:
        with pytest.raises(BordertallyError, match="forbids fetching"):
            await fetcher.get(f"{publisher.url}/page")


async def test_a_crawl_delay_is_kept(publisher: Publisher, session: aiohttp.ClientSession) -> None:
    publisher.robots = (200, "User-agent: bordertally\nCrawl-delay: 1\n")
    fetcher, loop = Fetcher(session, Memory()), asyncio.get_running_loop()
    began = loop.time()
    await asyncio.gather(fetcher.get(f"{publisher.url}/rss"), fetcher.get(f"{publisher.url}/atom"))
    assert loop.time() - began > 0.9


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/nothing", "the server returned status 404"),
        ("/loop", "the server returned status 302"),
        ("/big", "larger than 1,000 bytes"),
    ],
)
async def test_what_cannot_be_had(
    publisher: Publisher, session: aiohttp.ClientSession, path: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "MAX_BYTES", 1_000)
    publisher.documents["/big"] = "x" * 3_000
    with pytest.raises(BordertallyError, match=why):
        await Fetcher(session, Memory()).get(f"{publisher.url}{path}")


async def test_no_answer_and_no_address(session: aiohttp.ClientSession) -> None:
    with pytest.raises(BordertallyError, match="no response"):
        await Fetcher(session, Memory()).get("http://127.0.0.1:9/x")
    with pytest.raises(BordertallyError, match="begins with http"):
        await Fetcher(session, Memory()).get("file:///etc/passwd")


# --- rounds ----------------------------------------------------------------------------------------------------


async def test_articles_that_say_something_become_reports_once(
    publisher: Publisher, session: aiohttp.ClientSession
) -> None:
    memory = Memory()
    first = follower(memory)
    done = await first.round(f"{publisher.url}/rss", Fetcher(session, memory))
    (report,) = (json.loads(raw) for raw in done.reports)
    assert (report["source"], report["published"]) == ("kz-mia", "2022-10-02T09:00:00+06:00")
    assert (report["url"], report["title"]) == (f"{publisher.url}/a1", "Arrivals")
    assert report["text"].startswith(SAID)
    assert (done.silent, done.known) == (1, 0)
    first.remember(done)
    publisher.documents["/other"] = RSS
    again = await first.round(f"{publisher.url}/other", Fetcher(session, memory))
    assert (again.reports, again.known) == ([], 2)
    unchanged = await first.round(f"{publisher.url}/rss", Fetcher(session, memory))
    assert unchanged == Round([], {}, 0, 0)


async def test_the_page_of_an_entry_is_read_where_it_says_more(
    publisher: Publisher, session: aiohttp.ClientSession
) -> None:
    publisher.documents["/a2"] = PAGE
    done = await follower(Memory(), full=True).round(f"{publisher.url}/rss", Fetcher(session, Memory()))
    assert [json.loads(raw)["url"] for raw in done.reports] == [f"{publisher.url}/a1", f"{publisher.url}/a2"]
    assert publisher.paths == ["/robots.txt", "/rss", "/a1", "/a2"]


LATER = "Mon, 03 Oct 2022 09:00:00 +0600"
CORRECTED = SAID.replace("41,500", "14,500")


@pytest.fixture
def look(tmp_path: Path, session: aiohttp.ClientSession) -> Callable[[str], Awaitable[Round]]:
    """Read a feed once and remember what it said."""
    watcher, place = follower(Memory()), tmp_path / "feed.xml"

    async def read(feed: str) -> Round:
        place.write_text(feed, encoding="utf-8")
        done = await watcher.round(str(place), Fetcher(session, watcher.memory))
        watcher.remember(done)
        return done

    return read


async def test_an_article_that_was_corrected_gives_a_later_report_with_the_same_id(
    look: Callable[[str], Awaitable[Round]],
) -> None:
    (first,) = map(json.loads, (await look(RSS)).reports)
    done = await look(RSS.replace(SAID, CORRECTED).replace("Sun, 02 Oct 2022 09:00:00 +0600", LATER))
    (second,) = map(json.loads, done.reports)
    assert (second["id"], second["published"]) == (first["id"], "2022-10-03T09:00:00+06:00")
    assert second["text"].startswith(CORRECTED)
    assert (done.silent, done.known) == (0, 1)
    assert (await look(RSS.replace(SAID, CORRECTED))).reports == []  # the date alone


async def test_another_place_that_shows_a_later_version_corrects_it(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    memory = Memory()
    watcher, first, second = follower(memory), tmp_path / "first.xml", tmp_path / "second.xml"
    first.write_text(RSS, encoding="utf-8")
    later = RSS.replace("Sun, 02 Oct 2022 09:00:00 +0600", LATER)
    second.write_text(later.replace(SAID, CORRECTED), encoding="utf-8")
    made = []
    for place in (first, second, first, second):
        done = await watcher.round(str(place), Fetcher(session, memory))
        watcher.remember(done)
        made.append([json.loads(raw) for raw in done.reports])
    assert [len(some) for some in made] == [1, 1, 0, 0]
    assert (made[1][0]["id"], made[1][0]["published"]) == (made[0][0]["id"], "2022-10-03T09:00:00+06:00")
    assert made[1][0]["text"].startswith(CORRECTED)


async def test_a_correction_without_a_date_of_its_own_is_a_second_later(
    look: Callable[[str], Awaitable[Round]],
) -> None:
    await look(RSS)
    (second,) = map(json.loads, (await look(RSS.replace(SAID, CORRECTED))).reports)
    assert second["published"] == "2022-10-02T09:00:01+06:00"
    (third,) = map(json.loads, (await look(RSS)).reports)  # taken back
    assert (third["published"], third["text"][:40]) == ("2022-10-02T09:00:02+06:00", SAID[:40])


async def test_an_article_whose_other_words_change_says_the_same(look: Callable[[str], Awaitable[Round]]) -> None:
    await look(RSS)
    done = await look(RSS.replace("More &amp; more.", "And more.").replace("It rained.", "It snowed."))
    assert (done.reports, done.silent, done.known) == ([], 0, 2)
    (report_made,) = map(json.loads, (await look(RSS.replace("It rained.", SAID))).reports)  # at last it says something
    assert report_made["url"].endswith("a2")


async def test_an_article_with_another_guid_or_address_is_the_same_article(
    look: Callable[[str], Awaitable[Round]],
) -> None:
    (first,) = map(json.loads, (await look(RSS)).reports)
    moved = RSS.replace("<guid>1</guid>", "<guid>new</guid>").replace("/a1", "/archive/a1")
    done = await look(moved)
    assert (done.reports, done.silent, done.known) == ([], 0, 2)
    (corrected,) = map(json.loads, (await look(moved.replace(SAID, CORRECTED))).reports)
    assert (corrected["id"], corrected["url"][-11:]) == (first["id"], "/archive/a1")
    assert corrected["published"] > first["published"]
    again = moved.replace("<guid>new</guid>", "<guid>newest</guid>").replace(SAID, CORRECTED)
    assert (await look(again)).reports == []
    (third,) = map(json.loads, (await look(again.replace(CORRECTED, SAID))).reports)
    assert third["id"] == first["id"]


async def test_the_same_words_on_another_day_are_another_article(look: Callable[[str], Awaitable[Round]]) -> None:
    daily = RSS.replace(SAID, "On Friday 41,500 Russian citizens entered Kazakhstan.")
    (first,) = map(json.loads, (await look(daily)).reports)
    next_week = daily.replace("<guid>1</guid>", "<guid>7</guid>").replace("Sun, 02 Oct", "Sun, 09 Oct")
    (second,) = map(json.loads, (await look(next_week)).reports)
    assert second["id"] != first["id"]


async def test_an_article_dated_in_the_future_is_read_again_later(
    publisher: Publisher, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory()
    watcher, fetcher = follower(memory), Fetcher(session, memory)
    publisher.documents["/rss"] = RSS.replace("Oct 2022", "Oct 2122")
    for _ in range(2):
        done = await watcher.round(f"{publisher.url}/rss", fetcher)
        watcher.remember(done)
        assert (done.reports, done.early) == ([], 1)
    monkeypatch.setattr(watcher, "limits", Limits(skew_s=200 * 366 * 86_400))  # as if the time had come
    done = await watcher.round(f"{publisher.url}/rss", fetcher)
    (report,) = map(json.loads, done.reports)
    assert (report["published"], done.early) == ("2122-10-02T08:00:00+05:00", 0)


async def test_two_places_may_show_an_article_differently(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    memory = Memory()
    watcher, short, long = follower(memory), tmp_path / "short.xml", tmp_path / "long.xml"
    long.write_text(RSS, encoding="utf-8")
    short.write_text(RSS.replace(SAID, "Many came."), encoding="utf-8")
    for place, reports in ((long, 1), (short, 0), (long, 0), (short, 0)):
        done = await watcher.round(str(place), Fetcher(session, memory))
        watcher.remember(done)
        assert len(done.reports) == reports


def test_memory_is_kept_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "memory.json"
    assert load_memory(path) == load_memory(None) == Memory()
    memory = Memory(seen={"kz-mia": {"1": SeenArticle({"feed": "a"}, "b", datetime(2022, 10, 2, tzinfo=UTC))}})
    save_memory(path, memory)
    assert load_memory(path) == memory
    path.write_text('{"seen": {"kz-mia": ["1"]}}')  # as version 0.1 wrote it
    assert load_memory(path) == Memory(seen={"kz-mia": {"1": SeenArticle()}})
    path.write_text("{")
    with pytest.raises(BordertallyError, match="not the memory of an earlier run"):
        load_memory(path)


async def bordertally(*arguments: str) -> tuple[int, str, str]:
    done = await asyncio.to_thread(run, "follow", *arguments)
    return done.returncode, done.stdout, done.stderr


async def test_the_command_prints_reports_and_names_what_failed(publisher: Publisher, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(PAGE)
    places = (f"{publisher.url}/rss", f"{publisher.url}/nothing", str(file))
    arguments = ("--source", "kz-mia", "--memory", str(tmp_path / "memory.json"))
    code, out, err = await bordertally(*places, *arguments)
    reports: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
    assert (code, [report["url"] for report in reports]) == (1, [f"{publisher.url}/a1", str(file)])
    assert f"{publisher.url}/nothing: the server returned status 404" in err
    assert f"{publisher.url}/rss: 1 report, 1 article without a claim, 0 known" in err
    again = await bordertally(places[0], str(file), *arguments)
    assert (again[0], again[1]) == (0, "")
    nobody = await bordertally(places[0], "--source", "nobody")
    assert (nobody[0], nobody[2]) == (2, "bordertally: --source: nobody is not in the registry\n")


async def test_every_so_often_it_looks_again_until_it_is_asked_to_stop(publisher: Publisher, tmp_path: Path) -> None:
    feed, memory = f"{publisher.url}/rss", tmp_path / "memory.json"
    out, err = tmp_path / "out", tmp_path / "err"
    arguments = ("follow", feed, "--source", "kz-mia", "--every", "1", "--memory", str(memory))
    process = shared().start(arguments, os.environ, tmp_path, (out, err))
    try:

        async def looked() -> bool:
            assert process.poll() is None, err.read_text()
            return f"{feed}: 1 report," in err.read_text()

        await until(looked, "it has looked for the first time")
        (report,) = (json.loads(line) for line in out.read_text().splitlines())  # there while it still runs
        assert report["url"] == f"{publisher.url}/a1"
        publisher.documents["/rss"] = RSS.replace("<guid>2</guid>", "<guid>4</guid>").replace("It rained.", SAID)
        publisher.tag = '"two"'

        async def second() -> bool:
            return len(out.read_text().splitlines()) == 2

        await until(second, "what is new is said")
        process.terminate()
        assert await asyncio.to_thread(process.wait, WAIT_S) == 0
    finally:
        process.kill()
    assert "Traceback" not in err.read_text()
    urls = [json.loads(line)["url"] for line in out.read_text().splitlines()]
    assert urls == [f"{publisher.url}/a1", f"{publisher.url}/a2"]
    again = await bordertally(feed, "--source", "kz-mia", "--memory", str(memory))
    assert (again[0], again[1]) == (0, ""), "what was said is remembered"
