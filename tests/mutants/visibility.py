"""The test files that can detect a fault in a module: those that import it, directly or indirectly."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PROJECT = "bordertally"

_MODULE = re.compile(r"\w+(?:\.\w+)+(?::\w+)?")
QUICK = tuple(
    f"tests/{folder}/"
    for folder in ("unit", "docs", "oracle", "cases", "scenarios", "imports", "properties", "statements")
)
"""The folders of the tests without servers, the fastest first."""

_SERVER = re.compile(r"\b\w+: (?:Live|Server)\b")
"""A parameter of a test that is a server; such a test is not quick, wherever it stands."""


def own_test(module: str) -> str:
    """The path of the unit test of a module: the same path below tests/unit."""
    path = Path(module)
    return str(Path("tests/unit") / path.parent / f"test_{path.name}")


class Visibility:
    """The imports of every module and test of a tree."""

    def __init__(self, root: Path) -> None:
        self._names: dict[str, str] = {}
        files = [path for folder in ("streams", "agents", "tests") for path in sorted((root / folder).rglob("*.py"))]
        for path in files:
            where = path.relative_to(root)
            parts = where.with_suffix("").parts
            name = ".".join(parts[1:] if parts[0] == "tests" else (PROJECT, *parts))
            self._names[name.removesuffix(".__init__")] = str(where)
        self._slow = {str(path.relative_to(root)) for path in files if _SERVER.search(path.read_text())}
        self._importers: dict[str, set[str]] = defaultdict(set)
        for path in files:
            importer = str(path.relative_to(root))
            tree = ast.parse(path.read_text())
            package = ".".join((PROJECT, *Path(importer).parent.parts))
            for name in [*_imported(tree), *_loaded(tree, package)]:
                for known in self._known(name):
                    self._importers[known].add(importer)

    def _known(self, name: str) -> Iterator[str]:
        """The files of a module and of its packages, as far as the tree has them."""
        while name:
            if name in self._names:
                yield self._names[name]
            name = name.rpartition(".")[0]

    def quick_tests(self) -> list[str]:
        """Every quick test file."""
        names = set(self._names.values()) - self._slow
        return sorted(name for name in names if name.startswith(QUICK) and Path(name).name.startswith("test_"))

    def tests_of(self, module: str) -> tuple[list[str], list[str], list[str]]:
        """The quick test files that import a module: its own test, those of its folder, all others.

        Those that import the module by way of the fewest others come first.
        """
        seen, edge = {module: 0}, {module}
        while edge:
            edge = {importer for path in edge for importer in self._importers[path]} - seen.keys()
            seen |= dict.fromkeys(edge, max(seen.values()) + 1)
        quick = sorted((seen[path], path) for path in seen.keys() & set(self.quick_tests()))
        tests = [path for folder in QUICK for _, path in quick if path.startswith(folder)]
        own = own_test(module)
        package = f"{Path(own).parent}/"
        near = [path for path in tests if path != own and path.startswith(package)]
        far = [path for path in tests if path != own and path not in near]
        return [own] if own in tests else [], near, far


def _imported(tree: ast.Module) -> Iterator[str]:
    """The dotted names that a module imports, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _loaded(tree: ast.Module, package: str) -> Iterator[str]:
    """The modules that a module names in strings, and imports only when it needs them: "publish.reports:reports"."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _MODULE.fullmatch(node.value):
            name = node.value.partition(":")[0]
            yield from (name, f"{package}.{name}")
