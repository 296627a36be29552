"""The shape of the code: what moves depends on what flows, never the other way round."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

STREAMS = sorted(Path("streams").rglob("*.py"))
ALLOWED = {"streams", "base64", "binascii", "cryptography", "msgspec", "pycountry", "pydantic", "pydantic_settings"}
ALLOWED |= {"__future__", "bisect", "collections", "dataclasses", "datetime", "email", "enum", "functools", "hashlib"}
ALLOWED |= {
    "ipaddress",
    "itertools",
    "json",
    "math",
    "pathlib",
    "re",
    "tomllib",
    "unicodedata",
    "typing",
    "urllib.parse",
    "xml",
    "zlib",
    "zoneinfo",
    "operator",
}
METHODS = {"now", "today", "utcnow", "read_text", "read_bytes", "write_text"}
FUNCTIONS = {"open", "print", "input"}


@pytest.mark.parametrize("path", STREAMS, ids=str)
def test_the_pure_core_imports_nothing_that_does_io(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        assert {name if name in ALLOWED else name.split(".")[0] for name in names} <= ALLOWED, path


@pytest.mark.parametrize("path", STREAMS, ids=str)
def test_the_pure_core_never_looks_at_a_clock_or_a_file(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Attribute):
                assert called.attr not in METHODS, f"{path}:{node.lineno}"
            elif isinstance(called, ast.Name):
                assert called.id not in FUNCTIONS, f"{path}:{node.lineno}"


@pytest.mark.parametrize("package", ["streams.statements", "redis", "typer", "rich"])
def test_a_worker_starts_without_what_it_need_not_import(package: str) -> None:
    code = f"import sys, agents.entry, agents.work; sys.exit({package!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("package", ["streams", "agents"])
def test_no_other_installed_distribution_owns_our_names(package: str) -> None:
    assert set(packages_distributions()[package]) == {"bordertally"}


@pytest.mark.parametrize(
    "module",
    sorted(
        ".".join(path.with_suffix("").parts)
        for path in Path("agents").rglob("*.py")
        if path.name not in ("__init__.py", "launch.py")
    ),
)
def test_every_module_imports(module: str) -> None:
    importlib.import_module(module)


CLIENTS = {"AIOKafkaConsumer", "AIOKafkaProducer", "AIOKafkaAdminClient", "Redis", "from_url", "Worker", "App"}
MADE_BY = {"kafka_options", "redis_options"}


@pytest.mark.parametrize("path", sorted(Path("agents").rglob("*.py")), ids=str)
def test_every_client_of_kafka_and_redis_is_made_with_what_the_settings_say_of_security(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and called(node) in CLIENTS:
            spread = {called(one.value) for one in node.keywords if one.arg is None and isinstance(one.value, ast.Call)}
            given = {one.arg: called(one.value) for one in node.keywords if isinstance(one.value, ast.Call)}
            faust = given.get("broker_credentials") == "faust_credentials"
            assert spread & MADE_BY or faust, f"{path}:{node.lineno}"


def called(node: ast.expr) -> str:
    """The last name of what is called: `from_url` of `Redis.from_url(...)`."""
    function = node.func if isinstance(node, ast.Call) else node
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
