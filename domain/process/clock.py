"""Business time: deadlines, lead times and working days, all from arguments (ORC13, ORC14; design, hard case 8)."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.policy.model import Calendar, Duration, Unit

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@lru_cache(maxsize=256)
def open_weekdays(opening: str) -> frozenset[int]:
    """Weekdays (Monday 0) of a calendar's `open` text, such as `Mon-Fri 08:00-18:00`; every day if it names none."""
    days: set[int] = set()
    for part in opening.replace(",", " ").split():
        first, _, last = part.partition("-")
        if first in _DAYS:
            start, end = _DAYS.index(first), _DAYS.index(last) if last in _DAYS else _DAYS.index(first)
            days |= {(start + i) % 7 for i in range((end - start) % 7 + 1)}
    return frozenset(days) or frozenset(range(7))


def is_business_day(day: date, calendar: Calendar | None) -> bool:
    """Whether the calendar is open that day; without a calendar Monday to Friday are."""
    if calendar is None:
        return day.weekday() < 5
    return day.weekday() in open_weekdays(calendar.open) and day not in calendar.closed


def add_business_days(day: date, days: int, calendar: Calendar | None) -> date:
    """The business day that lies `days` business days after `day`; a calendar that never opens counts every day."""
    for _ in range(days):
        day += timedelta(days=1)
        for _ in range(366):
            if is_business_day(day, calendar):
                break
            day += timedelta(days=1)
    return day


def after(start: datetime, span: Duration, calendar: Calendar | None) -> datetime:
    """The moment `span` after `start`; business days keep the time of day."""
    if span.unit is Unit.BUSINESS_DAY:
        return datetime.combine(add_business_days(start.date(), span.amount, calendar), start.timetz())
    return start + span.span


def end_of(day: date, timezone: str) -> datetime:
    """The last moment of a day in the workspace's zone, in UTC."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def local_date(moment: datetime, timezone: str) -> date:
    """The date at that moment in the workspace's zone."""
    return moment.astimezone(ZoneInfo(timezone)).date()
