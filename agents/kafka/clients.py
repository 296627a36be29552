"""The options of every Kafka and Redis client: addresses, certificates and passwords from the settings.

A test checks that every client is made with these options, so that no client connects without TLS or a password where
the others have it. Passwords and certificates are read from their files each time a client is made.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from aiokafka.conn import create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from bordertally.streams.errors import ConfigError
from bordertally.streams.settings import Settings

if TYPE_CHECKING:
    from faust.types.auth import CredentialsT
    from pydantic import SecretStr


FETCH_WAIT_MS = 100
"""The longest wait of a broker for records. Kafka responds as soon as it has any; Tansu always waits this long."""


METADATA_MS = 10_000
"""How often a consumer asks again which topics and partitions exist, so that it reads a topic that was made anew."""


FETCH_BYTES = 4 * 1024 * 1024
"""The most bytes of a partition in one fetch; a single message that is larger is fetched alone."""


ANSWER_MS = 5_000
"""The timeout when a broker is asked why it refuses a connection."""


def kafka_options(settings: Settings) -> dict[str, Any]:
    """The options of any aiokafka client, with the broker addresses. Raises ConfigError when a file cannot be read."""
    security = settings.kafka_security
    options: dict[str, Any] = {"bootstrap_servers": settings.brokers, "security_protocol": security.value.upper()}
    if security.tls:
        options["ssl_context"] = _kafka_tls(settings)
    if security.sasl:
        options["sasl_mechanism"] = settings.kafka_sasl_mechanism.value
        options["sasl_plain_username"] = settings.kafka_username
        options["sasl_plain_password"] = _password(
            "KAFKA_PASSWORD_FILE", settings.kafka_password, settings.kafka_password_file
        )
    return options


def faust_credentials(settings: Settings) -> CredentialsT | None:
    """The credentials of Faust's consumer and producer; None without TLS and SASL. Raises ConfigError as above."""
    import faust  # noqa: PLC0415 - the import takes a second, and most commands do not need it

    options = kafka_options(settings)
    if settings.kafka_security.sasl:
        return faust.SASLCredentials(
            mechanism=options["sasl_mechanism"],
            username=options["sasl_plain_username"],
            password=options["sasl_plain_password"],
            ssl_context=options.get("ssl_context"),  # without a context, Faust uses sasl_plaintext
        )
    if settings.kafka_security.tls:
        return faust.SSLCredentials(context=options["ssl_context"])
    return None


def redis_options(settings: Settings) -> dict[str, Any]:
    """The options of `Redis.from_url`, with the URL. Raises ConfigError when a file cannot be read."""
    options: dict[str, Any] = {"url": settings.redis_url}
    if password := _password("REDIS_PASSWORD_FILE", settings.redis_password, settings.redis_password_file):
        options["password"] = password
    if settings.redis_url.startswith("rediss:"):
        options["ssl_check_hostname"] = True
        files = {
            "CA_FILE": ("ssl_ca_certs", settings.redis_ca_file),
            "CERTIFICATE_FILE": ("ssl_certfile", settings.redis_certificate_file),
            "KEY_FILE": ("ssl_keyfile", settings.redis_key_file),
        }
        for name, (option, path) in files.items():
            if path is not None:
                _read(f"REDIS_{name}", path)  # redis-py reports a missing file only at the first command
                options[option] = str(path)
    return options


def _kafka_tls(settings: Settings) -> ssl.SSLContext:
    trusted = None if settings.kafka_ca_file is None else _pem("KAFKA_CA_FILE", settings.kafka_ca_file)
    context = ssl.create_default_context(cadata=trusted)  # without a CA file, the system's certificates are trusted
    if settings.kafka_certificate_file is not None:
        key = settings.kafka_key_file or settings.kafka_certificate_file
        _pem("KAFKA_CERTIFICATE_FILE", settings.kafka_certificate_file)
        _read("KAFKA_KEY_FILE", key)
        try:
            # Without a password, OpenSSL would ask for it at the terminal.
            context.load_cert_chain(settings.kafka_certificate_file, key, password=lambda: "")
        except (ssl.SSLError, ValueError) as error:
            raise ConfigError(
                f"BORDERTALLY_KAFKA_CERTIFICATE_FILE={settings.kafka_certificate_file} and its key in {key}: {error}"
            ) from None
    return context


