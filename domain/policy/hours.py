"""Working calendars: opening hours as a person writes them, business days, and when a limit runs out."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import ClassVar, Self

from pydantic import Field

from domain.policy.words import Day, Name, PolicyModel
from domain.policy.written import Duration, Unit, Written

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = "|".join(WEEKDAYS)
_CLOCK = r"[0-2]\d:[0-5]\d"
_PART = re.compile(rf"({_DAY})(?:-({_DAY}))? ({_CLOCK})-({_CLOCK})", re.ASCII)
MAX_SEARCH_DAYS = 4_000


@dataclass(frozen=True, slots=True)
class Opening:
    """One stretch of weekdays (Monday is 0) with the same hours, in minutes after midnight."""

    first_day: int
    last_day: int
    opens: int
    closes: int

    def covers(self, weekday: int) -> bool:
        """Whether the weekday is in the stretch; it may run over the weekend, as in Sat-Tue."""
        if self.first_day <= self.last_day:
            return self.first_day <= weekday <= self.last_day
        return weekday >= self.first_day or weekday <= self.last_day

    def __str__(self) -> str:
        last = "" if self.first_day == self.last_day else f"-{WEEKDAYS[self.last_day]}"
        return f"{WEEKDAYS[self.first_day]}{last} {_clock(self.opens)}-{_clock(self.closes)}"


@dataclass(frozen=True, slots=True)
class OpenHours(Written):
    """`Mon-Fri 08:00-18:00`, several with commas between them."""

    pattern: ClassVar[str] = rf"^({_DAY})(-({_DAY}))? {_CLOCK}-{_CLOCK}(, ?({_DAY})(-({_DAY}))? {_CLOCK}-{_CLOCK})*$"
    examples: ClassVar[tuple[str, ...]] = ("Mon-Fri 08:00-18:00", "Mon-Fri 08:00-18:00, Sat 09:00-12:00")

    openings: tuple[Opening, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(tuple(_opening(part.strip(), text) for part in text.split(",")))

    def __str__(self) -> str:
        return ", ".join(str(opening) for opening in self.openings)


class Calendar(PolicyModel):
    """Working hours. Business days are the weekdays with an opening time, except those in `closed`."""

    calendar: Name
    open: OpenHours
    closed: tuple[Day, ...] = Field(default=(), max_length=1_000)

    def is_open(self, day: date) -> bool:
        """Whether it is a business day."""
        return day not in self.closed and any(o.covers(day.weekday()) for o in self.open.openings)

    def business_days_after(self, day: date, count: int) -> date:
        """The business day that is `count` business days after `day`."""
        for _ in range(MAX_SEARCH_DAYS):
            if count <= 0:
                return day
            day += timedelta(days=1)
            count -= self.is_open(day)
        raise ValueError(f"calendar {self.calendar} has no {count} business days after {day}")


def runs_out(start: datetime, limit: Duration, calendar: Calendar, zone: tzinfo) -> datetime:
    """When a limit that begins at `start` ends. Days keep the time of day in `zone`; hours go by the clock."""
    if limit.unit in (Unit.SECOND, Unit.MINUTE, Unit.HOUR):
        return start + limit.span
    local = start.astimezone(zone)
    if limit.business:
        day = calendar.business_days_after(local.date(), limit.amount)
    else:
        day = local.date() + limit.span
    return datetime.combine(day, local.timetz().replace(tzinfo=None), tzinfo=zone)


def end_of(day: date, zone: tzinfo) -> datetime:
    """The last moment of a due date: midnight at its end in `zone`."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _opening(part: str, text: str) -> Opening:
    match = _PART.fullmatch(part)
    if match is None:
        raise ValueError(f"`{text}` are no opening hours; write Mon-Fri 08:00-18:00")
    first, last = WEEKDAYS.index(match[1]), WEEKDAYS.index(match[2] or match[1])
    opens, closes = _minutes(match[3]), _minutes(match[4])
    if not opens < closes <= 24 * 60:
        raise ValueError(f"`{part}` closes before it opens; hours run from 00:00 to 24:00")
    return Opening(first, last, opens, closes)
