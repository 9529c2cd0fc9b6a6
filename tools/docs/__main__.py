"""`python -m tools.docs`: write the generated pages, and say which have changed."""

import sys

from settings import PROJECT_ROOT
from tools.docs.generated import FOLDER, PAGES


def main() -> None:
    """Write every page that differs."""
    for name, make in PAGES.items():
        path, text = FOLDER / name, make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"written: {path.relative_to(PROJECT_ROOT)}\n")


if __name__ == "__main__":
    main()
