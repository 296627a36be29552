"""The page by which a subscriber of e-mail leaves, with the token of a mail and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

import msgspec
from aiohttp import web

from bordertally.agents.delivery.email.config import secret_of
from bordertally.agents.gateway.parameters import AskUnsubscribe, asked
from bordertally.agents.gateway.writes.store import Store
from bordertally.agents.kafka.producer import Record
from bordertally.agents.runtime.problems import ProblemError
from bordertally.streams.delivery.email_subscribers import Unsubscribed, key_in
from bordertally.streams.settings import Settings
from bordertally.streams.topics import Topics

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Unsubscribe, bordertally</title><link rel="stylesheet" href="board/shell/board.css"></head>
<body><main><h1>{title}</h1><p>{text}</p>{form}</main></body>
</html>
"""
FORM = '<form method="post"><button type="submit" class="quiet">Unsubscribe</button></form>'


class Unsubscribing:
    """The route. A GET only shows a button: programs that scan mail follow links. A POST unsubscribes (RFC 8058)."""

    def __init__(self, settings: Settings, store: Store) -> None:
        """Raises ConfigError for a key that is too short."""
        self.secret, self.store, self.topic = secret_of(settings), store, Topics(settings.topic_prefix).unsubscribed

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Show the button. Raises ProblemError (404) for a token that is not ours."""
        name = escape(self._key(request).partition(":")[0])
        return _page("Unsubscribe", f"Subscriber {name} will receive no more e-mail.", FORM)

    async def leave(self, request: web.Request) -> web.StreamResponse:
        """Unsubscribe. Raises ProblemError: 404 for a token that is not ours, 503 without Kafka."""
        key = self._key(request)
        body = msgspec.json.encode(Unsubscribed(key, datetime.now(UTC)))
        await self.store.write(Record(self.topic, key.encode(), body))
        return _page("Unsubscribed", "You will receive no more e-mail. An operator can subscribe you again.")

    def _key(self, request: web.Request) -> str:
        key = key_in(self.secret, asked(request, AskUnsubscribe).token) if self.secret else None
        if key is None:
            raise ProblemError(404, "this link is not valid; use the link of the newest mail")
        return key


def _page(title: str, text: str, form: str = "") -> web.Response:
    return web.Response(text=PAGE.format(title=title, text=text, form=form), content_type="text/html")
