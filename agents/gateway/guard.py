"""Authorization: which caller may use which route. Without tokens the gateway serves only this machine."""

from __future__ import annotations

import base64
from ipaddress import ip_address

from aiohttp import web
from aiohttp.typedefs import Middleware

from bordertally.agents.gateway.headers import EMBED
from bordertally.agents.gateway.problems import Handler
from bordertally.agents.runtime.problems import ProblemError
from bordertally.streams.delivery.tokens import ADMIN, READER, Caller, Keys, Scope
from bordertally.streams.errors import ConfigError
from bordertally.streams.settings import Settings

COMMON = "shell/page.html"
"""The file of the pages that differ only in their script: `{{page}}` stands for the path without its slash."""

PAGES = {
    "/": "overview/index.html",
    "/flow": COMMON,
    "/alert": COMMON,
    "/desk": "desk/desk.html",
    "/report": COMMON,
    EMBED: COMMON,
}
"""The pages of the board, by path, and their files."""

OPEN_PATHS = (*PAGES, "/unsubscribe", "/healthz", "/readyz", "/metrics")
OPEN_FILES = "/board/"
"""The pages and files of the board contain no figures. The board asks for a token itself when the API requires one."""
REPORT_PATHS = ("/v1/reports", "/v1/imports")
REVIEW = "/v1/review"
"""Reviewing needs the scope for reports: a decision is published as a report of the token's source."""

CALLER: web.RequestKey[Caller] = web.RequestKey("caller", Caller)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_address(settings: Settings, keys: Keys) -> None:
    """Raise ConfigError when other machines could read without a token and `public_read` is not set."""
    if not is_loopback(settings.gateway_host) and not (keys.guards_reading or settings.public_read):
        raise ConfigError(
            f"BORDERTALLY_GATEWAY_HOST={settings.gateway_host}: an address other than loopback needs "
            "BORDERTALLY_READ_TOKENS or BORDERTALLY_ADMIN_TOKENS (make a token with: bordertally token), "
            "or BORDERTALLY_PUBLIC_READ=true"
        )


def scope_of(request: web.Request) -> Scope:
    """Return the scope that a request needs."""
    if request.path in OPEN_PATHS or request.path.startswith(OPEN_FILES):
        return Scope.OPEN
    if request.path == REVIEW or request.path.startswith(f"{REVIEW}/"):
        return Scope.REPORT
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return Scope.READ
    return Scope.REPORT if request.path in REPORT_PATHS else Scope.ADMIN


class Guard:
    """Identifies the caller of a request and refuses what the caller may not do."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        check_address(settings, keys)
        self.keys = keys
        self._loopback = is_loopback(settings.gateway_host)
        self._free = set[Scope]()
        if settings.public_read or (self._loopback and not keys.guards_reading):
            self._free.add(Scope.READ)
        if self._loopback and not keys.guards_reports:
            self._free |= {Scope.REPORT, Scope.ADMIN}
        self._only_here = self._loopback and not settings.public_read

    def renew(self, keys: Keys) -> None:
        """Use the tokens of a reloaded registry. New tokens can close an open route, never open a closed one."""
        self.keys = keys
        if keys.guards_reports:
            self._free -= {Scope.REPORT, Scope.ADMIN}

    def middleware(self) -> Middleware:
        """Return the middleware for aiohttp."""

        @web.middleware
        async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
            request[CALLER] = self.check(request)
            return await handler(request)

        return guarded

    def check(self, request: web.Request) -> Caller:
        """Return the caller. Raises ProblemError: 401 without a valid token, 403 when the token lacks the scope."""
        scope, token = scope_of(request), token_of(request)
        if scope is Scope.OPEN:
            return READER
        caller = None if token is None else self.keys.caller(token)
        if token is not None and caller is None and not (self._free and not self.keys.guards_reports):
            raise ProblemError(401, "this token is not valid", headers=self._challenge(request, "invalid_token"))
        if caller is not None and scope in caller.scopes:
            return caller
        if scope in self._free:
            self._check_host(request)
            return READER if scope is Scope.READ else ADMIN
        if caller is not None:
            raise ProblemError(403, f"this token lacks the scope {scope.value}; use a token that has it")
        raise ProblemError(401, f"this request needs a token of scope {scope.value}", headers=self._challenge(request))

    def _check_host(self, request: web.Request) -> None:
        """Raise ProblemError (403) unless Host is loopback: a foreign page or a proxy could reach an open gateway."""
        try:
            host = request.url.host or ""
        except ValueError:
            host = request.headers.get("Host", "")
        if self._only_here and not is_loopback(host):
            detail = "without tokens the gateway serves only this machine; use 127.0.0.1, or set tokens"
            raise ProblemError(403, detail, field="Host", value=host)

    @staticmethod
    def _challenge(request: web.Request, error: str = "") -> dict[str, str]:
        """Return WWW-Authenticate. Basic makes a browser ask for the token (as a password), for the stream too."""
        if "text/html" in request.headers.get("Accept", ""):
            return {"WWW-Authenticate": 'Basic realm="bordertally", charset="UTF-8"'}
        return {"WWW-Authenticate": 'Bearer realm="bordertally"' + (f', error="{error}"' if error else "")}


def token_of(request: web.Request) -> str | None:
    """Return the token of a request: from Bearer, or the password of Basic; None without a token."""
    kind, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return credentials.strip()
    if kind.lower() == "basic":
        try:
            return base64.b64decode(credentials.strip(), validate=True).decode().partition(":")[2]
        except ValueError:  # not base64, or not UTF-8
            return ""
    return None
