"""Access tokens of the gateway: who holds a token and what it permits. Only the SHA-256 of a token is kept."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from bordertally.streams.reports.sources import Registry


class Scope(enum.StrEnum):
    """The permission that a route requires."""

    OPEN = "open"
    READ = "read"
    REPORT = "report"
    ADMIN = "admin"


class Caller(NamedTuple):
    """The holder of a token: its scopes, and the source whose reports it may send; None for any source."""

    scopes: frozenset[Scope]
    source: str | None = None


ADMIN = Caller(frozenset(Scope))
READER = Caller(frozenset({Scope.READ}))


def digest_of(token: str) -> str:
    """The digest that is kept of a token. A token is long and random, so a plain hash cannot be guessed.

    `token` may hold bytes that are not UTF-8, as surrogates: any client can send them in a header.
    """
    return "sha256:" + hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


class Keys:
    """The callers of all tokens, by digest."""

    def __init__(self, registry: Registry, readers: Iterable[str] = (), admins: Iterable[str] = ()) -> None:
        self._callers: dict[str, Caller] = {}
        for source, entry in registry.sources.items():
            for digest in entry.tokens:
                self._callers[digest] = Caller(frozenset({Scope.REPORT}), source)
        self._callers |= dict.fromkeys(readers, READER) | dict.fromkeys(admins, ADMIN)

    @property
    def guards_reading(self) -> bool:
        """Whether there is a token for reading, so that reading requires one."""
        return any(Scope.READ in caller.scopes for caller in self._callers.values())

    @property
    def guards_reports(self) -> bool:
        """Whether there is a token for reports, so that reporting requires one."""
        return any(Scope.REPORT in caller.scopes for caller in self._callers.values())

    def caller(self, token: str) -> Caller | None:
        """The caller with this token; None for an unknown token."""
        return self._callers.get(digest_of(token))
