"""Tokens of the gateway: who holds one, and what it opens. Only their SHA-256 is kept, never a token itself."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from bordertally.streams.reports.sources import Registry


class Scope(enum.StrEnum):
    """What a route asks for."""

    OPEN = "open"
    READ = "read"
    REPORT = "report"
    ADMIN = "admin"


class Caller(NamedTuple):
    """Who asks: the scopes held, and for which source reports may be sent; None for any."""

    scopes: frozenset[Scope]
    source: str | None = None


ADMIN = Caller(frozenset(Scope))
READER = Caller(frozenset({Scope.READ}))


def digest_of(token: str) -> str:
    """What is kept of a token. It is long and random, so a plain hash is enough: there is nothing to guess."""
    return "sha256:" + hashlib.sha256(token.encode()).hexdigest()


class Keys:
    """Every token that opens something, by its digest."""

    def __init__(self, registry: Registry, readers: Iterable[str] = (), admins: Iterable[str] = ()) -> None:
        self._callers: dict[str, Caller] = {}
        for source, entry in registry.sources.items():
            for digest in entry.tokens:
                self._callers[digest] = Caller(frozenset({Scope.REPORT}), source)
        self._callers |= dict.fromkeys(readers, READER) | dict.fromkeys(admins, ADMIN)

    @property
    def guards_reading(self) -> bool:
        """Whether anybody has been given a token for reading."""
        return any(Scope.READ in caller.scopes for caller in self._callers.values())

    @property
    def guards_reports(self) -> bool:
        """Whether anybody has been given a token for reports."""
        return any(Scope.REPORT in caller.scopes for caller in self._callers.values())

    def caller(self, token: str) -> Caller | None:
        """Who holds a token; None when it opens nothing."""
        return self._callers.get(digest_of(token))
