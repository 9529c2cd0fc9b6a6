"""`python -m tools.docs`: write the generated pages and the schemas of policy files, and say which have changed."""

import sys
from pathlib import Path

from adapters.policy_files.schemas import write_schemas
from settings import PROJECT_ROOT
from tools.docs.generated import FOLDER, PAGES


def main() -> None:
    """Write every file that differs."""
    for name, make in PAGES.items():
        path, text = FOLDER / name, make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            _tell(path)
    for path in write_schemas(PROJECT_ROOT / "policies"):
        _tell(path)


def _tell(path: Path) -> None:
    sys.stdout.write(f"written: {path.relative_to(PROJECT_ROOT)}\n")


if __name__ == "__main__":
    main()
