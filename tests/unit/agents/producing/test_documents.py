"""Articles out of web pages: title, date and main text."""

from __future__ import annotations

from datetime import UTC, datetime

from bordertally.agents.producing.documents import page

PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>Crossings in May</title></head>
<body><nav><p>Home</p></nav>
<svg><title>A chart</title></svg>
<article><time datetime="2023-05-02T09:30:00+02:00">yesterday</time><p>In May 300 people left.</p></article>
</body></html>
"""


def test_a_page_has_the_title_of_its_head_the_date_of_its_time_element_and_the_text_of_its_article() -> None:
    article = page(PAGE.encode(), "https://news.example/may")
    assert article.title == "Crossings in May"
    assert article.published == datetime(2023, 5, 2, 7, 30, tzinfo=UTC)
    assert article.text == "In May 300 people left."


def test_the_date_in_the_head_comes_before_a_later_time_element() -> None:
    dated = PAGE.replace("<title>", '<meta name="date" content="2023-05-01"><title>', 1)
    assert page(dated.encode(), "").published == datetime(2023, 5, 1, tzinfo=UTC)
    assert page(PAGE.replace("2023-05-02T09:30:00+02:00", "noon").encode(), "").published is None
