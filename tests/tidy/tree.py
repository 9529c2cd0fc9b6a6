"""The files that belong to the product, and what is in them."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from settings import PROJECT_ROOT

MIGRATIONS = "store/migrations/versions/"
TEXT = {".py", ".md", ".yaml", ".yml", ".toml", ".txt", ".json", ".jsonl", ".csv", ".lock", ".ini", ".mako", ".sh", ""}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def files() -> tuple[str, ...]:
    """Every file that is committed or is going to be, by its path from the root."""
    command = ("git", "ls-files", "--cached", "--others", "--exclude-standard")
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    return tuple(sorted(name for name in set(done.stdout.splitlines()) if (PROJECT_ROOT / name).is_file()))


def python_files() -> list[str]:
    """The Python files, migrations left out: those are written by a tool and never change."""
    return [name for name in files() if name.endswith(".py") and not name.startswith(MIGRATIONS)]


def product_files() -> list[str]:
    """The Python files that are not tests."""
    return [name for name in python_files() if not name.startswith("tests/")]


def text_files() -> list[str]:
    """Everything that is read as text."""
    return [name for name in files() if Path(name).suffix in TEXT]


@cache
def text_of(name: str) -> str:
    """What is in a file."""
    return (PROJECT_ROOT / name).read_text(encoding="utf-8")


@cache
def tree_of(name: str) -> ast.Module:
    """A Python file, parsed."""
    return ast.parse(text_of(name))


def functions(name: str) -> Iterator[Function]:
    """Every function and method of a file."""
    for node in ast.walk(tree_of(name)):
        if isinstance(node, Function):
            yield node


def imported(name: str) -> set[str]:
    """The top-level names that a file imports."""
    found = set()
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found


@cache
def messages(name: str) -> tuple[tuple[int, str], ...]:
    """The texts of a file that people may read, with their lines: every string that is no docstring and has a space."""
    docs = {id(text) for node in ast.walk(tree_of(name)) if (text := _docstring(node)) is not None}
    return tuple(
        (node.lineno, node.value)
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value and id(node) not in docs
    )


def _docstring(node: ast.AST) -> ast.Constant | None:
    """The docstring of a module, class or function."""
    if not isinstance(node, ast.Module | ast.ClassDef | Function) or not node.body:
        return None
    first = node.body[0]
    return first.value if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) else None
