"""Running one call of the decider as a Temporal activity: which kind, how long, how often (design rules 2, 9)."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    FailureError,
    is_cancelled_exception,
)
from temporalio.exceptions import TimeoutError as TemporalTimeoutError

from domain.process.calls import Call
from domain.process.draft import QUICK
from domain.process.outcomes import Outcome
from domain.process.sequence import ACTIVITY, Answers, CallSequence
from domain.process.words import REMOTE, Operation

ATTEMPT = timedelta(seconds=20)
"""One attempt at an outside call; longer than the adapters' own time-out, so that they say what happened."""
LOCAL = timedelta(seconds=10)
"""A local step tries no longer: after that the decider pauses with a durable timer."""
LOCAL_RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=2))
SEQUENCE_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=10))

QUESTIONS = frozenset({Operation.INQUIRE})
"""Calls to the outside that change nothing there. Within a workflow task the answer costs one event instead of six, and
its caller half a round trip less; a carrier that is slow or away must not hold the task up, so it is asked on remotely.
"""
QUESTION = timedelta(seconds=2)
HARMLESS = QUESTIONS | {Operation.CHECK, Operation.REVISE}
"""Local steps that may be done once more, and come to something else, without a trace of the first time."""
APART = timedelta(seconds=30)
"""How long a local step that is begun apart may take, the death of one worker included."""

Handle = workflow.ActivityHandle[Outcome]


def start_call(call: Call, *, apart: bool = False, asked: bool = False) -> Handle:
    """Starts the activity of a call: a remote one for what has an effect outside, else a local one.

    `apart`: it is a local step that is begun when the workflow task is over. `asked`: it was tried before, in a
    sequence; then a question too is remote.
    """
    if apart:
        return _start_apart(call)
    if call.operation in QUESTIONS and not asked:
        return _start_local(call, QUESTION, RetryPolicy(maximum_attempts=1))
    if call.operation in REMOTE:
        return start_remote(call)
    return _start_local(call, LOCAL, LOCAL_RETRY)


def _start_apart(call: Call) -> Handle:
    """A local step as a remote activity: all that it rests on is in the history before it is done."""
    return workflow.start_activity(
        str(call.operation),
        call,
        result_type=Outcome,
        start_to_close_timeout=LOCAL,
        schedule_to_close_timeout=APART,
        retry_policy=LOCAL_RETRY,
        cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        summary=call.summary,
    )


def leaves_a_trace(call: Call) -> bool:
    """Whether it is a local step that has to come to the same when it is done over."""
    return call.operation not in REMOTE | HARMLESS


def is_local(call: Call, *, asked: bool = False) -> bool:
    """Whether the call is awaited before anything else is heard: one that is done within the task, or begun apart."""
    return (call.operation in QUESTIONS and not asked) or call.operation not in REMOTE


async def make_sequence(sequence: CallSequence) -> Answers:
    """Makes the calls of a sequence in one remote activity, which is tried again until it knows how far it came.

    Where a bug keeps it from knowing, its calls go on one by one: under their keys they find what was done.
    """
    try:
        answers: Answers = await workflow.execute_activity(
            ACTIVITY,
            sequence,
            result_type=Answers,
            start_to_close_timeout=ATTEMPT,
            retry_policy=SEQUENCE_RETRY,
            summary=", ".join(call.summary for call in sequence.calls),
        )
        return answers
    except FailureError as error:
        return Answers(unanswered=words_of_failure(error))


def start_remote(call: Call) -> Handle:
    """Starts a remote activity, tried again as the call's retry style says."""
    style = call.retry or QUICK
    return workflow.start_activity(
        str(call.operation),
        call,
        result_type=Outcome,
        start_to_close_timeout=ATTEMPT,
        retry_policy=RetryPolicy(
            initial_interval=timedelta(seconds=style.first_wait),
            maximum_interval=timedelta(seconds=max(style.longest_wait, style.first_wait)),
            maximum_attempts=style.times,
        ),
        # Its outcome counts even when it is cut short: the process must know what it has to undo.
        cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        summary=call.summary,
    )


def _start_local(call: Call, within: timedelta, retry: RetryPolicy) -> Handle:
    return workflow.start_local_activity(
        str(call.operation),
        call,
        result_type=Outcome,
        schedule_to_close_timeout=within,
        local_retry_threshold=within,
        retry_policy=retry,
        summary=call.summary,
    )


def asks_on(call: Call, error: FailureError) -> bool:
    """Whether a question that had no answer at once is to be asked on, as a remote activity."""
    return call.operation in QUESTIONS and not is_cancelled_exception(error)


def words_of_failure(error: BaseException) -> str:
    """What went wrong, for a person: the activity's own sentence, or what Temporal knows of it.

    A remote activity's failure comes wrapped, a local one's as it is. A call that is cut short in the task that began
    it was never sent, and the SDK raises no failure.
    """
    cause = error.cause if isinstance(error, ActivityError) else error
    match cause:
        case ApplicationError():
            return str(cause.message)
        case TemporalTimeoutError():
            return "There was no answer in time."
        case CancelledError() | asyncio.CancelledError():
            return "The call was cut short."
        case _:
            return "The call failed."
