"""Whether Redis accepts the connection; checked before a worker or a gateway starts."""

from __future__ import annotations

import ssl
from typing import Any

from bordertally.agents.kafka.clients import redis_options
from bordertally.streams.errors import ConfigError
from bordertally.streams.security import redis_place
from bordertally.streams.settings import Settings


async def check_redis(settings: Settings) -> None:
    """Raise ConfigError if Redis refuses access. If Redis is away, a worker starts without it."""
    if why := await redis_refusal(settings):
        raise ConfigError(why)


async def redis_refusal(settings: Settings) -> str | None:
    """Why Redis refuses access (password or certificate); None if it does not, or is away."""
    from redis.asyncio import Redis  # noqa: PLC0415 - a worker without this hop starts faster
    from redis.asyncio.retry import Retry  # noqa: PLC0415 - as above
    from redis.backoff import NoBackoff  # noqa: PLC0415 - as above
    from redis.exceptions import AuthenticationError, NoPermissionError, RedisError  # noqa: PLC0415 - as above

    at = f"BORDERTALLY_REDIS_URL={redis_place(settings)}"
    redis: Any = Redis.from_url(
        **redis_options(settings), socket_timeout=3, socket_connect_timeout=3, retry=Retry(NoBackoff(), 0)
    )
    try:
        await redis.ping()
    except NoPermissionError:  # the user is known, and may not ping
        return None
    except AuthenticationError as error:
        return f"{at}: it does not let us in: {error}"
    except (RedisError, OSError) as error:
        return _untrusted(at, error, settings)
    finally:
        await redis.aclose()
    return None


def _untrusted(at: str, error: BaseException, settings: Settings) -> str | None:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        by = f"BORDERTALLY_REDIS_CA_FILE={settings.redis_ca_file or ''}"
        return f"{at}: its certificate is not trusted: {cause.verify_message} ({by})"
    return None if cause is None else f"{at}: no TLS there ({cause})"
