from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.errors import BordertallyError, Reason, RefusedError
from bordertally.streams.reports.dead_letters import (
    AGAIN,
    ROOM,
    UNOPENED,
    Letter,
    LetterFilter,
    LetterPosition,
    check_reasons,
    letter_of,
    make_letter,
    printable,
)

PLACE = LetterPosition("reports.government", 3, 42)
ERROR = RefusedError(Reason.UNKNOWN_SOURCE, "source", "nobody", "this source is not in the registry", "r1")
Message = tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]
headers = st.lists(st.tuples(st.text(max_size=9), st.binary(max_size=9)), max_size=4)


def letter(key: bytes | None, value: bytes | None, original: list[tuple[str, bytes]], at: int = 7) -> Letter:
    key, value, said = make_letter(PLACE, ERROR, "nobody", (key, value, original))
    made = letter_of(said, key, len(value), at)
    assert made is not None
    return made


@given(st.none() | st.binary(max_size=9), st.binary(max_size=50), headers)
def test_a_letter_holds_the_message_as_it_came(
    key: bytes | None, value: bytes, original: list[tuple[str, bytes]]
) -> None:
    held_key, held, said = make_letter(PLACE, ERROR, "nobody", (key, value, original))
    assert (held_key, held) == (key, value)
    made = letter_of(said, held_key, len(held), 7)
    assert made is not None
    assert made.headers == tuple(original)
    assert (made.place, made.reason, made.field, made.value) == (PLACE, "unknown_source", "source", "nobody")
    assert (made.source, made.report, made.kept, made.size) == ("nobody", "r1", True, len(value))


def test_a_message_that_a_letter_has_no_room_for_is_said_to_be_where_it_is() -> None:
    large = b"x" * (ROOM + 1)
    messages: list[Message] = [(b"k", large, []), (large, b"", []), (None, b"", [("h", large)])]
    for message in messages:
        key, value, said = make_letter(PLACE, ERROR, "", message)
        assert (key, value, dict(said)["kept"]) == (None, b"", b"there")
        assert sum(len(name) + len(held) for name, held in said) < 1000
    assert not letter(None, None, [(UNOPENED, b"why")]).kept
    assert letter(None, None, []).kept


def test_a_letter_says_what_it_was_sent_again_from() -> None:
    assert letter(None, b"", []).after is None
    assert letter(None, b"", [(AGAIN, b"reports.government/0/1")]).after == "reports.government/0/1"


@given(st.text(max_size=30), st.integers(0, 999), st.integers(0, 10**12))
def test_an_id_names_its_place(topic: str, partition: int, offset: int) -> None:
    topic = topic.replace("/", "") or "t"
    assert LetterPosition.parse(str(LetterPosition(topic, partition, offset))) == (topic, partition, offset)


@pytest.mark.parametrize("name", ["", "x", "x/1", "x/1/", "/1/2", "x/a/1", "x/1/b", "x/-1/2", "x/1/2/3", "x/²/1"])
def test_what_is_no_id_is_said_to_be_none(name: str) -> None:
    with pytest.raises(BordertallyError, match="topic/partition/offset"):
        LetterPosition.parse(name)


@pytest.mark.parametrize("said", [[], [("topic", b"t")], [("topic", b"t"), ("partition", b"x"), ("offset", b"1")]])
def test_other_records_are_no_letters(said: list[tuple[str, bytes]]) -> None:
    assert letter_of(said, None, 0, 0) is None


def test_filters_are_all_to_be_passed() -> None:
    one = letter(None, b"", [], at=100)
    for wanted in (
        LetterFilter(),
        LetterFilter(places=frozenset({PLACE})),
        LetterFilter(reasons=frozenset({"unknown_source", "not_json"})),
        LetterFilter(sources=frozenset({"nobody"}), since=100, until=101),
        LetterFilter(topics=frozenset({"reports.government"})),
    ):
        assert wanted.covers(one)
    for wanted in (
        LetterFilter(places=frozenset({LetterPosition("reports.government", 3, 41)})),
        LetterFilter(reasons=frozenset({"not_json"})),
        LetterFilter(sources=frozenset({"kz-mia"}), reasons=frozenset({"unknown_source"})),
        LetterFilter(topics=frozenset({"reports.frontex"})),
        LetterFilter(since=101),
        LetterFilter(until=100),
    ):
        assert not wanted.covers(one)


def test_a_reason_that_is_none_is_named_with_those_there_are() -> None:
    assert check_reasons(["not_json"]) == {"not_json"}
    with pytest.raises(BordertallyError, match="nojson is not a reason; the reasons are not_json, too_large"):
        check_reasons(["nojson"])


@given(st.binary())
def test_nothing_that_is_shown_steers_a_terminal(raw: bytes) -> None:
    assert all(one.isprintable() or one == "\n" for one in printable(raw))


def test_text_is_shown_as_it_is() -> None:
    assert printable('{"a": "Россия"}\n\x1b[31m'.encode()) == '{"a": "Россия"}\n\\x1b[31m'
