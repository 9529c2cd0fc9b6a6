"""The generated pages are what the code says today."""

import pytest

from tools.docs.generated import FOLDER, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), f"docs/reference/{name}: run `make docs`"
