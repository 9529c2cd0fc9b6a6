"""The policies that come with the product: right, readable by editors, and quick to check."""

import json
from pathlib import Path

import pytest

from adapters.policy_files.folder import KINDS, load_folder
from adapters.policy_files.schemas import FOLDER, schemas, write_schemas
from domain.policy.model import SUPPORTED_TASKS, Bundle, Step, TaskWord
from tests.policy.folders import SHIPPED, edited


def shipped() -> Bundle:
    loaded = load_folder(SHIPPED)
    assert [str(problem) for problem in loaded.problems] == []
    assert loaded.bundle is not None
    return loaded.bundle


def test_the_standard_process_goes_from_schedule_to_invoice() -> None:
    steps = [node for node in shipped().processes["standard"].steps if isinstance(node, Step)]
    assert [(step.step, step.do, step.when) for step in steps] == [
        ("schedule", TaskWord.SCHEDULE, None),
        ("reserve", TaskWord.RESERVE, None),
        ("authorize", TaskWord.AUTHORIZE, "paid_by_card"),
        ("ship", TaskWord.SHIP, None),
        ("wait_for_shipped", TaskWord.WAIT, None),
        ("capture", TaskWord.CAPTURE, "paid_by_card"),
        ("invoice", TaskWord.INVOICE, None),
    ]
    wait = steps[4]
    assert (wait.of, wait.until, wait.due, wait.owner) == (
        "ship",
        "shipped",
        "order.requested_date",
        "fulfillment_lead",
    )


def test_every_file_names_its_schema_in_line_one() -> None:
    for file in sorted(SHIPPED.glob("*.yaml")):
        first, *rest = file.read_text(encoding="utf-8").splitlines()
        kind = next(line.removeprefix("kind: ") for line in rest if line.startswith("kind: "))
        assert first == f"# yaml-language-server: $schema=./{FOLDER}/{kind}.schema.json"


def test_the_schemas_are_those_of_the_models() -> None:
    committed = {file.name: file.read_text(encoding="utf-8") for file in (SHIPPED / FOLDER).iterdir()}
    assert committed == schemas(), "run write_schemas and commit the result"


def test_schemas_are_written_once(tmp_path: Path) -> None:
    assert [file.name for file in write_schemas(tmp_path)] == [f"{kind}.schema.json" for kind in KINDS]
    assert write_schemas(tmp_path) == []


def test_a_schema_knows_the_words_of_the_language() -> None:
    process = json.loads(schemas()["process.schema.json"])
    assert process["required"] == ["kind", "name", "title", "owner", "calendar", "steps"]
    assert process["additionalProperties"] is False
    assert process["$defs"]["TaskWord"]["enum"] == [str(word) for word in TaskWord]
    assert set(process["$defs"]["LeadTimeRule"]["properties"]) == {"when", "is", "otherwise"}


def test_a_bundle_comes_back_from_its_canonical_form() -> None:
    bundle = shipped()
    again = Bundle.model_validate_json(bundle.canonical())
    assert again == bundle
    assert again.hash == bundle.hash


def test_every_task_with_an_effect_has_an_undo() -> None:
    assert {str(word) for word in SUPPORTED_TASKS} == {
        "schedule",
        "reserve",
        "authorize",
        "ship",
        "wait",
        "capture",
        "invoice",
        "close",
    }


@pytest.mark.parametrize("value", ["NO", "01234", "19.90", "1e3", "yes", "2026-01-01", "null", "~", "0x1F", "12:30"])
def test_a_scalar_is_what_is_written(value: str, tmp_path: Path) -> None:
    loaded, problems = edited(tmp_path, "01-glossary.yaml", "[card]", f"[card, {value}]")
    assert problems == []
    assert loaded.bundle is not None
    assert loaded.bundle.glossary.lists == {"card_methods": ("card", value)}


def test_retry_waits_are_seconds() -> None:
    styles = {style.style: style for style in shipped().workspace.retry_styles}
    assert (styles["patient"].times, styles["patient"].first_wait, styles["patient"].longest_wait) == (35, 5.0, 3600.0)
