"""The faults that can be put into a module, and a seeded sample of them."""

from __future__ import annotations

import ast
import copy
import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from random import Random
from typing import NamedTuple, TypeVar


class Mutant(NamedTuple):
    """A module with one fault: `after` replaces the bytes from `first` to `end`. `line` counts from 1."""

    path: str
    line: int
    kind: str
    first: int
    end: int
    after: str


def mutated(source: str, mutant: Mutant) -> str:
    """The source of the module with the fault."""
    raw = source.encode()
    return (raw[: mutant.first] + mutant.after.encode() + raw[mutant.end :]).decode()


def diff_of(source: str, mutant: Mutant) -> str:
    """The lines that differ, as `diff -u0` shows them."""
    lines = difflib.unified_diff(source.splitlines(), mutated(source, mutant).splitlines(), lineterm="", n=0)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
EXCHANGED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Add,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
OPPOSITES = {"min": "max", "max": "min", "any": "all", "all": "any"}
SPARED = {"log", "logging", "warnings"}
"""Calls on these names only log, which no test has to pin."""

Change = tuple[str, ast.AST]
"""The kind of a fault, and the node that replaces the original."""

N = TypeVar("N", bound=ast.AST)


def changes_of(node: ast.AST) -> Iterator[Change]:
    """The faults at one node: another operator or constant, or a missing argument."""
    match node:
        case ast.Compare(ops=[operator]):
            yield "comparison flipped", _with(node, ops=[FLIPPED[type(operator)]()])
        case ast.BoolOp(op=operator):
            yield "and/or", _with(node, op=ast.Or() if isinstance(operator, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "not dropped", operand
        case ast.BinOp(op=operator) if type(operator) in EXCHANGED and not _is_text(node):
            yield "arithmetic", _with(node, op=EXCHANGED[type(operator)]())
        case ast.Constant(value=value):
            kind = "one more or less" if type(value) is int else "constant"
            yield from ((kind, ast.Constant(other)) for other in _others(value))
        case ast.Call():
            yield from _changes_of_call(node)
        case ast.IfExp(test=test) | ast.If(test=test) | ast.While(test=test):
            yield "condition inverted", test
        case ast.comprehension(ifs=[test, *_]):
            yield "condition inverted", test


def _changes_of_call(call: ast.Call) -> Iterator[Change]:
    if isinstance(call.func, ast.Name) and call.func.id in OPPOSITES:
        name = OPPOSITES[call.func.id]
        yield f"{call.func.id} for {name}", _with(call, func=ast.Name(name))
    if call.keywords:
        yield "argument dropped", _with(call, keywords=call.keywords[:-1])
    elif len(call.args) > 1:
        yield "argument dropped", _with(call, args=call.args[:-1])


def _others(value: object) -> Iterator[str | bool | int | float]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
        yield value - 1
    elif isinstance(value, float):
        yield value * 2 + 1
    elif isinstance(value, str) and " " not in value:  # a sentence is for people
        yield f"{value}x"


def _with(node: N, **fields: object) -> N:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _is_text(node: ast.BinOp) -> bool:
    return any(isinstance(side, ast.JoinedStr) or _is_string(side) for side in (node.left, node.right))


def _is_string(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def mutants_of(path: str, source: str) -> list[Mutant]:
    """Every fault that can be put into a module."""
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def place(node: ast.AST) -> tuple[int, int]:
        assert isinstance(node, ast.expr | ast.stmt)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset

    mutants = []
    for node in _code(ast.parse(source)):
        if isinstance(node, ast.Expr | ast.AugAssign | ast.Continue | ast.Break | ast.Raise):
            if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Call | ast.Await):
                continue
            mutants.append(Mutant(path, node.lineno, "statement dropped", *place(node), "pass"))
            continue
        for kind, after in changes_of(node):
            if kind == "condition inverted":
                assert isinstance(after, ast.expr)
                text = f"(not ({ast.unparse(after)}))"
                mutants.append(Mutant(path, after.lineno, kind, *place(after), text))
            elif isinstance(node, ast.expr):
                mutants.append(Mutant(path, node.lineno, kind, *place(node), f"({ast.unparse(after)})"))
    return mutants


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


PASSED_OVER = {"annotation", "returns", "decorator_list", "bases"}


def _code(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that determine what the program does: no types, docstrings, log messages or parts of f-strings."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in PASSED_OVER or (name == "keywords" and isinstance(node, ast.ClassDef)):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.Raise):
                yield child
            elif isinstance(child, ast.AST) and not _spared(child):
                yield from _code(child)


def _spared(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()):  # a docstring
            return True
        case ast.JoinedStr() | ast.Import() | ast.ImportFrom() | ast.Assert():
            return True  # Python 3.11 reports wrong positions inside f-strings
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=owner)))) if owner in SPARED:
            return True
        case ast.Call(func=ast.Name(id="cast" | "TypeVar" | "NewType")):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")) | ast.Assign(targets=[ast.Name(id="__all__" | "__slots__")]):
            return True
    return False


def chosen(sources: Mapping[str, str], seed: int, number: int) -> list[Mutant]:
    """A sample of `number` mutants, at most one a line; every line that can be mutated is equally likely."""
    by_line: dict[tuple[str, int], list[Mutant]] = defaultdict(list)
    for path, source in sorted(sources.items()):
        for mutant in mutants_of(path, source):
            by_line[path, mutant.line].append(mutant)
    random = Random(seed)
    lines = sorted(by_line)
    random.shuffle(lines)
    drawn = (random.choice(by_line[line]) for line in lines)
    return list(islice((mutant for mutant in drawn if _compiles(mutated(sources[mutant.path], mutant))), number))


def sources_of(root: Path, folders: Iterable[str]) -> dict[str, str]:
    """The modules below some folders of a tree, by their path in it."""
    modules = [path for folder in folders for path in sorted((root / folder).rglob("*.py"))]
    return {str(path.relative_to(root)): path.read_text() for path in modules}
