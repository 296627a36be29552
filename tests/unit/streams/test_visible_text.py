"""Visible text: no control or direction character is left, and nothing else changes."""

from __future__ import annotations

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.visible_text import visible, visible_json, visible_lines

BIDI = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
TEXT = st.text(st.characters() | st.sampled_from("\x00\x07\x1b\r\n\t\x7f\x85\x9b\u061c\u200e\u200f\u202e\u2066\u2028"))


def is_hidden(sign: str) -> bool:
    """Whether a character controls, separates or reorders, by the tables of Unicode."""
    category = unicodedata.category(sign)
    return (
        category in ("Cc", "Zl", "Zp", "Cs") or unicodedata.bidirectional(sign) in BIDI or sign in "\u061c\u200e\u200f"
    )


@given(TEXT)
def test_nothing_hidden_is_left(text: str) -> None:
    assert not any(map(is_hidden, visible(text)))
    assert {sign for sign in visible_lines(text) if is_hidden(sign)} <= {"\n", "\t"}


@given(TEXT.map(lambda text: "".join(sign for sign in text if visible(sign) == sign)))
def test_other_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == visible_lines(text) == visible_json(text) == text


@given(st.recursive(TEXT | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)))
def test_json_keeps_its_value(value: object) -> None:
    text = visible_json(json.dumps(value, ensure_ascii=False, indent=1))
    assert json.loads(text) == value
    assert {sign for sign in text if is_hidden(sign)} <= {"\n"}


def test_escapes_are_those_of_python() -> None:
    assert visible("a\x1b]0;x\x07\x9b\u202eb\U000e0041\n") == r"a\x1b]0;x\x07\x9b\u202eb\U000e0041\x0a"
    assert visible_lines("a\tb\r\n") == "a\tb\\x0d\n"
    assert visible_json('"\u202e\U000e0041"') == r'"\u202e\udb40\udc41"'
    assert visible("می\u200cروند") == "می\u200cروند"  # a joiner that Persian needs
