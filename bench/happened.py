"""What happened in a workflow's history since an event of it: how many events, of which kinds, and which calls."""

import json
from collections import Counter
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHandle

from domain.process.sequence import ACTIVITY
from domain.process.words import REMOTE, Operation

BASE_CALLS = frozenset({Operation.CANCEL_SHIPMENT, Operation.SHIP})
"""The calls to the outside that every change with cancel and create makes."""
BASE_EVENTS = 24
EVENTS_PER_FURTHER_CALL = 6


@dataclass(frozen=True)
class Happened:
    """A piece of a history."""

    kinds: Counter[str]
    """Events by kind; a local activity's marker has the name of the activity behind it."""
    calls: Counter[str]
    """Calls to the outside by operation, each counted once however often it was tried."""

    @property
    def events(self) -> int:
        """All of them."""
        return self.kinds.total()

    @property
    def allowed(self) -> int:
        """How many a change with these calls may have."""
        further = sum(count for operation, count in self.calls.items() if operation not in BASE_CALLS)
        return BASE_EVENTS + EVENTS_PER_FURTHER_CALL * further

    def in_words(self) -> str:
        """Events by kind, the most first."""
        parts = (f"{count} {kind}" for kind, count in self.kinds.most_common())
        return f"{self.events} events with {_listed(self.calls)}: {', '.join(parts)}"


async def since(handle: WorkflowHandle[object, object], event_id: int) -> Happened:
    """What came behind the event with that number."""
    events = [event for event in (await handle.fetch_history()).events if event.event_id > event_id]
    return happened(events)


def happened(events: list[HistoryEvent]) -> Happened:
    """Events counted."""
    names = [(_kind(event), _activity(event)) for event in events]
    asked = [(kind, name) for event, (kind, _) in zip(events, names, strict=True) for name in _asked_for(event)]
    outside = [
        name for kind, name in asked if name in REMOTE and kind in ("activity_task_scheduled", "marker_recorded")
    ]
    return Happened(
        kinds=Counter(f"{kind} ({name})" if kind == "marker_recorded" and name else kind for kind, name in names),
        calls=Counter(outside),
    )


async def rests_at(handle: WorkflowHandle[object, object]) -> int | None:
    """The number of its last event, if nothing of the workflow is on its way; else None."""
    raw = (await handle.describe()).raw_description
    if raw.pending_activities or raw.HasField("pending_workflow_task"):
        return None
    return int(raw.workflow_execution_info.history_length)


def _kind(event: HistoryEvent) -> str:
    return EventType.Name(event.event_type).removeprefix("EVENT_TYPE_").lower()


def _asked_for(event: HistoryEvent) -> list[str]:
    """The operations that the event asks for: those of a sequence one by one."""
    name = _activity(event)
    if name != ACTIVITY:
        return [name]
    (given,) = event.activity_task_scheduled_event_attributes.input.payloads
    return [str(call["work"]["kind"]) for call in json.loads(given.data)["calls"]]


def _activity(event: HistoryEvent) -> str:
    """The name of the activity that the event is about, if it tells."""
    if event.HasField("activity_task_scheduled_event_attributes"):
        return event.activity_task_scheduled_event_attributes.activity_type.name
    if not event.HasField("marker_recorded_event_attributes"):
        return ""
    told = event.marker_recorded_event_attributes.details.get("data")
    if told is None or not told.payloads:
        return ""
    return str(json.loads(told.payloads[0].data).get("activity_type", ""))


def _listed(calls: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in calls.items()) or "no call"
