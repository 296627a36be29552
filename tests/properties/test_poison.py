"""Poison for the intake: whatever the bytes, claims or one refusal that can be kept and shown."""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st

from bordertally.streams.reports.validation import read_report
from fuzz.target import intake
from unit.kit import NOW, REGISTRY, report

DEPTH = st.integers(1, 3_000)
NUMBERS = st.one_of(
    st.builds("{}e{}".format, st.integers(-9, 9), st.integers(-(10**9), 10**9)),
    st.builds("{}.{}".format, st.integers(-9, 9), st.text("0123456789", min_size=1, max_size=400)),
    st.text("0123456789", min_size=1, max_size=5_000),
    st.sampled_from(["NaN", "-Infinity", "-0", "00", "0x1", "1_0", "+1", "1.", ".5"]),
)
ESCAPES = st.sampled_from([r"\ud800", r"\udfff\ud800", r"\u0000", r"\x41", "\\", r"\u00", "\x00", "\x1b[2J", "\ufeff"])
GOOD = report(98_000, "2022-09-21/P7D").decode()
KEYS = [*json.loads(GOOD), "claims", "text", "population", "normal", "unit"]


@given(st.binary(max_size=300))
def test_bytes(raw: bytes) -> None:
    intake(raw)


@example(900, 900, "[]", "people")
@example(900, 900, "{}", "people")
@given(DEPTH, DEPTH, st.sampled_from(["[]", "{}"]), st.sampled_from(KEYS))
def test_what_is_nested_deeply(opened: int, closed: int, kind: str, key: str) -> None:
    begin = "[" if kind == "[]" else '{"a":'
    deep = begin * opened + "0" + kind[1] * closed
    intake(f'{GOOD[:-1]}, "{key}": {deep}}}'.encode())
    intake(deep.encode())


@given(NUMBERS, st.sampled_from(["people", "change_percent", "published", "id"]))
def test_numbers_as_they_should_not_be(number: str, key: str) -> None:
    intake(f'{GOOD[:-1]}, "{key}": {number}}}'.encode())
    intake(f'{GOOD[:-1]}, "people": [{number}, {number}]}}'.encode())
    intake(f'{GOOD[:-1]}, "normal": {{"daily": {number}}}}}'.encode())


@given(st.sampled_from(KEYS), ESCAPES, st.booleans())
def test_characters_that_are_none(key: str, odd: str, inside_a_key: bool) -> None:
    name, value = (f"{key}{odd}", "x") if inside_a_key else (key, f"{odd}x{odd}")
    intake(f'{GOOD[:-1]}, "{name}": "{value}"}}'.encode())


@given(
    st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(["1", '"a"', "null", "[]", "{}", '"RU"'])), max_size=9)
)
def test_keys_that_come_twice(pairs: list[tuple[str, str]]) -> None:
    fields = "".join(f', "{key}": {value}' for key, value in pairs)
    intake(f"{GOOD[:-1]}{fields}}}".encode())


def test_of_a_key_that_comes_twice_each_is_checked_and_the_last_counts() -> None:
    twice = GOOD.replace('"people"', '"people": 7, "people"').encode()
    assert [one.best for one in read_report(twice, REGISTRY, NOW)] == [98_000]
    assert intake(twice)
    assert not intake(GOOD.replace('"people"', '"people": -1, "people"').encode())


@given(st.data())
def test_a_report_cut_and_patched_anywhere(data: st.DataObject) -> None:
    raw = bytearray(GOOD.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw)))
        cut = data.draw(st.integers(0, 20))
        raw[at : at + cut] = data.draw(st.binary(max_size=6) | st.sampled_from([b'"', b"{", b"]", b"\\u", b"e9"]))
    intake(bytes(raw))
