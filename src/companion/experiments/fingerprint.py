"""A fingerprint of the code that a measurement runs: has it changed since?

Chapters: all, behind `companion run`. A change anywhere in the package would be too
coarse a sign: a new tokenizer must not make an old n-gram measurement look stale. So
we follow names, from a function to the definitions that it mentions, to those that
these mention, through every module of the package, and hash what was reached.
Comments, docstrings and layout do not count. Imports must have the form `from
companion.x import y`, as everywhere in the package.
"""

import ast
import functools
import hashlib
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

Place = tuple[str, str]  # a module and a name at its top level
# Data are told by their SHA-256: by which way they came changes no result.
BEYOND = ("companion.field.fetch", "companion.field.faults")


def fingerprint(function: Callable) -> str:
    """Return the SHA-256 of all definitions that a function may reach.

    A parameter counts as a name too, since an experiment's measurements are given
    what the function of that name returns. What is reached only through strings
    (`getattr`, files) is not seen.

    Args:
        function: A function at the top level of its module.
    """
    return _fingerprint(function.__module__, function.__name__)


@functools.cache
def _fingerprint(module: str, name: str) -> str:
    reached = sorted(_reach((module, name)).items())
    text = "\n".join(f"{'.'.join(place)}\n{code}" for place, code in reached)
    return hashlib.sha256(text.encode()).hexdigest()


def _reach(start: Place) -> dict[Place, str]:
    """Return the code of each definition that can be reached, by its place."""
    roots = {"companion", start[0].partition(".")[0]}
    found: dict[Place, str] = {}
    open_places = [start]
    seen = set(open_places)
    while open_places:
        place = open_places.pop()
        node = _definitions(place[0]).get(place[1])
        if node is None:
            continue
        if isinstance(node, ast.ImportFrom):
            alias = _alias(place[1], node)
            reached = iter([(node.module, alias.name)])
            if alias.asname:  # two that exchange their names change what is run
                found[place] = f"{node.module}.{alias.name}"
        else:
            found[place] = _dump(node)
            reached = _mentioned(place[0], node)
        for other in reached:
            inside = other[0].partition(".")[0] in roots and other[0] not in BEYOND
            if inside and other not in seen:
                seen.add(other)
                open_places.append(other)
    return found


def _dump(node: object) -> str:
    """Return a syntax tree as text, the same in every version of Python."""
    # ast.dump and ast.unparse change from version to version: we name what has a value.
    if isinstance(node, ast.AST):
        fields = (
            f"{name}={_dump(value)}"
            for name, value in ast.iter_fields(node)
            if name not in ("kind", "type_comment") and value not in (None, [])
        )
        return f"{type(node).__name__}({', '.join(fields)})"
    if isinstance(node, list):
        return f"[{', '.join(map(_dump, node))}]"
    return repr(node)


def _mentioned(module: str, node: ast.AST) -> Iterator[Place]:
    """Yield the places of all names in a definition, `module.name` resolved."""
    names = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name)]
    # What a function binds itself is no name of the module's.
    local = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    local = local if isinstance(node, ast.FunctionDef) else set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            if inner.id not in local:
                yield module, inner.id
        elif isinstance(inner, ast.arg):
            yield module, inner.arg
        elif isinstance(inner, ast.ImportFrom):  # one inside a function
            yield from ((inner.module, alias.name) for alias in inner.names)
        elif isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name):
            name = inner.value.id
            behind = _definitions(module).get(name)
            if isinstance(behind, ast.ImportFrom):
                yield f"{behind.module}.{_alias(name, behind).name}", inner.attr


def _alias(name: str, node: ast.ImportFrom) -> ast.alias:
    """Return the part of an import that binds a name."""
    return next(alias for alias in node.names if (alias.asname or alias.name) == name)


@functools.cache
def _definitions(module: str) -> dict[str, ast.AST]:
    """Return the statements at a module's top level by the names that they bind."""
    path = _source(module)
    if path is None:
        return {}
    found: dict[str, ast.AST] = {}

    def bind(name: str, node: ast.AST) -> None:
        """Keep a statement; a name bound again depends on both."""
        before = found.get(name, node)
        found[name] = node if before is node else ast.Module([before, node], [])

    tree = _Bare().visit(ast.parse(path.read_text(encoding="utf-8")))
    for node in ast.walk(tree):
        if _is_unclear(node, module.partition(".")[0]):
            raise ValueError(f"{module}: {ast.unparse(node)}: name what you import")
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            bind(node.name, node)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                bind(alias.asname or alias.name, node)
        else:
            for name in _changed(node):
                bind(name, node)
    return found


def _changed(statement: ast.AST) -> Iterator[str]:
    """Yield the names that a statement binds or changes: X = 1, X[k] = 1, X.add(1)."""
    for inner in ast.walk(statement):
        if isinstance(inner, ast.FunctionDef | ast.ClassDef):
            yield inner.name
        elif isinstance(inner, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in inner.names)
        elif isinstance(getattr(inner, "ctx", None), ast.Store):
            yield from _base(inner)
        elif isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Call):
            yield from _base(inner.value.func)


def _base(node: ast.AST) -> Iterator[str]:
    """Yield the X of X, X[k] and X.y."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


def _is_unclear(node: ast.AST, root: str) -> bool:
    """Say whether an import hides which names of the package it brings."""
    if isinstance(node, ast.ImportFrom):
        return node.level > 0 or node.names[0].name == "*"
    return isinstance(node, ast.Import) and any(
        alias.name.partition(".")[0] in ("companion", root) for alias in node.names
    )


def _source(module: str) -> Path | None:
    """Return the file of a module's Python code, None where there is none."""
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return None
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return None
    return Path(spec.origin)


class _Bare(ast.NodeTransformer):
    """Takes docstrings away."""

    def visit(self, node: ast.AST) -> ast.AST:
        self.generic_visit(node)
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_text(body[0]):
            node.body = body[1:] or [ast.Pass()]
        return node


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
