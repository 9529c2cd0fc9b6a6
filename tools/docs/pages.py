"""The pages made from tables of the code: settings, search attributes, statuses, the change request."""

import json

from temporalio.api.enums.v1 import IndexedValueType

from domain.process.change_requests import ChangeRequest
from domain.process.words import MOVES, REMOTE, UNDO, Operation, Status
from settings import SETTINGS
from stack.temporal import SEARCH_ATTRIBUTES
from tools.docs.markdown import code, fenced, page, table

ATTRIBUTE_MEANINGS = {
    "OrderStatus": "status of the order: that of its least advanced open group",
    "CustomerId": "the customer's reference, as the channel knows it; no name",
    "Channel": "how the order was placed",
    "PromiseDate": "the day given to the customer; midnight UTC",
    "AtRisk": "waits past its deadline, or is promised later than requested",
    "Hold": "code of a hold, or of what a person has to mend; `none` when nobody has to",
    "Revision": "number of the order's revision, 1 at first",
}
STATUS_MEANINGS = {
    Status.ACCEPTED: "taken and kept; nothing done yet",
    Status.SCHEDULED: "it has its promise date and its location",
    Status.RESERVED: "its stock is held",
    Status.RELEASED: "the carrier has the shipment request",
    Status.SHIPPED: "all units have left; capture and invoice follow",
    Status.COMPLETED: "every step has been passed",
    Status.CANCELLING: "a cancel is being carried out",
    Status.CANCELLED: "cancelled, and everything done for it undone",
}


def settings_page() -> str:
    """Every environment variable."""
    rows = [
        (code(one.name), code(one.default), f"{one.meaning}{' (secret: never shown)' if one.secret else ''}")
        for one in SETTINGS
    ]
    return page(
        "Environment variables",
        "All are optional. `ordito doctor --settings` prints the same list, and `ordito doctor` names a variable that"
        " nothing reads. Variables of the Temporal SDK (`TEMPORAL_TLS...`, `TEMPORAL_API_KEY`) count as well.",
        table(("variable", "default", "meaning"), rows),
    )


def attributes_page() -> str:
    """The search attributes of the order workflow."""
    rows = [
        (code(name), IndexedValueType.Name(kind).removeprefix("INDEXED_VALUE_TYPE_").lower(), ATTRIBUTE_MEANINGS[name])
        for name, kind in SEARCH_ATTRIBUTES.items()
    ]
    return page(
        "Search attributes",
        "`ordito up` and `ordito prepare` register them; they are written only when one of them changes.",
        table(("name", "type", "meaning"), rows),
        "In the Temporal UI or with the CLI, for instance:",
        fenced(
            "sh",
            "temporal workflow list --query 'OrderStatus = \"released\" AND AtRisk = true'\n"
            "temporal workflow list --query 'Hold != \"none\"'",
        ),
    )


def statuses_page() -> str:
    """The moves of a group's status."""
    moves = [f"    {one} --> {other}" for one in Status for other in Status if other in MOVES[one]]
    ends = [f"    {one} --> [*]" for one in Status if not MOVES[one]]
    diagram = "\n".join(["stateDiagram-v2", f"    [*] --> {Status.ACCEPTED}", *moves, *ends])
    undos = [(code(str(one)), "outside" if one in REMOTE else "our database", _undo(one)) for one in Operation]
    return page(
        "Statuses and operations",
        "The status of a group of lines. The order shows that of its least advanced open group, and also the lowest,"
        " the highest and the number of lines in each.",
        fenced("mermaid", diagram),
        table(("status", "meaning"), [(code(str(one)), STATUS_MEANINGS[one]) for one in Status]),
        "An arrow back: runs were undone, or an authorization lapsed, or a cancel was refused.",
        "## Operations",
        "What the process asks of the world. Each is one activity of the same name.",
        table(("operation", "where", "undone by"), undos),
    )


def _undo(operation: Operation) -> str:
    return code(str(UNDO[operation])) if operation in UNDO else "-"


def change_request_page() -> str:
    """The JSON Schema of the raw signal's payload."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **ChangeRequest.model_json_schema()}
    return json.dumps(schema, indent=2) + "\n"
