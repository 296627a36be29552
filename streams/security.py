"""How clients reach Kafka and Redis: which security, and which settings go together."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit, urlunsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bordertally.streams.errors import ConfigError

OptionalFile = Annotated[Path | None, BeforeValidator(lambda value: None if value == "" else value)]

REDIS_SCHEMES = ("redis", "rediss", "unix")


class Security(enum.StrEnum):
    """How connections to Kafka are made; the words are those of Kafka's security.protocol, in small letters."""

    PLAINTEXT = "plaintext"
    SSL = "ssl"
    SASL_PLAINTEXT = "sasl_plaintext"
    SASL_SSL = "sasl_ssl"

    @property
    def tls(self) -> bool:
        """Whether they are encrypted, and the broker shows a certificate."""
        return self in (Security.SSL, Security.SASL_SSL)

    @property
    def sasl(self) -> bool:
        """Whether a name and a password are shown."""
        return self in (Security.SASL_PLAINTEXT, Security.SASL_SSL)


class Mechanism(enum.StrEnum):
    """How a password is shown to Kafka: as it is, or so that whoever listens does not learn it."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"


UNSECURED: dict[str, str] = {
    "kafka_security": Security.PLAINTEXT.value,
    "kafka_username": "",
    "kafka_password": "",
    "kafka_password_file": "",
    "kafka_ca_file": "",
    "kafka_certificate_file": "",
    "kafka_key_file": "",
    "redis_password": "",
    "redis_password_file": "",
    "redis_ca_file": "",
    "redis_certificate_file": "",
    "redis_key_file": "",
}
"""Settings for servers of our own on this machine, whatever the environment says of others."""


class ConnectionSettings(BaseSettings):
    """How Kafka and Redis are reached: the part of the settings that every client needs."""

    model_config = SettingsConfigDict(env_prefix="BORDERTALLY_", extra="ignore", frozen=True, hide_input_in_errors=True)

    brokers: str = Field("127.0.0.1:9092", description="Kafka bootstrap servers, host:port, separated by commas.")
    kafka_security: Security = Field(Security.PLAINTEXT, description=f"How Kafka is reached: {', '.join(Security)}.")
    kafka_sasl_mechanism: Mechanism = Field(
        Mechanism.SCRAM_SHA_512, description=f"How a password is shown to Kafka: {', '.join(Mechanism)}."
    )
    kafka_username: str = Field("", description="The user that Kafka knows these clients as, with sasl_*.")
    kafka_password: SecretStr = Field(SecretStr(""), description="Its password; a file is better.")
    kafka_password_file: OptionalFile = Field(None, description="A file with its password, read at start.")
    kafka_ca_file: OptionalFile = Field(
        None, description="Certificates (PEM) of those who may vouch for the broker. Default: the system's."
    )
    kafka_certificate_file: OptionalFile = Field(
        None, description="A client's certificate (PEM) to show to the broker."
    )
    kafka_key_file: OptionalFile = Field(
        None, description="Its private key (PEM, not encrypted). Default: in the certificate's file."
    )
    redis_url: str = Field(
        "redis://127.0.0.1:6379/0",
        repr=False,
        description="The Redis that serves latest totals and alerts: redis://user@host:port/0, rediss:// for TLS.",
    )
    redis_password: SecretStr = Field(SecretStr(""), description="The password for Redis; a file is better.")
    redis_password_file: OptionalFile = Field(None, description="A file with the password for Redis, read at start.")
    redis_ca_file: OptionalFile = Field(
        None, description="Certificates (PEM) of those who may vouch for Redis. Default: the system's."
    )
    redis_certificate_file: OptionalFile = Field(None, description="A client's certificate (PEM) to show to Redis.")
    redis_key_file: OptionalFile = Field(
        None, description="Its private key (PEM, not encrypted). Default: in the certificate's file."
    )

    @field_validator("kafka_security", mode="before")
    @classmethod
    def _as_kafka_writes_it(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str) -> str:
        check_redis_url(value)
        return value

    @model_validator(mode="after")
    def _together(self) -> Self:
        check_security(self)
        return self

    @field_validator("brokers")
    @classmethod
    def _addresses(cls, value: str) -> str:
        for address in value.split(","):
            host, _, port = address.strip().rpartition(":")
            if not host or not port.isdigit():
                raise ValueError("host:port, separated by commas")
        return value


def check_security(settings: ConnectionSettings) -> None:
    """Raise ConfigError where settings contradict each other: what was meant to protect must not be left out silently.

    No error quotes a password.
    """
    _kafka(settings)
    _redis(settings)


def _kafka(settings: ConnectionSettings) -> None:
    security = settings.kafka_security
    setting = f"BORDERTALLY_KAFKA_SECURITY={security}"
    password, file = settings.kafka_password.get_secret_value(), settings.kafka_password_file
    if password and file:
        raise ConfigError("BORDERTALLY_KAFKA_PASSWORD and BORDERTALLY_KAFKA_PASSWORD_FILE: only one of them")
    if security.sasl and not settings.kafka_username:
        raise ConfigError(f"{setting}: it needs BORDERTALLY_KAFKA_USERNAME")
    if security.sasl and not (password or file):
        raise ConfigError(f"{setting}: it needs BORDERTALLY_KAFKA_PASSWORD_FILE (or BORDERTALLY_KAFKA_PASSWORD)")
    if not security.sasl and (settings.kafka_username or password or file):
        raise ConfigError(f"{setting}: no name or password is shown that way; sasl_ssl shows the one that is set")
    files = {
        "CA_FILE": settings.kafka_ca_file,
        "CERTIFICATE_FILE": settings.kafka_certificate_file,
        "KEY_FILE": settings.kafka_key_file,
    }
    for name, path in files.items():
        if path and not security.tls:
            raise ConfigError(f"{setting}: BORDERTALLY_KAFKA_{name}={path} is for ssl and sasl_ssl")
    if settings.kafka_key_file and not settings.kafka_certificate_file:
        raise ConfigError(f"BORDERTALLY_KAFKA_KEY_FILE={settings.kafka_key_file}: it needs a certificate file")


def _redis(settings: ConnectionSettings) -> None:
    url = urlsplit(settings.redis_url)
    password, file = settings.redis_password.get_secret_value(), settings.redis_password_file
    passwords = sum(map(bool, (url.password, password, file)))
    if passwords > 1:
        raise ConfigError(
            "BORDERTALLY_REDIS_URL with a password, BORDERTALLY_REDIS_PASSWORD, BORDERTALLY_REDIS_PASSWORD_FILE: "
            "only one of them"
        )
    if url.username and not passwords:
        raise ConfigError(f"BORDERTALLY_REDIS_URL={redis_place(settings)}: user {url.username} needs a password")
    files = {
        "CA_FILE": settings.redis_ca_file,
        "CERTIFICATE_FILE": settings.redis_certificate_file,
        "KEY_FILE": settings.redis_key_file,
    }
    for name, path in files.items():
        if path and url.scheme != "rediss":
            raise ConfigError(f"BORDERTALLY_REDIS_{name}={path}: BORDERTALLY_REDIS_URL does not begin with rediss://")
    if settings.redis_key_file and not settings.redis_certificate_file:
        raise ConfigError(f"BORDERTALLY_REDIS_KEY_FILE={settings.redis_key_file}: it needs a certificate file")


def check_redis_url(url: str) -> None:
    """Raise ValueError unless it is the URL of a Redis; the text leaves the URL out, it may hold a password."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in REDIS_SCHEMES and (parts.port or 1) > 0
        good = good and bool(parts.path if parts.scheme == "unix" else parts.hostname)
    except ValueError:
        good = False
    if not good:
        raise ValueError("redis://host:port/0, rediss:// for TLS, or unix:///path")


def redis_place(settings: ConnectionSettings) -> str:
    """Where Redis is, for a person: its URL without user, password and options."""
    parts = urlsplit(settings.redis_url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))
