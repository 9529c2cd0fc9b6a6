"""`python -m tests.process.grid_walk [CELL]`: every cell of the saga grid, or the named one, without a test runner.

It stops at the first cell that breaks; the last line then is `cell NAME: what was broken`.
"""

import sys

from tests.process.saga import run_cell
from tools.docs.saga_grid import cells


def main(names: list[str]) -> int:
    """Exit status 1 when a cell broke."""
    for cell in cells():
        if names and cell.name not in names:
            continue
        try:
            run_cell(cell)
        except Exception as error:
            print(f"cell {cell.name}: {type(error).__name__} {str(error).partition(chr(10))[0]}".strip())
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
