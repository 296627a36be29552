"""Who may ask what. Without tokens the gateway is open, and then only to this machine."""

from __future__ import annotations

import base64
import binascii
from ipaddress import ip_address

from aiohttp import web
from aiohttp.typedefs import Middleware

from bordertally.agents.gateway.problems import Handler, ProblemError
from bordertally.streams.delivery.tokens import ADMIN, READER, Caller, Keys, Scope
from bordertally.streams.errors import ConfigError
from bordertally.streams.settings import Settings

OPEN_PATHS = ("/", "/healthz", "/readyz", "/metrics")
OPEN_FILES = "/board/"
"""The page of the board holds no figures: it asks for a token itself where the API wants one."""
CALLER: web.RequestKey[Caller] = web.RequestKey("caller", Caller)


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches an address."""
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_address(settings: Settings, keys: Keys) -> None:
    """Raise ConfigError when the gateway would be open to others without anybody having said so."""
    if not is_loopback(settings.gateway_host) and not (keys.guards_reading or settings.public_read):
        raise ConfigError(
            f"BORDERTALLY_GATEWAY_HOST={settings.gateway_host}: beyond loopback it needs BORDERTALLY_READ_TOKENS or "
            "BORDERTALLY_ADMIN_TOKENS (make one with: bordertally token), or BORDERTALLY_PUBLIC_READ=true"
        )


def scope_of(request: web.Request) -> Scope:
    """What a request asks for."""
    if request.path in OPEN_PATHS or request.path.startswith(OPEN_FILES):
        return Scope.OPEN
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return Scope.READ
    return Scope.REPORT if request.path == "/v1/reports" else Scope.ADMIN


class Guard:
    """Finds out who asks, and refuses what the caller may not do."""

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
        """Go by other tokens from now on. That may close what was open, never open what was closed."""
        self.keys = keys
        if keys.guards_reports:
            self._free -= {Scope.REPORT, Scope.ADMIN}

    def middleware(self) -> Middleware:
        """For aiohttp."""

        @web.middleware
        async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
            request[CALLER] = self.check(request)
            return await handler(request)

        return guarded

    def check(self, request: web.Request) -> Caller:
        """Who asks. Raises ProblemError: 401 without a token that is known, 403 for one that opens other things."""
        scope, token = scope_of(request), token_of(request)
        if scope is Scope.OPEN:
            return READER
        caller = None if token is None else self.keys.caller(token)
        if token is not None and caller is None and not (self._free and not self.keys.guards_reports):
            raise ProblemError(401, "this token opens nothing here", headers=self._challenge(request, "invalid_token"))
        if caller is not None and scope in caller.scopes:
            return caller
        if scope in self._free:
            self._check_host(request)
            return READER if scope is Scope.READ else ADMIN
        if caller is not None:
            raise ProblemError(403, f"this token is not for that: it needs one of scope {scope.value}")
        raise ProblemError(401, f"this needs a token of scope {scope.value}", headers=self._challenge(request))

    def _check_host(self, request: web.Request) -> None:
        """Open to this machine: not to pages elsewhere that gave it a name of theirs, nor through a proxy unawares."""
        host = request.url.host or ""
        if self._only_here and not is_loopback(host):
            raise ProblemError(403, "without tokens it answers only this machine", field="Host", value=host)

    @staticmethod
    def _challenge(request: web.Request, error: str = "") -> dict[str, str]:
        """Browsers ask their user for the token (as a password) and then send it along, also for the stream."""
        if "text/html" in request.headers.get("Accept", ""):
            return {"WWW-Authenticate": 'Basic realm="bordertally", charset="UTF-8"'}
        return {"WWW-Authenticate": 'Bearer realm="bordertally"' + (f', error="{error}"' if error else "")}


def token_of(request: web.Request) -> str | None:
    """The token of a request: of Bearer, or the password of Basic; None without any."""
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return given.strip()
    if kind.lower() == "basic":
        try:
            return base64.b64decode(given.strip(), validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return None
