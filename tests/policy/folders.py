"""Copies of the shipped policies with one edit, and what the check says about them."""

import shutil
from pathlib import Path

from adapters.policy_files.folder import Loaded, load_folder

SHIPPED = Path(__file__).parents[2] / "policies"


def edited(tmp_path: Path, file: str, old: str, new: str) -> tuple[Loaded, list[str]]:
    """The shipped folder with the first `old` of a file replaced, and its findings without the folder's name."""
    folder = tmp_path / "policies"
    shutil.copytree(SHIPPED, folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {file}"
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    loaded = load_folder(folder)
    return loaded, [
        str(problem).replace(f"{folder}/", "").replace(str(folder), "policies") for problem in loaded.problems
    ]
