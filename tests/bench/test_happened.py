"""How `make bench` counts the events of a change: kinds, calls to the outside, and what is allowed for them."""

import json
from collections import Counter

from temporalio.api.common.v1 import ActivityType, Payload, Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import (
    ActivityTaskScheduledEventAttributes,
    HistoryEvent,
    MarkerRecordedEventAttributes,
)

from bench.happened import happened


def event(kind: str) -> HistoryEvent:
    return HistoryEvent(event_type=EventType.Value(f"EVENT_TYPE_{kind.upper()}"))


def remote(name: str) -> HistoryEvent:
    scheduled = event("activity_task_scheduled")
    scheduled.activity_task_scheduled_event_attributes.CopyFrom(
        ActivityTaskScheduledEventAttributes(activity_type=ActivityType(name=name))
    )
    return scheduled


def local(name: str) -> HistoryEvent:
    marker, told = event("marker_recorded"), Payload(data=json.dumps({"activity_type": name}).encode())
    marker.marker_recorded_event_attributes.CopyFrom(
        MarkerRecordedEventAttributes(marker_name="core_local_activity", details={"data": Payloads(payloads=[told])})
    )
    return marker


def test_cancel_and_create_alone_may_have_24_events() -> None:
    seen = happened([remote("cancel_shipment"), event("activity_task_started"), remote("request_shipment")])

    assert (seen.events, seen.allowed) == (3, 24)
    assert seen.kinds == Counter(activity_task_scheduled=2, activity_task_started=1)


def test_every_further_call_to_the_outside_may_have_six_more() -> None:
    seen = happened([remote(name) for name in ("authorize_payment", "void_authorization", "cancel_shipment")])

    assert seen.allowed == 36


def test_a_question_within_the_task_is_a_call_to_the_outside_and_a_database_step_is_none() -> None:
    seen = happened([local("inquire_shipment"), local("reserve_stock")])

    assert (seen.calls, seen.allowed) == (Counter(inquire_shipment=1), 30)
    assert seen.kinds == {"marker_recorded (inquire_shipment)": 1, "marker_recorded (reserve_stock)": 1}


def test_the_calls_of_a_sequence_are_counted_one_by_one() -> None:
    operations = ("inquire_shipment", "reserve_stock", "authorize_payment", "cancel_shipment")
    sequence = remote("call_in_sequence")
    given = json.dumps({"calls": [{"work": {"kind": operation}} for operation in operations]}).encode()
    sequence.activity_task_scheduled_event_attributes.input.payloads.append(Payload(data=given))

    seen = happened([sequence, event("activity_task_started")])

    assert seen.calls == Counter(inquire_shipment=1, authorize_payment=1, cancel_shipment=1)
    assert (seen.events, seen.allowed) == (2, 36)


def test_events_are_told_by_kind_and_the_most_first() -> None:
    seen = happened([event("timer_started"), local("save_order"), event("timer_started")])

    assert seen.in_words() == "3 events with no call: 2 timer_started, 1 marker_recorded (save_order)"
