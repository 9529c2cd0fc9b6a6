"""A Temporal server that answers with an error of its own: nobody gets a 500, and what was asked is kept (CHG14)."""

from typing import Any

from temporalio.service import RPCError, RPCStatusCode

from api.late_gateway import LateGateway
from api.relay import Relay
from settings import Settings
from tests.api.desk import Desk, from_source
from workflows.gateway import OrderGateway, workflow_id

TROUBLE = (
    RPCStatusCode.FAILED_PRECONDITION,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.INTERNAL,
    RPCStatusCode.UNKNOWN,
    RPCStatusCode.INVALID_ARGUMENT,
    RPCStatusCode.PERMISSION_DENIED,
)
CHANGE = {"lines": [{"number": 1, "quantity": 3}]}
KEPT = "SELECT note, delivered_at FROM dispatch WHERE payload ->> 'change_id' = %s"


class TroubledClient:
    """Answers every question about the orders in trouble with that status; takes what is for the others."""

    def __init__(self, status: RPCStatusCode, *orders: str) -> None:
        self._status = status
        self._troubled = {workflow_id(number) for number in orders}
        self.taken: list[str] = []

    def get_workflow_handle(self, id_: str) -> "TroubledClient._Handle":
        return TroubledClient._Handle(self, id_)

    class _Handle:
        def __init__(self, client: "TroubledClient", id_: str) -> None:
            self._client, self._id = client, id_

        async def signal(self, *_: Any, **__: Any) -> None:
            if self._id in self._client._troubled:
                raise RPCError("the shard is being moved", self._client._status, b"")
            self._client.taken.append(self._id)

        execute_update = query = signal


def troubled(desk: Desk, status: RPCStatusCode, *orders: str) -> tuple[LateGateway, TroubledClient]:
    """The API's own door, behind which is such a server."""
    client = TroubledClient(status, *orders)
    gateway = LateGateway(Settings.from_env({"DATABASE_URL": desk.url}))
    gateway._gateway = OrderGateway(client, "orders")  # type: ignore[arg-type]
    object.__setattr__(desk.app.state.services, "gateway", gateway)
    return gateway, client


async def test_a_change_is_kept_for_the_relay_and_other_requests_are_told_to_come_again(desk: Desk) -> None:
    number = await desk.place()
    for status in TROUBLE:
        troubled(desk, status, number)
        changed = await desk.post(f"/v1/orders/{number}/changes", {**CHANGE, "change_id": status.name})
        assert (changed.status_code, changed.json()["outcome"]) == (202, "in_progress")
        kept = await desk.rows(KEPT, status.name)
        assert kept == [{"note": "", "delivered_at": None}]
        asked = (
            await desk.post(f"/v1/orders/{number}/changes?preview=true", CHANGE),
            await desk.http.post(f"/v1/orders/{number}/retry"),
            await desk.post(f"/v1/orders/{number}/skip", {"step": "ship", "reason": "no need"}),
        )
        for response in asked:
            assert (response.status_code, response.json()["code"]) == (503, "temporal_away")
            assert response.headers["Retry-After"] == "2"


async def test_an_order_whose_messages_are_not_taken_keeps_no_other_waiting(desk: Desk) -> None:
    troubled_one, other = await desk.place(), (await desk.post("/v1/orders", from_source("W-2"))).json()["number"]
    await desk.run("UPDATE dispatch SET delivered_at = now() WHERE kind = 'start'")
    gateway, client = troubled(desk, RPCStatusCode.INTERNAL, troubled_one, other)
    for number in (troubled_one, other):
        await desk.post(f"/v1/orders/{number}/cancel", {"change_id": "c-1", "reason": "not needed"})
    client._troubled = {workflow_id(troubled_one)}
    relay = Relay(desk.pool, gateway)
    assert await relay.deliver() == 2
    assert client.taken == [workflow_id(other)]
    left = "SELECT order_number, attempts, note FROM dispatch WHERE delivered_at IS NULL"
    assert await desk.rows(left) == [
        {"order_number": troubled_one, "attempts": 1, "note": "Temporal does not take it now"}
    ]
    assert await relay.deliver() == 0, "the order rests before it is tried again"
