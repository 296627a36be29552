"""What a follower of documents makes of one article."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

from bordertally.agents.producing.documents import Article
from bordertally.agents.producing.fetch import Memory
from bordertally.agents.producing.follow import DocumentFollower, Round
from bordertally.agents.runtime.languages import word_reader
from bordertally.streams.reports.validation import Limits
from unit.kit import REGISTRY

TOLD = "98,000 Russian citizens have entered Kazakhstan since 21 September."


class NoFetcher:
    """Fetches nothing, and notes what is to be fetched again."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []

    def forget(self, url: str) -> None:
        self.forgotten.append(url)


def read(text: str, published: datetime) -> tuple[Round, list[str]]:
    follower, fetcher = DocumentFollower(word_reader(REGISTRY), Limits(), "almaty", Memory(), full=False), NoFetcher()
    article = Article("1", "", text, "https://news.example/1", published)
    done = asyncio.run(follower._read(article, "feed", cast("Any", fetcher), Round([], {}, 0, 0)))
    return done, fetcher.forgotten


def test_an_article_with_a_claim_is_a_report_and_one_without_is_silent() -> None:
    past = datetime(2022, 9, 27, 9, tzinfo=UTC)
    done, forgotten = read(TOLD, past)
    assert (len(done.reports), done.silent, done.early, forgotten) == (1, 0, 0, [])
    done, forgotten = read("It rained.", past)
    assert (len(done.reports), done.silent, done.early, forgotten) == (0, 1, 0, [])
    assert list(done.articles) == ["1"]


def test_an_article_dated_in_the_future_is_fetched_again_later_and_not_remembered() -> None:
    done, forgotten = read(TOLD, datetime(2122, 9, 27, tzinfo=UTC))
    assert (done.reports, done.silent, done.early, forgotten) == ([], 0, 1, ["https://news.example/1"])
    assert done.articles == {}
