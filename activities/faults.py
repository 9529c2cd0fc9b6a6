"""The three kinds of failure at the edge (design rule 3): a refusal is an outcome; the other two are raised here.

What is raised ends in workflow history, so it never quotes data: not a value, not a row, not a traceback's locals.
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import psycopg
from psycopg_pool import PoolTimeout
from temporalio.exceptions import ApplicationError, CancelledError

from adapters.ports import BrokenContractError, UnavailableError
from domain.process.calls import Call

UNAVAILABLE = "unavailable"
"""Type of a fault: Temporal tries again as the step's retry style says, then the process parks the step."""
BUG = "bug"
"""Type of what trying again cannot mend."""

W = TypeVar("W")


@contextmanager
def told_apart() -> Iterator[None]:
    """Raises a fault as a retryable error of type `unavailable`, and anything unforeseen as a final one, `bug`."""
    try:
        yield
    except (ApplicationError, CancelledError):
        raise
    except UnavailableError as error:
        raise ApplicationError(str(error), type=UNAVAILABLE) from None
    except (psycopg.OperationalError, PoolTimeout) as error:
        # Also deadlocks, time-outs of statements and lost connections: the transaction did not happen, or is found.
        raise ApplicationError(f"The database is not available ({_name(error)}).", type=UNAVAILABLE) from None
    except BrokenContractError as error:
        raise bug(str(error)) from None
    except psycopg.Error as error:
        rule = f" {error.diag.constraint_name}" if error.diag.constraint_name else ""
        raise bug(f"The database refused: {_name(error)}{rule}, at {_place(error)}.") from None
    except Exception as error:  # noqa: BLE001 - whatever it is, it must fail loudly, once, and without its data
        raise bug(f"{_name(error)} at {_place(error)}.") from None


def bug(words: str) -> ApplicationError:
    """An error that ends the call at once."""
    return ApplicationError(words, type=BUG, non_retryable=True)


def work_of(call: Call, kind: type[W]) -> W:
    """The call's work, which the activity's name promises to be of this kind."""
    if not isinstance(call.work, kind):
        raise bug(f"{call.key} came to an activity that expects {kind.__name__}.")
    return call.work


def _name(error: BaseException) -> str:
    return type(error).__name__


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename]
    frame = (ours or frames)[-1]
    return f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
