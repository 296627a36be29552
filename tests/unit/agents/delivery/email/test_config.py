"""The settings of e-mail that are checked when a worker starts."""

from __future__ import annotations

import pytest

from bordertally.agents.delivery.email.config import secret_of
from bordertally.streams.errors import ConfigError
from bordertally.streams.settings import load_settings


def test_a_short_secret_is_refused() -> None:
    assert secret_of(load_settings(email_secret="s" * 32)) == b"s" * 32
    assert secret_of(load_settings()) == b""
    with pytest.raises(ConfigError, match="BORDERTALLY_EMAIL_SECRET: it needs at least 32 characters"):
        secret_of(load_settings(email_secret="s" * 31))
