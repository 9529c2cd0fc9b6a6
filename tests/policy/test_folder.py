"""Folders and files that are no policies at all, and any text whatever."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.policy_files.folder import load_folder
from adapters.policy_files.formats import as_github, as_json, as_text
from tests.policy.folders import SHIPPED, edited

TEXTS = {file.name: file.read_text(encoding="utf-8") for file in sorted(SHIPPED.glob("*.yaml"))}


def _said(folder: Path) -> list[str]:
    loaded = load_folder(folder)
    assert loaded.bundle is None
    return [str(problem).replace(f"{folder}/", "").replace(str(folder), "policies") for problem in loaded.problems]


def test_no_folder(tmp_path: Path) -> None:
    assert [str(p) for p in load_folder(tmp_path / "none").problems] == [
        f"{tmp_path}/none:1:1: there is no such folder"
    ]


def test_an_empty_folder_needs_its_four_kinds(tmp_path: Path) -> None:
    assert _said(tmp_path) == [
        f"policies:1:1: no file here has `kind: {kind}`; every policy folder needs one"
        for kind in ("assignment", "pricing", "process", "workspace")
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1:1: the file is empty"),
        ("# only a remark\n", "1:1: the file is empty"),
        ("- a\n- b\n", "1:1: a policy file starts with its `kind:`; known now: "),
        ("just words\n", "1:1: a policy file starts with its `kind:`; known now: "),
        ("kind: glossary\n---\nkind: glossary\n", "2:1: a second document starts here; one policy in each file"),
        ("kind: glossary\nlists: *x\n", "2:8: `*x` repeats another part; write it out, or name it"),
        ("kind: glossary\n<<: *x\n", "2:5: `*x` repeats another part; write it out, or name it"),
        ("kind: glossary\n? [a]\n: b\n", "2:3: a key is one word; this is a list or a map"),
        ("kind: glossary\n!!str lists: {}\n", "2:1: a key has no anchor and no tag; leave them out"),
        ("kind: glossary\nlists: {a: [b}\n", "2:14: a comma or the closing ] is missing"),
        ('kind: "glossary\n', "2:1: a quote or a bracket is not closed"),
        ("kind: glossary\nlists\n", "3:1: a key needs a colon and a space after it"),
        ("kind: glossary\nlists: @a\n", "2:8: a value cannot start with this sign; put it in quotes"),
        ("kind: glossary\n\x07\n", "2:1: a character that cannot stand in a policy file is here"),
        ("kind: [glossary]\n", "1:7: `kind` is one word"),
        ("kind: glossary\nlists: " + "[" * 60 + "]" * 60 + "\n", "2:38: a policy file has at most 30 levels"),
        ("kind: glossary\n" + "#" * 200_000, "1:1: a policy file has at most 200,000 characters"),
    ],
)
def test_a_file_that_is_no_policy(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
    mine = [problem for problem in _said(tmp_path) if problem.startswith("x.yaml")]
    assert mine[0].removeprefix("x.yaml:").startswith(said), mine


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"kind: gloss\xe4ry\n")
    assert "x.yaml:1:1: the file is not UTF-8 text (byte 11); save it as UTF-8" in _said(tmp_path)


def test_stray_files_are_not_passed_over_in_silence(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(SHIPPED, folder)
    (folder / "30-more.yml").write_text("kind: glossary\n", encoding="utf-8")
    (folder / "old").mkdir()
    (folder / "old" / "10-process.yaml").write_text("kind: process\n", encoding="utf-8")
    assert _said(folder) == [
        "30-more.yml:1:1: policy files end in .yaml; rename it to 30-more.yaml",
        "old:1:1: policies lie side by side; move the files of this folder up",
    ]


def test_a_kind_or_a_process_twice(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(SHIPPED, folder)
    shutil.copy(folder / "10-process-standard.yaml", folder / "11-again.yaml")
    shutil.copy(folder / "40-pricing.yaml", folder / "41-again.yaml")
    assert _said(folder) == [
        "11-again.yaml:3:7: process `standard` is already in 10-process-standard.yaml; keep one of them",
        "41-again.yaml:3:7: `kind: pricing` is already in 40-pricing.yaml; keep one of them",
    ]


def test_mistakes_of_several_files_are_told_together(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(SHIPPED, folder)
    for name, old, new in [
        ("00-workspace.yaml", "times: 5", "times: many"),
        ("10-process-standard.yaml", "do: reserve", "do: reserv"),
        ("40-pricing.yaml", "tax: none", "tax: some"),
    ]:
        (folder / name).write_text(TEXTS[name].replace(old, new), encoding="utf-8")
    assert _said(folder) == [
        "00-workspace.yaml:27:12: `many` is not a whole number",
        "10-process-standard.yaml:18:9: `reserv` is not known for `do`; did you mean `reserve`?",
        "40-pricing.yaml:8:6: `some` is not known for `tax`; known here: none",
    ]


def test_a_warning_does_not_stop_a_bundle(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(SHIPPED, folder)
    more = TEXTS["10-process-standard.yaml"].replace("name: standard", "name: spare")
    (folder / "12-spare.yaml").write_text(more, encoding="utf-8")
    loaded = load_folder(folder)
    assert loaded.bundle is not None
    assert [str(p).replace(f"{folder}/", "") for p in loaded.problems] == [
        "12-spare.yaml:3:7: warning: no row of the assignment leads to this process; add one, or remove the file"
    ]


def test_findings_for_other_programs(tmp_path: Path) -> None:
    loaded, _ = edited(tmp_path, "00-workspace.yaml", "times: 5", 'times: "100%,\\n:"')
    file = loaded.problems[0].file
    assert as_text(loaded.problems) == f"{file}:27:12: `100%,\n:` is not a whole number"
    assert as_github(loaded.problems) == (f"::error file={file},line=27,col=12::`100%25,%0A:` is not a whole number")
    assert as_json(loaded.problems) == (
        f'[\n  {{\n    "file": "{file}",\n    "line": 27,\n    "column": 12,\n    "severity": "error",\n'
        '    "message": "`100%,\\n:` is not a whole number"\n  }\n]'
    )


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(TEXTS)), data=st.data())
def test_no_edit_breaks_the_check(tmp_path: Path, name: str, data: st.DataObject) -> None:
    text = TEXTS[name]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    signs = st.text(st.sampled_from(list("abc:-|>[]{}#&*!%@`'\"\n\t =.,é5")), max_size=8)
    broken = text[:start] + data.draw(signs) + text[end:]
    for other, content in TEXTS.items():
        (tmp_path / other).write_text(broken if other == name else content, encoding="utf-8")
    loaded = load_folder(tmp_path)
    lines = broken.count("\n") + 2
    assert all(
        1 <= problem.line <= lines and problem.column >= 1 for problem in loaded.problems if name in problem.file
    )
    assert loaded.bundle is not None or loaded.problems
