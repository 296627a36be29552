"""Kafka and Redis that let in only whom they know: the whole pipeline over them, and what is said when they refuse."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import pytest
import yaml
from typer.testing import CliRunner

from bordertally.agents.cli.main import cli
from bordertally.agents.delivery.redis.access import check_redis
from bordertally.agents.demo.run import sample
from bordertally.agents.kafka.clients import refusal
from bordertally.agents.kafka.topic_reader import partitions_of
from bordertally.agents.servers.kafka import Guarded, start_kafka
from bordertally.agents.servers.kafka_jars import why_no_kafka
from bordertally.agents.servers.ports import free_port
from bordertally.agents.servers.process import Server
from bordertally.agents.servers.redis import redis_binary, start_redis
from bordertally.agents.worker.preflight import check_access, check_broker
from bordertally.streams.errors import BordertallyError, ConfigError
from bordertally.streams.security import UNSECURED
from bordertally.streams.settings import Settings, load_settings
from certificates import Authority
from live import COMMAND, PARTITIONS, Live, page, pure

USER = "bordertally"
KAFKA_SECRET, PLAIN_SECRET, REDIS_SECRET = "scram-Zaphod-7731", "plain-Trillian-4419", "redis-Marvin-9902"
WRONG = "wrong-Slartibartfast-1133"
SECRETS = (KAFKA_SECRET, PLAIN_SECRET, REDIS_SECRET, WRONG)
# As docs/security.md gives it.
ACL = (
    f"user {USER} on >{REDIS_SECRET} ~bordertally:* &bordertally:* "
    "+@read +@write +@connection +@transaction +@scripting +publish -@dangerous +info +time"
)


pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed transport:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """aiokafka leaves a connection that was not let in to the collector: it comes here, not in the next test."""
    yield
    gc.collect()


class Secured(NamedTuple):
    """A Kafka with guarded listeners for passwords, with TLS and without, and for certificates, a Redis, and keys."""

    kafka: Server
    sasl: str
    sasl_plaintext: str
    tls: str
    redis: Server
    rediss: str
    authority: Authority
    stranger: Authority
    directory: Path

    def environment(self, **others: str) -> dict[str, str]:
        """What opens both: SCRAM-SHA-512 over TLS for Kafka, a user of its ACL over TLS for Redis."""
        own = {
            "BROKERS": self.sasl,
            "KAFKA_SECURITY": "SASL_SSL",
            "KAFKA_USERNAME": USER,
            "KAFKA_PASSWORD_FILE": str(self.directory / "kafka.password"),
            "KAFKA_CA_FILE": str(self.authority.file),
            "REDIS_URL": f"rediss://{USER}@{self.rediss}/0",
            "REDIS_PASSWORD_FILE": str(self.directory / "redis.password"),
            "REDIS_CA_FILE": str(self.authority.file),
            "PARTITIONS": str(PARTITIONS),
        }
        return {f"BORDERTALLY_{name}": value for name, value in (own | others).items()}

    def settings(self, **others: str) -> Settings:
        """The same as settings."""
        named = self.environment(**others).items()
        return load_settings(**{name.removeprefix("BORDERTALLY_").lower(): value for name, value in named})


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """Both servers; each asks who is there."""
    if missing := why_no_kafka():
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    if not _redis_has_tls():
        pytest.skip("this redis-server is built without TLS; that of apt-get install redis-server has it")
    directory = tmp_path_factory.mktemp("secured")
    authority, stranger = Authority(directory, "authority"), Authority(directory, "stranger")
    certificate, key = authority.issue("server")
    for name, text in (("kafka.password", KAFKA_SECRET), ("redis.password", REDIS_SECRET), ("wrong.password", WRONG)):
        (directory / name).write_text(text + "\n")
    kafka, ports = _start_kafka(directory, authority, certificate, key)
    sasl, sasl_plaintext, tls = (f"127.0.0.1:{ports[name]}" for name in ("SASL_SSL", "SASL_PLAINTEXT", "SSL"))
    try:
        redis, rediss = _start_redis(directory, authority, certificate, key)
        try:
            yield Secured(kafka, sasl, sasl_plaintext, tls, redis, rediss, authority, stranger, directory)
        finally:
            redis.stop()
    finally:
        kafka.kill()


def _start_kafka(directory: Path, authority: Authority, certificate: Path, key: Path) -> tuple[Server, dict[str, int]]:
    together = directory / "server.pem"
    together.write_bytes(key.read_bytes() + certificate.read_bytes())
    ports = {"SASL_SSL": free_port(), "SASL_PLAINTEXT": free_port(), "SSL": free_port()}
    login = "org.apache.kafka.common.security"
    properties = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(together),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority.file),
        "listener.name.ssl.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
    }
    for sasl in ("listener.name.sasl_ssl", "listener.name.sasl_plaintext"):
        properties |= {
            f"{sasl}.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
            f"{sasl}.scram-sha-512.sasl.jaas.config": f"{login}.scram.ScramLoginModule required;",
            f"{sasl}.plain.sasl.jaas.config": f'{login}.plain.PlainLoginModule required user_{USER}="{PLAIN_SECRET}";',
        }
    server = start_kafka(None, directory / "kafka", guarded=Guarded(ports, properties, {USER: KAFKA_SECRET}))
    return server, ports


def _start_redis(directory: Path, authority: Authority, certificate: Path, key: Path) -> tuple[Server, str]:
    (directory / "redis").mkdir()
    acl = directory / "users.acl"
    acl.write_text(f"user default off\n{ACL}\n")
    port = free_port()
    options = ["--tls-port", str(port), "--tls-cert-file", str(certificate), "--tls-key-file", str(key)]
    options += ["--tls-ca-cert-file", str(authority.file), "--tls-auth-clients", "no", "--aclfile", str(acl)]
    return start_redis(None, directory / "redis", options=options), f"127.0.0.1:{port}"


def _redis_has_tls() -> bool:
    ldd = shutil.which("ldd")
    if ldd is None:
        return False
    linked = subprocess.run([ldd, redis_binary()], capture_output=True, text=True, check=False)
    return "libssl" in linked.stdout


def bordertally(environment: dict[str, str], *arguments: str) -> str:
    """Run a command here, which must go well; returns all it says."""
    done = CliRunner().invoke(cli, arguments, env=environment)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def live(secured: Secured, tmp_path: Path) -> Iterator[Live]:
    """A pipeline on them."""
    pipeline = Live(secured.kafka, secured.redis, tmp_path, prefix="secured.")
    pipeline.environment |= secured.environment()
    try:
        yield pipeline
    finally:
        pipeline.kill()


@pytest.mark.kafka
def test_the_whole_pipeline_over_scram_and_tls_and_no_secret_is_told(live: Live, tmp_path: Path) -> None:
    raws = sample()
    outputs = [bordertally(live.environment, "topics", "--create")]
    worker = live.worker(command=(*COMMAND, "worker"))
    gateway = live.gateway(command=(*COMMAND, "gateway"), BORDERTALLY_PUBLIC_READ="true")
    reports = tmp_path / "reports.ndjson"
    reports.write_bytes(b"\n".join(raws))
    outputs.append(bordertally(live.environment, "publish", str(reports), "--faulty", "--to", live.settings.brokers))
    asyncio.run(live.shows(pure(raws)))
    asyncio.run(live.shows_alerts(pure(raws)))
    with urlopen(f"http://{gateway.address}/v1/flows", timeout=10) as answer:
        flows = answer.read().decode()
    assert "RU:GE" in flows
    outputs += [bordertally(live.environment, *command) for command in (("why", "RU:GE"), ("doctor",), ("settings",))]
    shown = list(outputs)
    shown += [flows, page(worker.port, "/metrics"), worker.log.read_text(), gateway.log.read_text()]
    shown += [Path(f"/proc/{server.pid}/cmdline").read_text() for server in (worker, gateway)]
    assert all(secret not in text for text in shown for secret in SECRETS)


def in_a_pod_of_the_overlay(kubectl: str, workload: str, secret: dict[str, str], folder: Path) -> dict[str, str]:
    """The environment of a container that deploy/k8s/managed-kafka makes; files of the Secret lie in a folder here."""
    overlay = Path("deploy/k8s/managed-kafka")
    done = subprocess.run([kubectl, "kustomize", str(overlay)], capture_output=True, text=True, check=True)
    made = list(yaml.safe_load_all(done.stdout))
    (pod,) = [
        resource["spec"]["template"]["spec"]
        for resource in made
        if resource["kind"] in {"StatefulSet", "Deployment", "Job"} and resource["metadata"]["name"] == workload
    ]
    (container,) = pod["containers"]
    (mount,) = [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == "kafka"]
    maps = {resource["metadata"]["name"]: resource["data"] for resource in made if resource["kind"] == "ConfigMap"}
    environment: dict[str, str] = {}
    for source in container["envFrom"]:
        if "configMapRef" in source:
            environment |= maps[source["configMapRef"]["name"]]
    for variable in container.get("env", []):
        value = variable["valueFrom"]
        environment[variable["name"]] = secret[value["secretKeyRef"]["key"]] if "secretKeyRef" in value else "worker-0"
    return {name: value.replace(mount, str(folder)) for name, value in environment.items()}


@pytest.mark.kafka
def test_the_pods_of_the_overlay_for_a_managed_kafka_run_with_their_environment(
    secured: Secured, live: Live, tmp_path: Path
) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    secret = {"username": USER, "password": KAFKA_SECRET, "ca.crt": secured.authority.file.read_text()}
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    for name, text in secret.items():
        (mounted / name).write_text(text)
    raws = sample()
    # What differs from a cluster: addresses, one copy, files of the ConfigMap, and pipelines side by side.
    here = {
        "BROKERS": secured.sasl,
        "REPLICATION": "1",
        "HTTP_HOST": "127.0.0.1",
        "GATEWAY_HOST": "127.0.0.1",
        "RECOVERY_DELAY_S": "0",
        "TOPIC_PREFIX": "managed.",
        "APP_ID": "managed.bordertally",
        "REDIS_URL": f"rediss://{USER}@{secured.rediss}/2",
        "REDIS_PASSWORD_FILE": str(secured.directory / "redis.password"),
        "REDIS_CA_FILE": str(secured.authority.file),
        **{name: f"deploy/config/{name.lower()}.toml" for name in ("SOURCES", "RULES", "WEBHOOKS")},
    }
    here = {f"BORDERTALLY_{name}": value for name, value in here.items()}
    here |= {name: str(Path(value).absolute()) for name, value in here.items() if value.startswith("deploy/")}
    bordertally(in_a_pod_of_the_overlay(kubectl, "topics", secret, mounted) | here, "topics", "--create")
    live.environment = in_a_pod_of_the_overlay(kubectl, "worker", secret, mounted) | here
    live.worker()
    live.environment = in_a_pod_of_the_overlay(kubectl, "gateway", secret, mounted) | here
    gateway = live.gateway(BORDERTALLY_PUBLIC_READ="true")
    reports = tmp_path / "reports.ndjson"
    reports.write_bytes(b"\n".join(raws))
    bordertally(live.environment, "publish", str(reports), "--faulty", "--to", secured.sasl)
    asyncio.run(live.shows(pure(raws)))
    with urlopen(f"http://{gateway.address}/v1/flows?flow=RU:GE", timeout=10) as answer:
        assert "53000" in answer.read().decode()


@pytest.mark.kafka
def test_passwords_without_tls_by_scram_and_by_plain(secured: Secured, live: Live, tmp_path: Path) -> None:
    raws = sample()
    plain = {"KAFKA_SASL_MECHANISM": "PLAIN", "KAFKA_PASSWORD_FILE": "", "KAFKA_PASSWORD": PLAIN_SECRET}
    without_tls = {"BROKERS": secured.sasl_plaintext, "KAFKA_SECURITY": "SASL_PLAINTEXT", "KAFKA_CA_FILE": ""}
    own = {"TOPIC_PREFIX": "plain.", "APP_ID": "plain.bordertally", "REDIS_URL": f"rediss://{USER}@{secured.rediss}/1"}
    live.environment |= secured.environment(**without_tls, **own)
    by_plain = live.environment | {f"BORDERTALLY_{name}": value for name, value in plain.items()}
    outputs = [bordertally(by_plain, "topics", "--create")]
    worker = live.worker()  # by SCRAM
    reports = tmp_path / "reports.ndjson"
    reports.write_bytes(b"\n".join(raws))
    outputs.append(bordertally(by_plain, "publish", str(reports), "--faulty", "--to", secured.sasl_plaintext))
    asyncio.run(live.shows(pure(raws)))
    outputs.append(worker.log.read_text())
    assert all(secret not in text for text in outputs for secret in SECRETS)
    wrong = secured.settings(**without_tls, **plain | {"KAFKA_PASSWORD": WRONG})
    refused = asyncio.run(refusal(wrong))
    assert refused is not None
    assert "it does not let in BORDERTALLY_KAFKA_USERNAME" in refused.why


@pytest.mark.kafka
def test_plain_and_client_certificates_are_let_in_too(secured: Secured) -> None:
    plain = secured.settings(KAFKA_SASL_MECHANISM="PLAIN", KAFKA_PASSWORD_FILE="", KAFKA_PASSWORD=PLAIN_SECRET)
    assert asyncio.run(partitions_of(plain, "__consumer_offsets")) >= 0
    certificate, key = secured.authority.issue("client")
    certified = {
        "BROKERS": secured.tls,
        "KAFKA_SECURITY": "ssl",
        "KAFKA_USERNAME": "",
        "KAFKA_PASSWORD_FILE": "",
        "KAFKA_CERTIFICATE_FILE": str(certificate),
        "KAFKA_KEY_FILE": str(key),
    }
    assert asyncio.run(partitions_of(secured.settings(**certified), "__consumer_offsets")) >= 0
    without = certified | {"KAFKA_CERTIFICATE_FILE": "", "KAFKA_KEY_FILE": ""}
    with pytest.raises(BordertallyError, match="BORDERTALLY_KAFKA_CERTIFICATE_FILE"):
        asyncio.run(partitions_of(secured.settings(**without), "__consumer_offsets"))


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"KAFKA_PASSWORD_FILE": "wrong.password"}, f"does not let in BORDERTALLY_KAFKA_USERNAME={USER}"),
        ({"KAFKA_CA_FILE": "stranger.pem"}, "its certificate is not trusted"),
    ],
    ids=["password", "authority"],
)
def test_a_worker_that_is_refused_says_so_in_one_sentence(
    secured: Secured, changed: dict[str, str], sentence: str
) -> None:
    files = {name: str(secured.directory / file) for name, file in changed.items()}
    done = subprocess.run(
        [sys.executable, "-m", "bordertally.agents.cli.main", "worker"],
        env=os.environ | secured.environment(**files, HTTP_PORT="0"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith(f"bordertally: BORDERTALLY_BROKERS={secured.sasl}: ")
    assert sentence in lines[0]
    assert all(secret not in done.stderr for secret in SECRETS)


@pytest.mark.kafka
@pytest.mark.parametrize(
    "command",
    [
        "topics --create",
        "publish {reports} --to {brokers}",
        "silences list --to {brokers}",
        "review list --to {brokers}",
        "rejected list",
        "replay --from-kafka",
        "webhooks log",
        "watch",
        "gateway",
    ],
)
def test_a_command_that_is_refused_says_so_too(secured: Secured, tmp_path: Path, command: str) -> None:
    reports = tmp_path / "reports.ndjson"
    reports.write_bytes(sample()[0])
    arguments = command.format(reports=reports, brokers=secured.sasl).split()
    refused = secured.environment(KAFKA_PASSWORD_FILE=str(secured.directory / "wrong.password"))
    done = CliRunner().invoke(cli, arguments, env=refused)
    assert isinstance(done.exception, ConfigError), done.output
    assert f"{secured.sasl}: it does not let in BORDERTALLY_KAFKA_USERNAME={USER}" in str(done.exception)
    assert all(secret not in str(done.exception) + done.output for secret in SECRETS)


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"KAFKA_SASL_MECHANISM": "SCRAM-SHA-256"}, "BORDERTALLY_KAFKA_SASL_MECHANISM=SCRAM-SHA-256 is not taken"),
        ({"KAFKA_USERNAME": "nobody"}, "does not let in BORDERTALLY_KAFKA_USERNAME=nobody"),
    ],
)
def test_what_kafka_does_not_take(secured: Secured, changed: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        asyncio.run(check_broker(secured.settings(**changed)))


@pytest.mark.kafka
def test_another_security_than_that_of_the_listener(secured: Secured) -> None:
    tls_on_plain = asyncio.run(refusal(secured.settings(BROKERS=secured.kafka.address)))
    plain_on_tls = asyncio.run(refusal(load_settings(**UNSECURED, brokers=secured.sasl)))
    for refused, security in ((tls_on_plain, "sasl_ssl"), (plain_on_tls, "plaintext")):
        assert refused is not None
        assert f"it ends the connection; BORDERTALLY_KAFKA_SECURITY={security} may be wrong" in refused.why
        assert not refused.certain  # a broker that starts does so too: it is asked again for a while
    asyncio.run(check_access(secured.settings(BROKERS=secured.kafka.address)))


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"REDIS_PASSWORD_FILE": "wrong.password"}, "it does not let us in: invalid username-password pair"),
        ({"REDIS_CA_FILE": "stranger.pem"}, "its certificate is not trusted"),
    ],
)
def test_what_redis_refuses(secured: Secured, changed: dict[str, str], sentence: str) -> None:
    settings = secured.settings(**{name: str(secured.directory / file) for name, file in changed.items()})
    with pytest.raises(ConfigError, match=sentence) as caught:
        asyncio.run(check_redis(settings))
    assert str(caught.value).startswith(f"BORDERTALLY_REDIS_URL=rediss://{secured.rediss}/0: ")
    assert all(secret not in str(caught.value) for secret in SECRETS)
