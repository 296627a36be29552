"""The shape of the code: what moves depends on what flows, never the other way round."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from bordertally.agents.cli.code_map import PACKAGES, imports, modules, name_of, package_of

ROOT = Path()
MODULES = modules(ROOT)
STREAMS = [path for path in MODULES if path.parts[0] == "streams"]
ALLOWED = {
    "bordertally.streams",
    "anyascii",
    "base64",
    "binascii",
    "bisect",
    "collections",
    "countryguess",
    "cryptography",
}
ALLOWED |= {
    "__future__",
    "dataclasses",
    "datetime",
    "email",
    "enum",
    "functools",
    "hashlib",
    "ipaddress",
    "itertools",
    "json",
    "math",
}
ALLOWED |= {"babel", "msgspec", "operator", "pathlib", "pycountry", "pydantic", "pydantic_settings", "re", "tomllib"}
ALLOWED |= {"hmac", "html", "string", "types"}
ALLOWED |= {"difflib", "typing"}
ALLOWED |= {"unicodedata", "urllib.parse", "xml", "zlib", "zoneinfo"}

FOLDERS = sorted({str(path.parent) for path in MODULES})


MOST_MODULES = 14


NAMES = {name_of(path): path for path in MODULES}
GRAPH = imports(ROOT)


def test_no_module_imports_itself_by_way_of_others() -> None:
    try:
        tuple(TopologicalSorter(GRAPH).static_order())
    except CycleError as error:
        pytest.fail(" imports ".join(map(str, reversed(error.args[1]))))


def test_every_package_has_its_place_in_the_order() -> None:
    assert sorted(PACKAGES) == sorted({package_of(path) for path in MODULES})


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_those_before_it(package: str) -> None:
    before = PACKAGES[: PACKAGES.index(package) + 1]
    wrong = {
        f"{path} imports {other}"
        for path in MODULES
        if package_of(path) == package
        for other in GRAPH[path]
        if package_of(other) not in before
    }
    assert not wrong


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_holds_no_more_modules_than_can_be_seen_at_once(folder: str) -> None:
    assert len([path for path in Path(folder).glob("*.py") if path.name != "__init__.py"]) <= MOST_MODULES


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_says_what_goes_in_and_what_comes_out(folder: str) -> None:
    assert ast.get_docstring(ast.parse((Path(folder) / "__init__.py").read_text()))


def test_a_public_class_name_stands_once() -> None:
    places: dict[str, list[str]] = {}
    for path in MODULES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(str(path))
    assert {name: modules for name, modules in places.items() if len(modules) > 1} == {}


@pytest.mark.parametrize("path", [path for path in STREAMS if path.name != "__init__.py"], ids=str)
def test_every_core_module_has_its_test_at_its_own_path(path: Path) -> None:
    test = Path("tests/unit") / path.parent / f"test_{path.name}"
    assert test.is_file()
    assert name_of(path) in test.read_text(), f"{test} does not import {name_of(path)}"


METHODS = {"now", "today", "utcnow", "read_text", "read_bytes", "write_text"}
FUNCTIONS = {"open", "print", "input"}


@pytest.mark.parametrize("path", STREAMS, ids=str)
def test_the_pure_core_imports_nothing_that_does_io(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        wrong = [
            name for name in names if not any(name == allowed or name.startswith(f"{allowed}.") for allowed in ALLOWED)
        ]
        assert not wrong, path


@pytest.mark.parametrize("path", STREAMS, ids=str)
def test_the_pure_core_never_looks_at_a_clock_or_a_file(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Attribute):
                assert called.attr not in METHODS, f"{path}:{node.lineno}"
            elif isinstance(called, ast.Name):
                assert called.id not in FUNCTIONS, f"{path}:{node.lineno}"


@pytest.mark.parametrize("package", ["bordertally.streams.statements", "redis", "typer", "rich"])
def test_a_worker_starts_without_what_it_need_not_import(package: str) -> None:
    code = (
        f"import sys, bordertally.agents.cli.entry, bordertally.agents.worker.run; sys.exit({package!r} in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_other_installed_distribution_owns_our_name() -> None:
    assert set(packages_distributions()["bordertally"]) == {"bordertally"}


def test_nothing_of_ours_is_imported_by_a_name_that_others_have() -> None:
    """`agents` belongs to openai-agents too: ours is `bordertally.agents`."""
    code = (
        "import sys; from bordertally.agents.cli import commands, lazy;"
        "all(lazy.load(one) for one in commands.COMMANDS.values());"
        "sys.exit(bool({'agents', 'streams'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd="tests").returncode == 0


@pytest.mark.parametrize(
    "module",
    [name for name, path in NAMES.items() if path.name not in ("__init__.py", "launch.py")],
)
def test_every_module_imports(module: str) -> None:
    importlib.import_module(module)


CLIENTS = {"AIOKafkaConsumer", "AIOKafkaProducer", "AIOKafkaAdminClient", "Redis", "from_url", "Worker", "App"}
MADE_BY = {"kafka_options", "redis_options"}


@pytest.mark.parametrize("path", sorted(Path("agents").rglob("*.py")), ids=str)
def test_every_client_of_kafka_and_redis_is_made_with_what_the_settings_say_of_security(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and called(node) in CLIENTS:
            spread = {
                called(keyword.value)
                for keyword in node.keywords
                if keyword.arg is None and isinstance(keyword.value, ast.Call)
            }
            given = {
                keyword.arg: called(keyword.value) for keyword in node.keywords if isinstance(keyword.value, ast.Call)
            }
            faust = given.get("broker_credentials") == "faust_credentials"
            assert spread & MADE_BY or faust, f"{path}:{node.lineno}"


def called(node: ast.expr) -> str:
    """The last name of what is called: `from_url` of `Redis.from_url(...)`."""
    function = node.func if isinstance(node, ast.Call) else node
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
