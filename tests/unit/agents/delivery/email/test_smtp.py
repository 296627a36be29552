"""Which mails a worker remembers to have sent."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from bordertally.agents.delivery.email import smtp as module
from bordertally.agents.delivery.email.smtp import AddressedMail, Smtp
from bordertally.streams.settings import load_settings


class Server(Smtp):
    """An SMTP server that takes every mail and refuses those whose id begins with `bad`."""

    def __init__(self) -> None:
        super().__init__(load_settings())
        self.transmitted: list[str] = []

    def _transmit(self, letters: Sequence[AddressedMail]) -> None:
        for letter in letters:
            self.transmitted.append(letter.mail.id)
            self._sent[letter.mail.id] = not letter.mail.id.startswith("bad")


def mails(*names: str) -> list[Any]:
    return [SimpleNamespace(mail=SimpleNamespace(id=name)) for name in names]


async def test_the_last_mails_are_remembered_and_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SENT", 2)
    server = Server()
    assert await server.send(mails("a", "bad", "c")) == {"a": True, "bad": False, "c": True}
    assert await server.send(mails("bad", "c")) == {"bad": False, "c": True}
    assert server.transmitted == ["a", "bad", "c"]
    await server.send(mails("a"))  # forgotten by then
    assert server.transmitted == ["a", "bad", "c", "a"]
