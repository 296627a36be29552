"""A prefilter of patterns by needles: words of which every match of a pattern contains at least one.

A statement is read with well over a thousand patterns, of which few match. Searching a word costs a hundredth of trying
a pattern at every position of a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

_parser: Any = re._parser  # type: ignore[attr-defined] # noqa: SLF001 - `re` gives what it parses with no public name

MOST = 48
"""More words than this are no quicker than the pattern."""

GRAM = 3
"""Letters that needles are told apart by."""

Needles = tuple[str, ...]
"""In lower case; none at all where nothing can be said."""


@lru_cache(maxsize=65_536)
def needles_of(regex: re.Pattern[str]) -> Needles:
    """The needles of a pattern: every match contains at least one of them, in any case."""
    needles = _of_sequence(_parser.parse(regex.pattern, regex.flags))
    return tuple(sorted(needles)) if needles and len(needles) <= MOST else ()


def may_match(needles: Needles, folded: str) -> bool:
    """Whether a pattern with these needles may match in a text (`fold` the text once for all patterns)."""
    for needle in needles:
        if needle in folded:
            return True
    return not needles


class Sieve:
    """Selects the few of many patterns that may match a text, by the first letters of their needles."""

    def __init__(self, needles: Iterable[Needles]) -> None:
        """`needles`: the needles of every pattern, in the order of the patterns."""
        self._needles = list(needles)
        self._always: list[int] = []
        self._by_gram: dict[str, list[int]] = {}
        for place, each in enumerate(self._needles):
            if not each or min(map(len, each)) < GRAM:
                self._always.append(place)
                continue
            for gram in {needle[:GRAM] for needle in each}:
                self._by_gram.setdefault(gram, []).append(place)

    def may_match(self, folded: str) -> list[int]:
        """The indexes of the patterns that may match in a folded text, in order."""
        places = {place for gram in _grams(folded) & self._by_gram.keys() for place in self._by_gram[gram]}
        return sorted(place for place in (*self._always, *places) if may_match(self._needles[place], folded))


def fold(text: str) -> str:
    """A text in the form in which needles are searched."""
    return text.casefold()


@lru_cache(maxsize=4)
def _grams(folded: str) -> frozenset[str]:
    """All letters in a row, cached because a sentence goes through several sieves."""
    return frozenset(folded[at : at + GRAM] for at in range(len(folded) - GRAM + 1))


def _of_sequence(items: Any) -> frozenset[str] | None:
    """The needles of the most selective of several consecutive parts."""
    best: frozenset[str] | None = None
    run = ""
    for code, argument in [*items, (None, None)]:
        if str(code) == "LITERAL":
            run += chr(argument)
            continue
        best, run = _better(best, frozenset({fold(run)}) if run else None), ""
        best = _better(best, _of_part(str(code), argument))
    return best


def _of_part(code: str, argument: Any) -> frozenset[str] | None:
    if code == "SUBPATTERN":
        return _of_sequence(argument[-1])
    if code in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and argument[0] > 0:
        return _of_sequence(argument[-1])
    if code == "BRANCH":
        branches = [_of_sequence(branch) for branch in argument[1]]
        known = [each for each in branches if each is not None]
        return frozenset().union(*known) if len(known) == len(branches) else None
    return None


def _better(left: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if left is None or other is None:
        return other if left is None else left
    return max(left, other, key=lambda each: (len(each) <= MOST, min(map(len, each)), -len(each)))
