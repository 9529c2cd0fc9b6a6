"""A run of the tests leaves no gigabytes behind for good."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import clear_ended_runs


def test_what_an_ended_run_left_is_cleared_away_and_a_running_one_stays(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    gone, stays, other = (
        tmp_path / name for name in (f"ordito-tests-{ended.pid}-a", f"ordito-tests-{os.getpid()}-b", "ordito-testsuite")
    )
    for folder in (gone, stays, other):
        (folder / "postgres").mkdir(parents=True)

    clear_ended_runs(tmp_path)

    assert not gone.exists()
    assert (stays / "postgres").is_dir()
    assert (other / "postgres").is_dir()
