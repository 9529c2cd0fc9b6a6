"""What changes the hash of a bundle, and what does not."""

import json
import shutil
from pathlib import Path

import pytest

from adapters.policy_files.folder import load_folder
from domain.policy.model import Bundle
from tests.policy.folders import SHIPPED, edited

HASH_LENGTH = 64
REFERENCE = "| keep     | keep              | keep       | keep       | keep"


def _shipped() -> Bundle:
    bundle = load_folder(SHIPPED).bundle
    assert bundle is not None
    return bundle


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("10-process-standard.yaml", "kind: process", "# a remark\nkind: process"),
        ("10-process-standard.yaml", "  - step: reserve", "\n\n\n  - step: reserve   # set aside"),
        ("10-process-standard.yaml", "retry: quick", 'retry: "quick"'),
        ("10-process-standard.yaml", "retry: quick", "retry: 'quick'"),
        ("10-process-standard.yaml", "at_most: 30 days", "at_most: 30d"),
        ("10-process-standard.yaml", "moves: group  ", "#moves: group  "),
        ("10-process-standard.yaml", "when: paid_by_card", "when:   >\n      paid_by_card\n"),
        ("10-process-standard.yaml", "    owner: csr\n    on_error: ask csr", "    on_error: ask csr\n    owner: csr"),
        ("00-workspace.yaml", "first_wait: 5s", "first_wait: 5 seconds"),
        ("00-workspace.yaml", "longest_wait: 1h", "longest_wait: 60m"),
        ("00-workspace.yaml", "    open: Mon-Fri 08:00-18:00", "    open: Mon-Fri  08:00-18:00"),
        ("00-workspace.yaml", "  - csr\n", "  -   csr\n"),
        ("21-assignment.yaml", "  any           | standard", "  any | standard"),
        ("21-assignment.yaml", "  order.channel | => process", "  | order.channel | =>   process |"),
        ("21-assignment.yaml", "pick: first\n", ""),
        ("40-pricing.yaml", "tax: none\n", "tax: 'none'\n"),
        ("20-change-rules.yaml", "item               | redo    ", "item | redo"),
        (
            "20-change-rules.yaml",
            "  reference          | keep     | keep              | keep       | keep       | keep\n",
            "",
        ),
        ("20-change-rules.yaml", "when_cancel_is_refused: refuse\n", ""),
        ("20-change-rules.yaml", "released | 5.00\n  picked   | 20.00", "picked | 20\n  released | 5.0"),
        ("20-change-rules.yaml", "  progress | cost\n", "  | progress | cost |\n"),
    ],
)
def test_comments_layout_quotes_and_defaults_do_not(tmp_path: Path, file: str, old: str, new: str) -> None:
    loaded, problems = edited(tmp_path, file, old, new)
    assert problems == []
    assert loaded.bundle is not None
    assert loaded.bundle.hash == _shipped().hash


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("10-process-standard.yaml", "retry: quick", "retry: patient"),
        ("10-process-standard.yaml", "at_most: 30 days", "at_most: 31 days"),
        ("10-process-standard.yaml", "title: Set the stock aside", "title: Set stock aside"),
        ("10-process-standard.yaml", "when: paid_by_card", 'when: order.payment.method == "card"'),
        ("00-workspace.yaml", "times: 5", "times: 6"),
        ("00-workspace.yaml", "2026-12-25", "2026-12-24"),
        ("01-glossary.yaml", "[card]", "[card, terms]"),
        ("21-assignment.yaml", "any           | standard", "web           | standard\n  any | standard"),
        ("21-assignment.yaml", "[ship_set, process, warehouse]", "[ship_set, process]"),
        ("20-change-rules.yaml", "later date         | redo     | cancel and create", "later date | redo | update"),
        ("20-change-rules.yaml", "5.00", "5.01"),
        ("20-change-rules.yaml", "name: customer-changes", "name: changes"),
    ],
)
def test_another_value_does(tmp_path: Path, file: str, old: str, new: str) -> None:
    loaded, problems = edited(tmp_path, file, old, new)
    assert problems == []
    assert loaded.bundle is not None
    assert loaded.bundle.hash != _shipped().hash
    assert len(loaded.bundle.hash) == HASH_LENGTH


def test_file_names_do_not(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    shutil.copytree(SHIPPED, folder)
    (folder / "10-process-standard.yaml").rename(folder / "77-other.yaml")
    bundle = load_folder(folder).bundle
    assert bundle is not None
    assert bundle.hash == _shipped().hash


def test_a_bundle_from_before_there_were_change_rules_keeps_its_hash() -> None:
    stored = Path(__file__).with_name("first_release.json").read_bytes()
    bundle = Bundle.model_validate_json(stored)
    assert bundle.canonical() == stored
    assert bundle.hash == "b5cbdde90d47a5268b223f8e2b49b81008d73888529dfc431889bb8d4641ab57"


def test_a_folder_without_change_rules_says_nothing_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(SHIPPED, folder)
    (folder / "20-change-rules.yaml").unlink()
    loaded = load_folder(folder)
    assert loaded.problems == []
    assert loaded.bundle is not None
    assert json.loads(loaded.bundle.canonical()).keys() == {
        "workspace", "glossary", "processes", "assignment", "pricing",
    }  # fmt: skip
    assert loaded.bundle.hash != _shipped().hash
