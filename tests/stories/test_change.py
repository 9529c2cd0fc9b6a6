"""`make story-change`, both ways of asking: the story looks for itself and fails loudly."""

import asyncio
import sys

import pytest

from settings import PROJECT_ROOT


@pytest.mark.parametrize("way", [[], ["--signal"]], ids=["by HTTP", "by the raw signal"])
async def test_the_story_of_a_change_in_flight_goes_as_told(way: list[str]) -> None:
    """CHG1, CHG3, CHG8, CHG14, CHG15, PAY2."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "stories.change", *way),
        cwd=PROJECT_ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    words = output.decode()
    assert process.returncode == 0, words
    assert "Shipped: 750.00 captured and invoiced, once." in words
