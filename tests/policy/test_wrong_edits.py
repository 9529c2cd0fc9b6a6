"""What a person reads after a wrong edit: every message with its place, word by word (POL2)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.policy.folders import edited


@dataclass
class Edit:
    """One entry of wrong_edits.txt."""

    file: str
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.file}: {' / '.join(text.strip() for text in self.new if text) or 'removed'}"[:90]


def _edits() -> Iterator[Edit]:
    edit = Edit("")
    for row in Path(__file__).with_name("wrong_edits.txt").read_text(encoding="utf-8").splitlines():
        sign, text = row[:1], row[2:]
        match sign:
            case "@":
                edit = Edit(text)
            case "-":
                edit.old.append(text)
            case "+":
                edit.new.append(text)
            case "!":
                edit.said.append(text.replace("@:", f"{edit.file}:", 1))
            case "" if edit.said:
                yield edit
                edit = Edit("")
    if edit.said:
        yield edit


EDITS = list(_edits())


def test_there_are_many() -> None:
    assert len(EDITS) == 109


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_a_wrong_edit_is_told_at_its_place(tmp_path: Path, edit: Edit) -> None:
    loaded, problems = edited(tmp_path, edit.file, "\n".join(edit.old), "\n".join(edit.new))
    assert problems == edit.said
    assert loaded.bundle is None
