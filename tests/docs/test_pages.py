"""The pages hang together: links lead somewhere, commands exist, and one word has one meaning."""

import re
from functools import cache
from pathlib import Path

import pytest

from settings import PROJECT_ROOT, SETTINGS
from tests.tidy.tree import files, messages, product_files, text_of

PAGES = [name for name in files() if name.endswith(".md") and not name.startswith("examples/northwind/")]
WRITTEN = [name for name in PAGES if name != "docs/glossary.md" and not name.startswith("docs/reference/")]
ELSEWHERE = {"ORDITO_TEST_SCALE", "ORDITO_SEED", "ORDITO_SUPPLIER_WEBHOOK_URL"}
"""Variables that only the tests, or only the simulators, read."""
OTHERS = ("simulators/", "tools/", "bench/")
"""What speaks for somebody else, or to makers."""
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)(#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    folder = (PROJECT_ROOT / page).parent
    targets = [target for target, _ in LINK.findall(text_of(page)) if "://" not in target]

    assert [target for target in targets if not (folder / target).exists()] == []


def test_every_page_of_the_docs_is_linked_or_in_a_folder_that_is() -> None:
    linked = {
        _resolved(page, target) for page in PAGES for target, _ in LINK.findall(text_of(page)) if "://" not in target
    }

    pages = [page for page in PAGES if page.startswith("docs/") and page != "docs/README.md"]
    assert [page for page in pages if not {page, str(Path(page).parent)} & linked] == []


def _resolved(page: str, target: str) -> str:
    """A link's target, by its path from the root."""
    return (PROJECT_ROOT / page).parent.joinpath(target).resolve().relative_to(PROJECT_ROOT).as_posix()


@cache
def _commands() -> dict[str, str]:
    """Every command with its help, from the generated page."""
    text = text_of("docs/reference/commands.md")
    parts = re.split(r"^## ordito (.*)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _shell_lines(page: str) -> list[str]:
    """Lines that are typed: in `sh` blocks, or indented, or between backticks."""
    text = text_of(page)
    typed = [line.partition("#")[0] for line in text.splitlines() if line.startswith(("    ", "       ", "ordito "))]
    return [line.strip() for line in typed + re.findall(r"`([^`\n]+)`", text)]


@pytest.mark.parametrize("page", WRITTEN)
def test_commands_and_their_options_exist(page: str) -> None:
    groups = {path.split()[0] for path in _commands() if " " in path}
    for line in _shell_lines(page):
        if not re.match(r"ordito [a-z]", line):
            continue
        words = line.split()[1:]
        path = " ".join(words[: 2 if words[0] in groups else 1])
        assert path in _commands() or path in groups, f"{page}: there is no command in `{line}`"
        for option in re.findall(r"(?<=\s)--[a-z-]+", line):
            assert option in _commands()[path], f"{page}: `{line}`: {path} has no {option}"


@pytest.mark.parametrize("page", WRITTEN)
def test_variables_exist(page: str) -> None:
    known = {setting.name for setting in SETTINGS}
    named = set(re.findall(r"\b(?:ORDITO|CARRIER|PAYMENT|DATABASE)_[A-Z_]+\b", text_of(page)))

    assert named - known - ELSEWHERE == set()


def _banned() -> dict[str, str]:
    """Each word that is not said, with the one that is."""
    found: dict[str, str] = {}
    for line in text_of("docs/glossary.md").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[0].startswith("**"):
            said = re.findall(r"\*\*(.+?)\*\*", cells[0])[0]
            found |= {word.strip(): said for word in re.sub(r"\(.*?\)", "", cells[2]).split(",") if word.strip()}
    return found


@pytest.mark.parametrize("word", _banned())
def test_one_word_one_meaning(word: str) -> None:
    pattern = re.compile(rf"\b{re.escape(word)}(?:s|ed|d|ing)?\b", re.IGNORECASE)
    in_docs = [
        f"{page}:{number}: {line.strip()[:80]}"
        for page in WRITTEN
        if not page.startswith(OTHERS)
        for number, line in enumerate(text_of(page).splitlines(), start=1)
        if pattern.search(line)
    ]
    in_messages = [
        f"{name}:{line}: {text[:80]!r}"
        for name in product_files()
        if not name.startswith(OTHERS)
        for line, text in messages(name)
        if pattern.search(text)
    ]
    assert in_docs + in_messages == [], f"say {_banned()[word]!r} instead"
