"""A report as it is sent: whether it is one in figures or in words, told by its fields alone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bordertally.streams.reports.records import FIGURES, Report

HEAD: dict[str, Any] = {"id": "r", "source": "s", "published": "2022-10-20T00:00:00Z"}
VALUES: dict[str, Any] = {
    "flow": "RU:KZ",
    "period": "2022-09-21",
    "people": None,
    "normal": None,
    "change_percent": None,
    "claims": [{}],
}


def decoded(**fields: Any) -> Report:
    return msgspec.json.decode(msgspec.json.encode({**HEAD, **fields}), type=Report)


def test_text_alone_is_a_report_in_words() -> None:
    assert decoded(text="Words.").in_words
    assert decoded(text="").in_words
    assert decoded(text="Words.", title=7, url="https://x.y", population="men", qualifier="about", gate=3).in_words


@pytest.mark.parametrize("fields", [{}, {"text": None}, {"title": "Words."}, {"flow": "RU"}], ids=str)
def test_without_text_it_is_one_in_figures(fields: dict[str, Any]) -> None:
    assert not decoded(**fields).in_words


@pytest.mark.parametrize("name", FIGURES)
def test_with_any_field_of_a_figure_it_is_one_in_figures(name: str) -> None:
    assert not decoded(text="Words.", **{name: VALUES[name]}).in_words


@pytest.mark.parametrize("title", [b"1e400", b"1" + b"0" * 5000, b'"\xff"', b"[[[]]]"])
def test_a_report_in_figures_may_carry_any_title(title: bytes) -> None:
    raw = msgspec.json.encode({**HEAD, "title": "@"}).replace(b'"@"', title)
    assert msgspec.json.decode(raw, type=Report).id == "r"
