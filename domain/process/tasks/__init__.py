"""The task vocabulary: what each word of a policy does (ORC2)."""

from domain.policy.model import TaskWord
from domain.process.tasks.authorize import Authorize
from domain.process.tasks.base import Task
from domain.process.tasks.capture import Capture
from domain.process.tasks.close import Close
from domain.process.tasks.invoice import Invoice
from domain.process.tasks.reserve import Reserve
from domain.process.tasks.schedule import Schedule
from domain.process.tasks.ship import Ship
from domain.process.tasks.wait import Wait

TASKS: dict[TaskWord, Task] = {
    TaskWord.SCHEDULE: Schedule(),
    TaskWord.RESERVE: Reserve(),
    TaskWord.AUTHORIZE: Authorize(),
    TaskWord.SHIP: Ship(),
    TaskWord.WAIT: Wait(),
    TaskWord.CAPTURE: Capture(),
    TaskWord.INVOICE: Invoice(),
    TaskWord.CLOSE: Close(),
}
"""A test holds this against `SUPPORTED_TASKS`: a policy can name no task that is not here."""
