"""Which pages are generated here, and by what. What belongs to the API is made by `api.reference`."""

from collections.abc import Callable

from settings import PROJECT_ROOT
from tools.docs import pages
from tools.docs.change_matrix import change_matrix_page
from tools.docs.commands import commands_page
from tools.docs.events import events_page
from tools.docs.saga_grid import saga_grid_page

FOLDER = PROJECT_ROOT / "docs" / "reference"

PAGES: dict[str, Callable[[], str]] = {
    "change-matrix.md": change_matrix_page,
    "change_requested.schema.json": pages.change_request_page,
    "commands.md": commands_page,
    "events.md": events_page,
    "saga-grid.md": saga_grid_page,
    "search-attributes.md": pages.attributes_page,
    "settings.md": pages.settings_page,
    "statuses.md": pages.statuses_page,
}
