"""`ordito policy ...` as a person types it."""

import json
import shutil
from pathlib import Path

from settings import PROJECT_ROOT
from tests.support.shop import Shop


def copied(folder: Path, old: str = "", new: str = "") -> Path:
    """The policies that come with the program, perhaps with an edit of the workspace."""
    policies = folder / "policies"
    shutil.copytree(PROJECT_ROOT / "policies", policies, dirs_exist_ok=True)
    workspace = policies / "00-workspace.yaml"
    text = workspace.read_text()
    assert old in text
    workspace.write_text(text.replace(old, new, 1) if old else text)
    return policies


async def test_check_names_the_place_for_people_programs_and_github(shop: Shop, tmp_path: Path) -> None:
    right = await shop.cli("policy", "check", str(copied(tmp_path / "right")))
    wrong = copied(tmp_path / "wrong", "rounding: half_up", "rounding: half_upp")

    text = await shop.cli("policy", "check", str(wrong))
    as_json = await shop.cli("policy", "check", str(wrong), "--format", "json")
    github = await shop.cli("policy", "check", str(wrong), "--format", "github")

    assert right[0] == 0
    assert "all right, bundle " in right[2]
    assert (text[0], as_json[0], github[0]) == (1, 1, 1)
    (problem,) = json.loads(as_json[1])
    assert text[1] == f"{problem['file']}:{problem['line']}:{problem['column']}: {problem['message']}\n"
    assert problem["file"].endswith("00-workspace.yaml")
    assert "half_up" in problem["message"]
    assert github[1].startswith(f"::error file={problem['file']},line={problem['line']},col={problem['column']}::")


async def test_publish_refuses_problems_and_says_what_is_live(shop: Shop, tmp_path: Path) -> None:
    folder = shop.up.env["ORDITO_POLICIES"]
    workspace = Path(folder) / "00-workspace.yaml"
    wrong = copied(tmp_path / "wrong", "rounding: half_up", "rounding: half_upp")

    refused = await shop.cli("policy", "publish", str(wrong))
    again = await shop.cli("policy", "publish", folder)
    before = await shop.cli("policy", "status")
    workspace.write_text("# only a remark\n" + workspace.read_text())
    remark = await shop.cli("policy", "status")
    workspace.write_text(workspace.read_text().replace("company: ", "company: new-", 1))
    edited = await shop.cli("policy", "status")
    published = await shop.cli("policy", "publish", folder, "--author", "Ada", "--note", "new name")
    after = await shop.cli("policy", "status")

    assert refused[0] == 1
    assert "00-workspace.yaml:" in refused[1]
    assert "was not published: 1 error" in refused[2]
    assert "was live already; nothing changed" in again[1]
    assert "the policy files say the same" in before[1]
    assert "the policy files say the same" in remark[1]
    assert "files that differ: 00-workspace.yaml" in edited[1]
    assert edited[1].splitlines()[0] == before[1].splitlines()[0]
    assert published[1].splitlines()[0] == f"policy bundle {after[1].split()[1]} is live"
    assert after[1].splitlines()[0] != before[1].splitlines()[0]
    assert "by Ada (new name)" in after[1]
    assert "the policy files say the same" in after[1]
