"""Security by settings: what goes together, what clients are made with, and what is never quoted."""

from __future__ import annotations

import itertools
import ssl
from pathlib import Path

import pytest
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth
from hypothesis import given
from hypothesis import strategies as st

from bordertally.agents.kafka.clients import faust_credentials, kafka_options, redis_options
from bordertally.streams.errors import ConfigError
from bordertally.streams.security import Mechanism, Security, redis_place
from bordertally.streams.settings import load_settings
from certificates import Authority

SECRET = "correct-horse-battery"


@pytest.mark.parametrize(("security", "mechanism"), list(itertools.product(Security, Mechanism)))
def test_faust_gets_the_same_as_every_other_client(security: Security, mechanism: Mechanism) -> None:
    user = {"kafka_username": "me", "kafka_password": SECRET} if security.sasl else {}
    settings = load_settings(kafka_security=security, kafka_sasl_mechanism=mechanism, **user)
    ours = kafka_options(settings)
    theirs = dict(credentials_to_aiokafka_auth(faust_credentials(settings)))
    assert ours.pop("bootstrap_servers") == settings.brokers
    for options in (ours, theirs):
        context = options.pop("ssl_context", None)
        assert (context is not None) == security.tls
        if context is not None:
            assert context.check_hostname
            assert context.verify_mode is ssl.CERT_REQUIRED
    assert ours == theirs
    assert ours["security_protocol"] == security.name


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"kafka_username": "me"}, "BORDERTALLY_KAFKA_SECURITY=plaintext: no name or password is shown that way"),
        ({"kafka_security": "ssl", "kafka_password": SECRET}, "=ssl: no name or password is shown that way"),
        ({"kafka_security": "sasl_ssl", "kafka_password": SECRET}, "it needs BORDERTALLY_KAFKA_USERNAME"),
        ({"kafka_security": "sasl_ssl", "kafka_username": "me"}, "it needs BORDERTALLY_KAFKA_PASSWORD_FILE"),
        ({"kafka_password": SECRET, "kafka_password_file": "/p"}, "only one of them"),
        ({"kafka_ca_file": "/ca.pem"}, "BORDERTALLY_KAFKA_CA_FILE=/ca.pem is for ssl and sasl_ssl"),
        ({"kafka_security": "ssl", "kafka_key_file": "/k"}, "BORDERTALLY_KAFKA_KEY_FILE=/k: it needs a certificate"),
        ({"kafka_security": "tls"}, "BORDERTALLY_KAFKA_SECURITY=tls: "),
        ({"redis_ca_file": "/ca.pem"}, "BORDERTALLY_REDIS_URL does not begin with rediss://"),
        ({"redis_url": "rediss://h", "redis_key_file": "/k"}, "BORDERTALLY_REDIS_KEY_FILE=/k: it needs a certificate"),
        ({"redis_url": f"redis://:{SECRET}@h", "redis_password": SECRET}, "only one of them"),
        ({"redis_url": "redis://me@h/1"}, "BORDERTALLY_REDIS_URL=redis://h/1: user me needs a password"),
        ({"redis_url": f"http://:{SECRET}@h"}, "BORDERTALLY_REDIS_URL=(not shown): "),
        ({"redis_url": f"redis://:{SECRET}@h:port"}, "BORDERTALLY_REDIS_URL=(not shown): "),
    ],
)
def test_what_contradicts_itself_is_refused(settings: dict[str, str], why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(**settings)
    assert why in str(caught.value)
    assert SECRET not in str(caught.value)


@given(st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=8).filter(lambda text: "e" in text))
def test_settings_never_show_a_password(password: str) -> None:
    secret = f"<{password}>"
    settings = load_settings(
        kafka_security="sasl_plaintext",
        kafka_username="me",
        kafka_password=secret,
        redis_url=f"rediss://me:{password}@h:1/0",
    )
    assert secret not in repr(settings)
    assert f":{password}@" not in repr(settings)
    assert secret not in settings.model_dump_json()
    assert redis_place(settings) == "rediss://h:1/0"
    assert secret not in repr(faust_credentials(settings))


def test_passwords_come_from_files(tmp_path: Path) -> None:
    held = tmp_path / "password"
    held.write_text(f"{SECRET} \n")
    settings = load_settings(
        kafka_security="sasl_plaintext",
        kafka_username="me",
        kafka_password_file=held,
        redis_url="redis://me@h",
        redis_password_file=held,
    )
    assert kafka_options(settings)["sasl_plain_password"] == f"{SECRET} "  # only the end of the line is left out
    assert redis_options(settings) == {"url": "redis://me@h", "password": f"{SECRET} "}
    held.write_text("changed")
    assert kafka_options(settings)["sasl_plain_password"] == "changed"
    held.write_text("\n")
    with pytest.raises(ConfigError, match=f"BORDERTALLY_KAFKA_PASSWORD_FILE={held}: it is empty"):
        kafka_options(settings)
    held.unlink()
    with pytest.raises(ConfigError, match=f"BORDERTALLY_REDIS_PASSWORD_FILE={held}: No such file"):
        redis_options(settings)


def test_certificates_are_looked_at_when_a_client_is_made(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    certificate, key = authority.issue("client")
    _, other = authority.issue("other")
    good = {"kafka_security": "ssl", "kafka_ca_file": authority.file, "kafka_certificate_file": certificate}
    context = kafka_options(load_settings(**good, kafka_key_file=key))["ssl_context"]
    assert [dict(*one["subject"])["commonName"] for one in context.get_ca_certs()] == ["authority"]
    with pytest.raises(ConfigError, match=r"BORDERTALLY_KAFKA_CERTIFICATE_FILE=.* and its key in .*other.key"):
        kafka_options(load_settings(**good, kafka_key_file=other))
    with pytest.raises(ConfigError, match=r"BORDERTALLY_KAFKA_CA_FILE=.*client.key: there is no certificate"):
        kafka_options(load_settings(kafka_security="ssl", kafka_ca_file=key))
    with pytest.raises(ConfigError, match=r"BORDERTALLY_REDIS_CA_FILE=.*none.pem: No such file"):
        redis_options(load_settings(redis_url="rediss://h", redis_ca_file=tmp_path / "none.pem"))
    options = redis_options(load_settings(redis_url="rediss://h", redis_ca_file=authority.file))
    assert options["ssl_ca_certs"] == str(authority.file)
    assert options["ssl_check_hostname"] is True
