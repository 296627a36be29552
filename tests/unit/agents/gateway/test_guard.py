"""Requests without the scope that they need are refused by its name."""

from __future__ import annotations

import pytest

from bordertally.streams.delivery.tokens import digest_of
from unit.agents.gateway.kit import Shelf, gateway


@pytest.mark.parametrize(
    ("token", "status", "detail"),
    [
        (None, 401, "this request needs a token of scope admin"),
        ("reader", 403, "this token lacks the scope admin; use a token that has it"),
        ("nobody", 401, "this token is not valid"),
    ],
)
async def test_only_a_token_of_scope_admin_mutes(
    token: str | None, status: int, detail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = {"read_tokens": digest_of("reader"), "admin_tokens": digest_of("chief")}
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with gateway(Shelf(), monkeypatch, **tokens) as http, http.post("/v1/silences", headers=headers) as answer:
        assert (answer.status, (await answer.json())["detail"]) == (status, detail)
