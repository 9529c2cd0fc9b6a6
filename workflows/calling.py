"""Running one call of the decider as a Temporal activity: which kind, how long, how often (design rules 2, 9)."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, FailureError
from temporalio.exceptions import TimeoutError as TemporalTimeoutError

from domain.process.draft import QUICK
from domain.process.messages import Call, Outcome
from domain.process.words import REMOTE

ATTEMPT = timedelta(seconds=20)
"""One attempt at an outside call; longer than the adapters' own time-out, so that they say what happened."""
LOCAL = timedelta(seconds=10)
"""A local step tries no longer: after that the decider pauses with a durable timer."""
LOCAL_RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=2))

Handle = workflow.ActivityHandle[Outcome]


def start_call(call: Call) -> Handle:
    """Starts the activity of a call. Outside calls are remote activities, database steps local ones."""
    if call.operation in REMOTE:
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
    return workflow.start_local_activity(
        str(call.operation),
        call,
        result_type=Outcome,
        schedule_to_close_timeout=LOCAL,
        local_retry_threshold=LOCAL,
        retry_policy=LOCAL_RETRY,
        summary=call.summary,
    )


def words_of_failure(error: FailureError) -> str:
    """What went wrong, for a person: the activity's own sentence, or what Temporal knows of it.

    A remote activity's failure comes wrapped, a local one's as it is.
    """
    cause = error.cause if isinstance(error, ActivityError) else error
    match cause:
        case ApplicationError():
            return str(cause.message)
        case TemporalTimeoutError():
            return "There was no answer in time."
        case CancelledError():
            return "The call was cut short."
        case _:
            return "The call failed."
