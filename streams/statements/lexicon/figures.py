"""The grammar of figures: what a figure looks like in one language, and which number it is."""

from __future__ import annotations

import re
import unicodedata

from bordertally.streams.qualifiers import Qualifier
from bordertally.streams.statements.lexicon.language import NumberTable, alternatives

THOUSAND = 1_000

_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_GROUPED = re.compile(r"\d{1,3}(?:\D\d{3})+|\d{1,2}(?:,\d\d)+,\d{3}")
"""Digits in groups; the second form is that of South Asia: "1,20,000"."""

_SIGNS = "½¼¾⅓⅔"
_BEGUN = re.compile(rf"(?:\d ?[.,'\u2019/\u2013-]|[^\W\d_]-|[{_SIGNS}])\Z")
"""What shows, directly before digits, that they are only the rest of something longer."""

_PAIR = re.compile(r"[^\W\d_] ?/ ?[^\W\d_]")
"""Two headings with a slash between them; their figures have one, too: "entries/exits: 9,120/8,730"."""

_FILLED = re.compile(r"0\d.*|\d+[.,]00?")
"""Digits in a form that no number of people has: "012", "12,00"."""


class FigureGrammar:
    """How figures are written in one language: "two hundred and fifty thousand", "1½ million", "2 млн 415 тыс."."""

    def __init__(self, table: NumberTable) -> None:
        self.table = table
        separators, point = re.escape(table.thousands), re.escape(table.decimal)
        words = alternatives(sorted((re.escape(word) for word in table.words), key=len, reverse=True))
        sizes = self.sizes = alternatives(table.magnitudes)
        fractions, halves = alternatives(table.fractions), alternatives(table.halves)
        beyond, joints, endings = alternatives(table.beyond), alternatives(table.joints), alternatives(table.endings)
        digits = (
            rf"\d{{1,3}}(?:[{separators}]\d{{3}})+(?:{point}\d{{1,2}})?(?![{separators}]?\d)|"
            rf"\d{{1,3}}(?:[.,]\d{{3}})+(?![.,]?\d)|\d{{1,2}}(?:,\d\d)+,\d{{3}}(?![.,]?\d)|\d+(?:{point}\d+)?"
        )
        gap = r"[\s\u00a0-]"
        amount = rf"(?:(?:{digits})[{_SIGNS}]?|[{_SIGNS}])"
        run = rf"(?:{words})(?:{gap}(?:{words}))*(?!-?\w)"
        half = rf"(?:\s(?:{halves})(?!\w))?"
        size = rf"(?:{gap}(?:{beyond}))?{gap}?(?:{sizes})(?!\w){half}"
        rest = rf"(?:\s(?:(?:{joints})\s)?{run})?"
        spaced = rf"(?:{gap}(?:{beyond}))?{gap}(?:{sizes})(?!\w){half}{rest}"
        in_digits = (
            rf"{amount}(?:{endings})?{half}(?:{size}(?:\.?\s\d{{1,3}}(?:[.,]\d+)?[\s\u00a0]?(?:{sizes})(?!\w))*"
            rf"(?:\s\d{{3}}(?![\w.,]*\d))?)?"
        )
        in_words = rf"(?:{run}{half}|(?:{sizes})(?!\w){half}{rest})(?:{spaced})*(?!-?\w)"
        inverted = rf"(?:{alternatives(table.inverted)})\s(?:(?:{digits})|{run})"
        figure = rf"{inverted}|(?:{fractions}){gap}?(?:{sizes})(?!\w)|{in_digits}|{in_words}"
        self.figure = rf"(?<![\w.,])(?:{figure})(?!\w)"
        self._inverted = re.compile(rf"({alternatives(table.inverted)})\s(.*)", re.IGNORECASE | re.DOTALL)
        self._beyond = re.compile(rf"(?<!\w)(?:{beyond})(?!\w)", re.IGNORECASE)
        self._goes_on = re.compile(
            rf"[.,'\u2019/]\d|[{_SIGNS}]|-\w|{gap}?(?:{sizes})(?!\w)|\s(?:{halves})(?!\w)", re.IGNORECASE
        )
        self._sizes = [(re.compile(rf"(?:{name})\Z", re.IGNORECASE), size) for name, size in table.magnitudes.items()]
        self._fractions = [
            (re.compile(rf"(?:{name})\Z", re.IGNORECASE), part) for name, part in table.fractions.items()
        ]
        self._tokens = re.compile(
            rf"(?P<fraction>(?:{fractions})(?={gap}?(?:{sizes})))|(?P<half>(?:{halves})(?!\w))|"
            rf"(?P<passed>(?:{beyond}|{joints})(?!\w))|(?P<digits>{digits})|(?P<sign>[{_SIGNS}])|"
            rf"(?P<word>(?:{words})(?!\w))|(?P<size>(?:{sizes})(?!\w))",
            re.IGNORECASE,
        )

    def size(self, text: str) -> int:
        """The value of a word for a magnitude."""
        return next(size for pattern, size in self._sizes if pattern.match(text))

    def qualifier_within(self, text: str) -> Qualifier | None:
        """The qualifier that the form of a figure gives: "пять с лишним тысяч", "тысяч двадцать"."""  # noqa: RUF002
        if self._inverted.fullmatch(text):
            return Qualifier.ABOUT
        return Qualifier.MORE_THAN if self._beyond.search(text) else None

    def goes_on(self, text: str, start: int, end: int) -> bool:
        """Whether a figure has more characters than were understood, or stands for something else: "300/400", "012"."""
        begun, more = _BEGUN.search(text[max(0, start - 3) : start]), self._goes_on.match(text, end)
        if _PAIR.search(text):  # "entries/exits: 9,120/8,730"
            begun, more = (match if match is not None and "/" not in match[0] else None for match in (begun, more))
        return begun is not None or more is not None or _FILLED.fullmatch(text[start:end]) is not None

    def value(self, text: str) -> float | None:
        """A figure as a number, to three decimals; None for a word that only joins others."""
        turned = self._inverted.fullmatch(text)
        if turned is not None:
            amount = self.value(turned[2])
            return None if amount is None else amount * self.size(turned[1])
        found = [(match.lastgroup or "", match[0]) for match in self._tokens.finditer(text)]
        tokens = [(kind, token) for kind, token in found if kind != "passed"]
        total = current = last = 0.0
        for place, (kind, token) in enumerate(tokens):
            if kind == "half" and last:
                total += last / 2  # "a million and a half"
            elif kind == "size":
                last = self.size(token)
                current = (current or 1) * last
                if last >= THOUSAND:
                    total, current = total + current, 0
            else:
                sized = place + 1 < len(tokens) and tokens[place + 1][0] in ("size", "sign")
                current += self._amount(kind, token, sized=sized)
        value = round(total + current, 3)
        joining = value == 1 and not text[0].isdigit()  # "a", "one": a word, hardly ever a figure
        return None if joining or not tokens else value

    def _amount(self, kind: str, token: str, *, sized: bool) -> float:
        """The number that one part of a figure adds. `sized`: a magnitude or a fraction sign follows."""
        match kind:
            case "digits":
                return self._digits(token, sized=sized)
            case "word":
                return self.table.words[token.lower()]
            case "sign":
                return unicodedata.numeric(token)
            case "fraction":
                return next(part for pattern, part in self._fractions if pattern.match(token))
            case "half":
                return 0.5
        raise ValueError(kind)

    def _digits(self, text: str, *, sized: bool) -> float:
        """A figure in digits. Without a magnitude, three digits after a point or comma are thousands: "88.000"."""
        if not sized and _THOUSANDS.fullmatch(text):
            return float(re.sub(r"\D", "", text))
        whole, _, part = text.partition(self.table.decimal)
        if _GROUPED.fullmatch(whole):
            plain = re.sub(r"\D", "", whole)
            return float(f"{plain}.{part or 0}")
        return float(text.replace(self.table.decimal, "."))
