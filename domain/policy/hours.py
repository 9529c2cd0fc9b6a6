"""Working calendars: opening hours as a person writes them."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from domain.policy.words import Day, Name, PolicyModel

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = "|".join(WEEKDAYS)
_CLOCK = r"([0-2]\d):([0-5]\d)"
_OPENING = re.compile(rf"(?:{_DAY})(?:-(?:{_DAY}))? {_CLOCK}-{_CLOCK}", re.ASCII)
_MIDNIGHT = 24 * 60


def _hours(text: object) -> str:
    if not isinstance(text, str):
        raise ValueError("opening hours are text, such as Mon-Fri 08:00-18:00")
    parts = [" ".join(part.split()) for part in text.split(",")]
    for part in parts:
        match = _OPENING.fullmatch(part)
        if match is None:
            raise ValueError(f"`{part}` are no opening hours; write Mon-Fri 08:00-18:00")
        opens, closes = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
        if not opens < closes <= _MIDNIGHT:
            raise ValueError(f"`{part}` closes before it opens; hours run from 00:00 to 24:00")
    return ", ".join(parts)


OpenHours = Annotated[
    str,
    AfterValidator(_hours),
    WithJsonSchema({"type": "string", "examples": ["Mon-Fri 08:00-18:00", "Mon-Fri 08:00-18:00, Sat 09:00-12:00"]}),
]
"""`Mon-Fri 08:00-18:00`; several with commas between them."""


class Calendar(PolicyModel):
    """Working hours. Business days are the weekdays with an opening time, except those in `closed`."""

    calendar: Name
    open: OpenHours
    closed: tuple[Day, ...] = Field(default=(), max_length=1_000)
