"""Small files, short functions, no leftovers, and imports that point inward."""

import ast
import re
import sys

import pytest

from tests.tidy.tree import files, functions, imported, product_files, python_files, text_files, text_of, tree_of

MOST_LINES = 400
MOST_LINES_OF_FUNCTION = 70
LARGER = {
    "store/tables.py": "one class for each table, read beside each other",
}
"""Files over the limit, each with its reason."""

LEFTOVER = re.compile(r"\b(TO" r"DO|FIX" r"ME|HA" r"CK)\b")
FOREIGN = re.compile(
    r"https?://[\w.-]*(?:pypi|pythonhosted|devpi|artifactory|nexus)[\w.-]*|--(?:extra-)?index-url"
    r"|(?<![\w.$}/~-])/(?:work|home|root|Users|private)/\w"
)
"""A host of a package index, or a path of somebody's machine."""
ALLOWED_IN_DOMAIN = {"domain", "limits", "pydantic", "pydantic_core"}
INWARD = {
    "settings.py": set(),
    "limits.py": set(),
    "logs.py": {"structlog", "tracing"},
    "worker.py": {
        "activities",
        "adapters",
        "logs",
        "settings",
        "store",
        "structlog",
        "temporalio",
        "tracing",
        "uvloop",
        "workflows",
    },
}
"""What the modules at the root may import besides the standard library; import-linter cannot tell of them."""


def test_no_file_is_large() -> None:
    sizes = {name: text_of(name).count("\n") for name in product_files()}
    large = {name for name, size in sizes.items() if size > MOST_LINES}
    assert large == LARGER.keys(), {name: sizes[name] for name in large ^ LARGER.keys()}


def test_no_function_is_long() -> None:
    long = [
        f"{name}:{one.lineno} {one.name}: {length} lines"
        for name in python_files()
        for one in functions(name)
        if (length := (one.end_lineno or one.lineno) - one.lineno + 1) > MOST_LINES_OF_FUNCTION
    ]
    assert long == []


@pytest.mark.parametrize("pattern", [LEFTOVER, FOREIGN], ids=["a note to oneself", "a place of somebody's machine"])
def test_nothing_is_left_lying(pattern: re.Pattern[str]) -> None:
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name in text_files()
        if name != "tests/tidy/test_tree.py"
        for number, line in enumerate(text_of(name).splitlines(), start=1)
        if pattern.search(line)
    ]
    assert found == []


def test_every_public_module_says_what_it_is() -> None:
    silent = [
        name
        for name in python_files()
        if not name.rpartition("/")[2].startswith("_") and ast.get_docstring(tree_of(name)) is None
    ]
    assert silent == []


def test_the_domain_needs_nothing_but_pydantic() -> None:
    known = ALLOWED_IN_DOMAIN | sys.stdlib_module_names
    foreign = {
        name: sorted(imported(name) - known)
        for name in product_files()
        if name.startswith("domain/") and imported(name) - known
    }
    assert foreign == {}


def test_few_modules_stand_at_the_root() -> None:
    assert {name for name in product_files() if "/" not in name} == INWARD.keys()


@pytest.mark.parametrize("name", INWARD)
def test_the_modules_at_the_root_import_inward(name: str) -> None:
    assert imported(name) - sys.stdlib_module_names <= INWARD[name]


def test_the_worker_is_put_together_for_itself_and_shares_its_sandbox_with_the_audit() -> None:
    ours = [name for name in product_files() if not name.startswith("bench/")]
    assert [name for name in ours if "worker" in imported(name)] == []
    sandboxed = [name for name in ours if "from workflows.sandbox import runner\n" in text_of(name)]
    assert sandboxed == ["cli/audit_replay.py", "worker.py"], "it replays in the worker's own sandbox"


def test_what_is_local_stays_out() -> None:
    assert [name for name in files() if name.startswith((".ordito/", ".venv/")) or "__pycache__" in name] == []
