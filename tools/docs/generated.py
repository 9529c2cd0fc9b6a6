"""Which pages are generated, and by what."""

from collections.abc import Callable

from settings import PROJECT_ROOT
from tools.docs import pages
from tools.docs.commands import commands_page
from tools.docs.events import events_page

FOLDER = PROJECT_ROOT / "docs" / "reference"

PAGES: dict[str, Callable[[], str]] = {
    "change_requested.schema.json": pages.change_request_page,
    "commands.md": commands_page,
    "events.md": events_page,
    "limits.md": pages.limits_page,
    "search-attributes.md": pages.attributes_page,
    "settings.md": pages.settings_page,
    "statuses.md": pages.statuses_page,
}
