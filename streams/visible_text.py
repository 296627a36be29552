"""Visible text: control and direction characters of text from outside as escapes, before a terminal or a log has it."""

from __future__ import annotations

import re

_HIDDEN = (
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: escape sequences, the cursor, the title of a terminal
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # marks, overrides and isolates of direction
    "\u2028\u2029"  # separators of lines and paragraphs
    "\ufff9-\ufffb"  # interlinear annotations
    "\U000e0000-\U000e007f"  # tags, which no font shows
    "\ud800-\udfff"  # halves of surrogate pairs, which no encoding can write
)
_ANY = re.compile(f"[{_HIDDEN}]")
_NOT_SPACING = re.compile(f"(?![\n\t])[{_HIDDEN}]")


def visible(text: str) -> str:
    r"""Return a text with each control and direction character as an escape: ESC as `\x1b`, a line feed as `\x0a`.

    Joiners stay (U+200C, U+200D): words of Persian, Hindi and others need them.
    """
    return _ANY.sub(_escape, text)


def visible_lines(text: str) -> str:
    """Return the same for text of several lines: line feeds and tabs stay."""
    return _NOT_SPACING.sub(_escape, text)


def visible_json(text: str) -> str:
    r"""Return JSON with each such character as an escape of JSON (`\u202e`): the same value for every reader."""
    if text.isprintable():  # a tenth of the time of the pattern
        return text
    return _NOT_SPACING.sub(_escape_json, text)


def _escape(hidden: re.Match[str]) -> str:
    code = ord(hidden[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _escape_json(hidden: re.Match[str]) -> str:
    code = ord(hidden[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 | code >> 10:04x}\\u{0xDC00 | code & 0x3FF:04x}"
