"""What is generated is committed and up to date; what is documented is true (OPS2)."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest

import limits
from api.app import create_app
from api.errors import CATALOGUE, PROBLEM_CODES
from api.reference import pages
from settings import PROJECT_ROOT, Settings


def test_the_generated_pages_are_committed_as_they_would_be_written() -> None:
    stale = [path.name for path, content in pages().items() if path.read_text(encoding="utf-8") != content]
    assert stale == [], "run `python -m api.reference` and commit docs/reference"


def _calls(*names: str) -> Iterator[tuple[str, ast.Call]]:
    for folder in ("api", "domain", "store"):
        for path in sorted((PROJECT_ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in names:
                    yield path.name, node


def test_every_error_that_is_raised_is_in_the_catalogue() -> None:
    raised = {
        call.args[0].value for _, call in _calls("ApiError") if call.args and isinstance(call.args[0], ast.Constant)
    }
    assert raised <= CATALOGUE.keys()
    assert len(raised) >= 15


def test_every_problem_that_is_found_is_in_the_table() -> None:
    found = {
        argument.value
        for name, place in (("Problem", 1), ("refusal", 0))
        for _, call in _calls(name)
        if len(call.args) > place and isinstance(argument := call.args[place], ast.Constant)
    }
    policy_findings = {None}
    assert {code for code in found if isinstance(code, str) and re.fullmatch(r"[a-z_]+", code)} <= (
        PROBLEM_CODES.keys() | policy_findings
    )


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    return create_app(Settings.from_env({})).openapi()


def test_every_operation_says_what_it_does_and_how_it_fails(
    openapi: dict[str, dict[str, dict[str, dict[str, object]]]],
) -> None:
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            place = f"{method} {path}"
            assert operation["summary"], place
            assert operation["description"], place
            responses = operation["responses"]
            assert "500" in responses, place
            if path.startswith("/v1") and "/inbox/" not in path:
                assert operation["security"] == [{"apiKey": []}], place
                assert {"401", "403", "422"} <= responses.keys(), place


def test_every_body_has_an_example(openapi: dict[str, Any]) -> None:
    for path, methods in openapi["paths"].items():
        for operation in methods.values():
            body = operation.get("requestBody")
            if isinstance(body, dict):
                assert body["content"], path
                assert all(content["example"] for content in body["content"].values()), path


def test_every_limit_has_a_reason_and_is_published() -> None:
    constants = {name for name in vars(limits) if name.isupper() and isinstance(getattr(limits, name), int)}
    assert len(constants) == len(limits.LIMITS)
    assert all(limit.what and limit.why for limit in limits.LIMITS)
