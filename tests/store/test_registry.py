"""The worker has exactly one activity for each operation that the process may ask for."""

import inspect
import typing
from typing import Any, cast

from temporalio import activity

from activities.registry import all_activities
from domain.process.calls import Call
from domain.process.outcomes import Outcome
from domain.process.sequence import ACTIVITY, Answers, CallSequence
from domain.process.words import Operation


def definitions() -> dict[str, Any]:
    # Nothing is called, so nothing is needed behind them.
    found = all_activities(cast(Any, None), cast(Any, None), cast(Any, None))
    named = {activity._Definition.must_from_callable(one).name or "": one for one in found}
    assert len(named) == len(found)
    return named


def test_one_activity_for_each_operation_by_the_same_name() -> None:
    assert set(definitions()) == {*(operation.value for operation in Operation), ACTIVITY}


def test_one_takes_a_sequence_of_calls() -> None:
    hints = typing.get_type_hints(definitions()[ACTIVITY])
    assert (hints["sequence"], hints["return"]) == (CallSequence, Answers)


def test_each_takes_a_call_and_gives_an_outcome() -> None:
    for name, one in definitions().items():
        if name == ACTIVITY:
            continue
        assert one.__name__ == name
        assert list(inspect.signature(one).parameters) == ["call"]
        hints = typing.get_type_hints(one)
        assert (hints["call"], hints["return"]) == (Call, Outcome)
        assert inspect.iscoroutinefunction(one)
