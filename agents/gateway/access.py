"""A line of the log for each request, at debug."""

from __future__ import annotations

import logging

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger


class AccessLines(AbstractAccessLogger):
    """Method, path and status, without what stands behind the question mark and in headers: tokens may."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Log a request that was answered within `time` seconds; a stream, when it ends."""
        what = {"method": request.method, "path": request.path, "status": response.status}
        self.logger.debug("gateway: request", extra=what | {"ms": round(time * 1000, 1)})

    @property
    def enabled(self) -> bool:
        """Only then is anything measured."""
        return self.logger.isEnabledFor(logging.DEBUG)
