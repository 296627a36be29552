"""Text tables: rows of a CSV or TSV file in any encoding, read as they are needed."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

from bordertally.agents.imports.errors import UnreadableError
from bordertally.streams.imports.tables import Row

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_USUAL = ("utf_8", "utf_16", "cp1252", "cp1251", "cp1250", "cp1256", "cp1254", "cp932", "gb18030", "big5", "cp949")
"""Encodings that a suggestion may name."""
_LATIN = ("cp1252", "cp1250", "cp1254")
"""Encodings of Latin letters, which a few accents do not tell apart."""
EVERY = 5_000
"""Rows between two calls of `progress`."""
SAMPLE = 65_536
"""Bytes from which an encoding is guessed."""


def encoding_of(head: bytes, given: str) -> str:
    """The encoding of a file by its byte order mark, else the one given."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    return "utf-8-sig" if given.lower().replace("_", "-") in ("utf-8", "utf8") else given


def suggested_encoding(sample: bytes) -> str | None:
    """The encoding that a sample looks like; None if nothing fits."""
    from charset_normalizer import from_bytes  # noqa: PLC0415 - only for the error

    matches = from_bytes(sample, cp_isolation=list(_USUAL))
    best = matches.best()
    if best is None:
        return None
    alike = [name for match in matches if match.chaos <= best.chaos for name in match.could_be_from_charset]
    return (
        min([name for name in alike if name in _LATIN], key=_LATIN.index) if best.encoding in _LATIN else best.encoding
    )


def text_rows(
    file: BinaryIO, name: str, encoding: str, delimiter: str, progress: Callable[[int], None] | None = None
) -> Iterator[Row]:
    """Number and cells of every row. `progress` is called with the bytes read so far. Raises UnreadableError."""
    head = file.read(4)
    file.seek(0)
    try:
        lines = io.TextIOWrapper(file, encoding=encoding_of(head, encoding), newline="")
    except LookupError:
        raise UnreadableError(f"{name}: encoding: {encoding!r} is no encoding; try utf-8, cp1252 or utf-16") from None
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        for number, row in enumerate(reader, 1):
            yield number, row
            if progress is not None and number % EVERY == 0:
                progress(file.tell())
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{name}: {_encoding_advice(file, encoding, error)}") from None
    except csv.Error as error:
        raise UnreadableError(
            f"{name}: line {reader.line_num}: {error}; check the quotes around cells, or save the file as CSV again"
        ) from None
    finally:
        if not file.closed:
            lines.detach()  # whoever opened the file closes it


def _encoding_advice(file: BinaryIO, encoding: str, error: UnicodeDecodeError) -> str:
    file.seek(0)
    like = suggested_encoding(file.read(SAMPLE))
    bad = error.object[error.start : error.start + 1].hex()
    advice = f'it looks like {like}: set encoding = "{like}"' if like and like != encoding else "set its encoding"
    return f"the bytes are not {encoding} (the first wrong one is 0x{bad}); {advice}"
