"""Faults that can be switched on: each waits for its operation, strikes a number of times, and is kept in the books."""

import json
from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field

from simulators.books import Books
from simulators.messages import AdminBody, Text

Kind = Literal[
    "unavailable", "timeout_before", "timeout_after_success", "drop_connection_after_success", "slow", "refuse"
]


class Fault(AdminBody):
    """One fault. `times` -1 is for ever; `after` lets that many matching requests pass first; `order` limits it to one.

    `seconds` is how long a `slow` request waits or a timed-out one hangs before its connection closes without an
    answer. `code` is what `refuse` answers.
    """

    operation: Text
    kind: Kind
    times: int = Field(default=1, ge=-1)
    after: int = Field(default=0, ge=0)
    order: Text | None = None
    seconds: float = Field(default=30.0, ge=0, le=3600)
    code: Text = "refused"


class Faults:
    """The faults in force, the oldest first; a request meets at most one."""

    def __init__(self, books: Books) -> None:
        self._books = books
        found = books.rows("SELECT number, body FROM fault ORDER BY number")
        self._faults = {row["number"]: Fault.model_validate_json(row["body"]) for row in found}

    def add(self, fault: Fault) -> None:
        """Switch a fault on."""
        cursor = self._books.run("INSERT INTO fault (body) VALUES (?)", fault.model_dump_json())
        self._faults[cursor.lastrowid or 0] = fault

    def clear(self) -> None:
        """Switch all faults off."""
        self._books.run("DELETE FROM fault")
        self._faults.clear()

    def remaining(self) -> list[dict[str, Any]]:
        """The faults still in force, with the times and passes that are left."""
        return [json.loads(fault.model_dump_json()) for fault in self._faults.values()]

    def take(self, operation: str, order_of: Callable[[], str | None]) -> Fault | None:
        """The fault that strikes this request, counted down; None without one."""
        for number, fault in list(self._faults.items()):
            if fault.operation != operation or (fault.order is not None and fault.order != order_of()):
                continue
            if fault.after > 0:
                self._keep(number, fault.model_copy(update={"after": fault.after - 1}))
            elif fault.times != 0:
                left = fault.times - 1 if fault.times > 0 else fault.times
                self._keep(number, fault.model_copy(update={"times": left}))
                return fault
        return None

    def _keep(self, number: int, fault: Fault) -> None:
        if fault.times == 0:
            del self._faults[number]
            self._books.run("DELETE FROM fault WHERE number = ?", number)
        else:
            self._faults[number] = fault
            self._books.run("UPDATE fault SET body = ? WHERE number = ?", fault.model_dump_json(), number)
