"""The title of a report in words: read before the text, and silent where the text speaks of the same flow itself."""

from __future__ import annotations

import json
import time

import pytest

from bordertally.agents.runtime.context import load_registry
from bordertally.agents.runtime.languages import word_reader
from bordertally.streams.reports.claims import Claim
from bordertally.streams.statements.reports import read_claims

REGISTRY = load_registry(None)


def claims(text: str, title: object) -> list[Claim]:
    report = {"id": "t", "source": "ge-mia", "published": "2022-09-27T15:00:00+04:00", "text": text, "title": title}
    raw = json.dumps({name: value for name, value in report.items() if value is not None}).encode()
    return read_claims(raw, REGISTRY, time.time(), None, word_reader(REGISTRY))


TEXT = "More than 53,000 Russian citizens have entered Georgia since 21 September."


def test_a_title_alone_says_it() -> None:
    (only,) = claims(
        "The ministry gave no further details.", "53,000 Russians entered Georgia between 21 and 26 September"
    )
    assert (only.flow, only.best, only.text) == (
        "RU:GE",
        53_000,
        "53,000 Russians entered Georgia between 21 and 26 September",
    )


def test_what_the_text_says_itself_is_not_taken_from_the_title() -> None:
    without = claims(TEXT, None)
    assert claims(TEXT, "53,000 Russians entered Georgia in the past week") == without
    assert len(without) == 1


@pytest.mark.parametrize(
    "title", [b"1e400", b"1" + b"0" * 5000, b'"\xff"', b"[" * 900 + b"]" * 900], ids=["inf", "long", "latin", "deep"]
)
def test_a_title_that_no_decoder_reads_changes_nothing(title: bytes) -> None:
    fields = {"id": "t", "source": "ge-mia", "published": "2022-09-27T15:00:00+04:00", "text": TEXT, "title": "@"}
    raw = json.dumps(fields).encode().replace(b'"@"', title)
    assert read_claims(raw, REGISTRY, time.time(), None, word_reader(REGISTRY)) == claims(TEXT, None)


@pytest.mark.parametrize("title", [7, None, "", "   ", ["a"], TEXT])
def test_what_is_no_title_or_the_text_once_more_changes_nothing(title: object) -> None:
    assert claims(TEXT, title) == claims(TEXT, None)
