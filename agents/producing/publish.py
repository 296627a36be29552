"""Publish reports from files: check them, send each to the topic of its source, and wait until it is stored."""

from __future__ import annotations

import asyncio
import shlex
import time
from codecs import BOM_UTF8
from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import islice
from json import JSONDecoder
from pathlib import Path
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bordertally.agents.kafka.clients import connect
from bordertally.agents.kafka.producer import by_kafka, make_producer
from bordertally.agents.kafka.report_record import record_of
from bordertally.agents.runtime.languages import word_reader
from bordertally.streams.errors import BordertallyError, RefusedError
from bordertally.streams.ledger.versions import UNMOVED, outcome_of, passed_over
from bordertally.streams.periods import iso_day
from bordertally.streams.reports.claims import Claim, Identity, period_of
from bordertally.streams.reports.notices import ReportNotice, refuse_unknown
from bordertally.streams.reports.signatures import check_signature, signature
from bordertally.streams.reports.sources import Registry, source_of
from bordertally.streams.reports.validation import Limits
from bordertally.streams.settings import Settings
from bordertally.streams.statements.reports import read_claims
from bordertally.streams.topics import Topics

AHEAD = 2_000
"""The most reports that wait for their acknowledgements at once."""

AHEAD_BYTES = 8_000_000
"""About the most bytes of them."""


class Line(NamedTuple):
    """A line of a file: its place (`file:number`), its bytes, its error, if it has one, and notices about it.

    `report`: the id, where the line makes claims.
    """

    where: str
    raw: bytes
    fault: RefusedError | None
    notices: tuple[ReportNotice, ...] = ()
    report: str = ""


def read_lines(files: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    """Place and bytes of every non-empty line of files; `-` is standard input. Raises BordertallyError.

    A byte order mark at the beginning of a file, as Windows writes it, is skipped. A file that is one JSON document
    over several lines, or an array, is refused.
    """
    for path in files:
        try:
            with Path("/dev/stdin" if str(path) == "-" else path).open("rb") as lines:
                numbered = (
                    (number, (line.removeprefix(BOM_UTF8) if number == 1 else line).strip())
                    for number, line in enumerate(lines, 1)
                )
                for number, text in _one_report_a_line(path, (line for line in numbered if line[1])):
                    yield f"{path}:{number}", text
        except OSError as error:
            raise BordertallyError(f"{path}: {error.strerror}") from None


LOOKED_AT = 1_000
"""The most lines looked at to recognise a JSON document that begins on the first of them."""


def _one_report_a_line(path: Path, lines: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """Pass numbered lines through. Raises BordertallyError when the first one begins a longer JSON document."""
    for number, first in lines:
        more: list[tuple[int, bytes]] = []
        if first.startswith((b"{", b"[")) and not _is_object(first):
            more = list(islice(lines, LOOKED_AT))
            text = b"\n".join([first, *(text for _, text in more)]).decode("utf-8", "replace")
            if _is_document(text, len(first.decode("utf-8", "replace"))):
                elements = "'.[]'" if text.startswith("[") else "."
                name = "" if str(path) == "-" else f" {shlex.quote(str(path))}"
                raise BordertallyError(
                    f"{path}: write one report per line; this is JSON in another layout. To rewrite it: "
                    f"jq -c {elements}{name}"
                )
        yield number, first
        yield from more
        yield from lines


def _is_object(text: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(text), dict)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def _is_document(text: str, first: int) -> bool:
    """Whether a text begins with an array of objects, or with a JSON value longer than `first` characters."""
    decode = JSONDecoder().raw_decode
    try:
        if text.startswith("["):
            inner = text[1:].lstrip()
            value, end = decode(inner)
            return isinstance(value, dict) and inner[end:].lstrip()[:1] in (",", "]")
        return decode(text)[1] > first
    except (ValueError, RecursionError):
        return False


def checked(  # noqa: PLR0913 - what a file is checked by
    files: Iterable[Path],
    registry: Registry,
    limits: Limits,
    key: Ed25519PrivateKey | None = None,
    *,
    signed: bool = False,
    strict: bool = False,
) -> Iterator[Line]:
    """Every line of files with its error, if it has one, and its notices. Reports in words are read too.

    With `signed`, a report is also wrong if its source has keys in the registry and `key` is not one of them; with
    `strict`, if it has an unknown field.
    """
    now, words, newest = time.time(), word_reader(registry), dict[Identity, Claim]()
    for where, raw in read_lines(files):
        notices = list[ReportNotice]()
        try:
            claims = read_claims(raw, registry, now, limits, words, tell=refuse_unknown if strict else notices.append)
            for claim in claims:
                known = newest.get(claim.identity)
                outcome = outcome_of(claim, known)
                if known is not None and (
                    notice := passed_over(claim, known, outcome, claim.flow, iso_day(period_of(claim).first_day))
                ):
                    notices.append(notice)
                if outcome not in UNMOVED:
                    newest[claim.identity] = claim
            if signed:
                headers = [] if key is None else [signature(key, raw)]
                check_signature(registry.keys, source_of(raw), raw, headers)
        except RefusedError as error:
            yield Line(where, raw, error)
        else:
            yield Line(where, raw, None, tuple(notices), claims[0].report if claims else "")


async def publish(
    settings: Settings, raws: Iterable[bytes], registry: Registry, topics: Topics, key: Ed25519PrivateKey | None = None
) -> AsyncIterator[int]:
    """Send reports; yields how many the broker has acknowledged so far. Raises KafkaError for one it does not store."""
    producer = make_producer(settings, 0.005)
    try:
        await connect(producer, settings)
        send, waiting, done, size = by_kafka(producer), [], 0, 0
        for raw in raws:
            waiting.append(await send(record_of(raw, registry, topics, key)))
            size += len(raw)
            if len(waiting) >= AHEAD or size >= AHEAD_BYTES:
                await asyncio.gather(*waiting)
                done, size = done + len(waiting), 0
                waiting.clear()
                yield done
        await asyncio.gather(*waiting)
        yield done + len(waiting)
    finally:
        await producer.stop()