def _pem(name: str, path: Path) -> str:
    text = _read(name, path)
    try:
        ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError):
        raise ConfigError(f"BORDERTALLY_{name}={path}: there is no certificate (PEM) in it") from None
    return text


def _read(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"BORDERTALLY_{name}={path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"BORDERTALLY_{name}={path}: it is no text in UTF-8") from None


def _password(name: str, given: SecretStr, path: Path | None) -> str:
    if path is None:
        return given.get_secret_value()
    password = _read(name, path).rstrip("\r\n")
    if not password:
        raise ConfigError(f"BORDERTALLY_{name}={path}: it is empty")
    return password


class Refusal(NamedTuple):
    """Why a broker refuses a connection. `certain`: another attempt will fail too."""

    why: str
    certain: bool


async def refusal(settings: Settings) -> Refusal | None:
    """Why the brokers refuse a connection; None where a broker accepts it, or none can be reached."""
    options = kafka_options(settings)
    last: Refusal | None = None
    for address in options.pop("bootstrap_servers").split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            connection = await create_conn(host.strip("[]"), int(port), request_timeout_ms=ANSWER_MS, **options)
        except (KafkaError, OSError) as error:  # TimeoutError is an OSError
            last = _refusal(settings, address.strip(), error) or last
        else:
            connection.close()
            return None
    return last


def _refusal(settings: Settings, address: str, error: BaseException) -> Refusal | None:
    security, certain = f"BORDERTALLY_KAFKA_SECURITY={settings.kafka_security}", True
    match error:
        case ssl.SSLCertVerificationError():
            by = f"BORDERTALLY_KAFKA_CA_FILE={settings.kafka_ca_file or ''}"
            why = f"its certificate is not trusted: {error.verify_message} ({by})"
        case ssl.SSLError():
            why = f"no TLS there ({error.reason}); {security}"
        case SaslAuthenticationFailed() | AuthenticationFailedError():
            file = settings.kafka_password_file
            where = f"BORDERTALLY_KAFKA_PASSWORD_FILE={file}" if file else "BORDERTALLY_KAFKA_PASSWORD"
            user = f"BORDERTALLY_KAFKA_USERNAME={settings.kafka_username}"
            why = f"it does not let in {user} with the password of {where}"
        case UnsupportedSaslMechanismError():
            why = f"BORDERTALLY_KAFKA_SASL_MECHANISM={settings.kafka_sasl_mechanism} is not taken there"
        case IllegalSaslStateError():
            why = f"no password is asked for there; {security}"
        case KafkaConnectionError() | ConnectionResetError():  # closed after or during the first exchange
            certain = False
            uncertified = settings.kafka_security.tls and settings.kafka_certificate_file is None
            wants = ", or it wants a certificate (BORDERTALLY_KAFKA_CERTIFICATE_FILE)" if uncertified else ""
            why = f"it ends the connection; {security} may be wrong{wants}"
        case _:
            return None
    return Refusal(f"BORDERTALLY_BROKERS={address}: {why}", certain)


async def connect(client: Any, settings: Settings) -> None:
    """Start an aiokafka client. Raises ConfigError with the reason when the broker refuses it, else KafkaError."""
    try:
        await client.start()
    except KafkaConnectionError:
        await (client.close() if hasattr(client, "close") else client.stop())
        reason = await refusal(settings)
        if reason is None:
            raise
        raise ConfigError(reason.why) from None


class Received(Protocol):
    """A received record, aiokafka's raw one or an UnreadableBatch: the fields that hops and streams read.

    `timestamp`: milliseconds since 1970 UTC.
    """

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
