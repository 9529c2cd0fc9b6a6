"""The relay against a real Temporal server: everything committed arrives, in order, once it can (design, case 1)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from api.late_gateway import LateGateway
from api.relay import Relay
from domain.process.events import CarrierFact, PaymentFact
from domain.process.state import OrderInput
from settings import Settings
from store import dispatch
from store.pool import Pool, create_pool
from tests.api.desk import Desk, from_source, open_desk
from tests.support.ports import free_port
from tests.support.stack import RunningTemporal, running_temporal
from workflows.connecting import connect

QUEUE = "relay-test"


@workflow.defn(name="order", sandboxed=False)
class Listener:
    """An order that remembers what it is told, and ends when told so."""

    @workflow.init
    def __init__(self, given: OrderInput) -> None:
        self.told: list[str] = []

    @workflow.run
    async def run(self, given: OrderInput) -> list[str]:
        await workflow.wait_condition(lambda: "end" in self.told)
        return self.told

    @workflow.signal
    def carrier(self, fact: CarrierFact) -> None:
        self.told.append(fact.status)

    @workflow.signal
    def payment(self, fact: PaymentFact) -> None:
        self.told.append(fact.status)

    @workflow.signal
    def change_requested(self, payload: dict[str, Any]) -> None:
        self.told.append(str(payload["change_id"]))

    @workflow.query
    def heard(self) -> list[str]:
        return self.told


@pytest.fixture(scope="module")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningTemporal]:
    async with running_temporal(tmp_path_factory.mktemp("temporal")) as running:
        yield running


def settings_for(url: str, address: str) -> Settings:
    return Settings.from_env({"DATABASE_URL": url, "TEMPORAL_ADDRESS": address, "ORDITO_TASK_QUEUE": QUEUE})


@pytest.fixture
async def client(temporal: RunningTemporal, database_url: str) -> Client:
    return await connect(settings_for(database_url, temporal.address), lazy=False)


@asynccontextmanager
async def relaying(settings: Settings) -> AsyncIterator[Pool]:
    """A relay that runs meanwhile."""
    async with create_pool(settings.database(), size=3) as pool:
        task = asyncio.create_task(Relay(pool, LateGateway(settings)).run(settings.database()))
        try:
            yield pool
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def listening(client: Client) -> AsyncIterator[None]:
    async with Worker(client, task_queue=QUEUE, workflows=[Listener], workflow_runner=UnsandboxedWorkflowRunner()):
        yield


async def until_open(desk: Desk, count: int, seconds: float = 60.0) -> None:
    """Wait until so many messages are left to deliver."""
    async with asyncio.timeout(seconds):
        while (await desk.rows("SELECT count(*) AS n FROM dispatch WHERE delivered_at IS NULL"))[0]["n"] != count:
            await asyncio.sleep(0.05)


async def tell(desk: Desk, number: str, status: str) -> None:
    fact = CarrierFact(id=f"e-{status}", request_key="k", status=status, at="2026-05-06T09:00:00Z")
    async with desk.pool.connection() as connection:
        await dispatch.enqueue(connection, number, "carrier", fact.model_dump(mode="json"))
        await dispatch.announce(connection)


def named(desk: Desk, name: str) -> str:
    """An order number of this test only: the tests share a Temporal server."""
    return f"{name}-{desk.url[-8:]}"


def handle(client: Client, number: str) -> WorkflowHandle[Any, list[str]]:
    return client.get_workflow_handle_for(Listener.run, f"order-{number}")


async def test_an_order_starts_and_hears_everything_in_its_order(
    desk: Desk, client: Client, temporal: RunningTemporal
) -> None:
    number = await desk.place(number=named(desk, "heard"))
    statuses = [f"s{n}" for n in range(30)]
    for status in statuses:
        await tell(desk, number, status)
    async with listening(client), relaying(settings_for(desk.url, temporal.address)):
        await until_open(desk, 0)
        await handle(client, number).signal("change_requested", {"change_id": "end"})
        assert await handle(client, number).result() == [*statuses, "end"]
    assert await desk.rows("SELECT DISTINCT attempts, note FROM dispatch") == [{"attempts": 0, "note": ""}]


async def test_a_commit_wakes_the_relay_at_once(desk: Desk, client: Client, temporal: RunningTemporal) -> None:
    async with relaying(settings_for(desk.url, temporal.address)):
        await desk.place(number=named(desk, "warm"), source={"system": "shop", "id": "warm"})
        await until_open(desk, 0)
        await asyncio.sleep(1.2)
        number = await desk.place(number=named(desk, "woken"))
        await until_open(desk, 0)
        [times] = await desk.rows(
            "SELECT extract(epoch FROM delivered_at - created_at)::float AS s FROM dispatch WHERE order_number = %s",
            number,
        )
    assert times["s"] < 0.8


async def test_many_orders_start_each_once(desk: Desk, client: Client, temporal: RunningTemporal) -> None:
    bodies = [from_source(f"M-{n}", number=named(desk, f"m{n}")) for n in range(120)]
    for some in (bodies[start : start + 20] for start in range(0, len(bodies), 20)):
        answers = await asyncio.gather(*(desk.post("/v1/orders", body) for body in some))
        assert [answer.status_code for answer in answers] == [201] * len(some)
    async with (
        relaying(settings_for(desk.url, temporal.address)),
        relaying(settings_for(desk.url, temporal.address)),
    ):
        await until_open(desk, 0)
    for body in bodies:
        events = [event async for event in handle(client, body["number"]).fetch_history_events()]
        assert [
            event.event_id for event in events if event.HasField("workflow_execution_started_event_attributes")
        ] == [1]


async def test_while_temporal_is_away_nothing_is_lost_and_no_order_is_blamed(
    desk: Desk, tmp_path: Path, database_url: str
) -> None:
    port = free_port()
    number = await desk.place()
    async with relaying(settings_for(database_url, f"127.0.0.1:{port}")):
        await tell(desk, number, "picked")
        await asyncio.sleep(2.5)
        assert (await desk.rows("SELECT count(*) AS n FROM dispatch WHERE delivered_at IS NULL"))[0]["n"] == 2
        metrics = (await desk.http.get("/metrics")).text
        assert 'ordito_messages_waiting{box="outbox"} 1.0' in metrics
        assert 'ordito_messages_waiting{box="inbox"} 1.0' in metrics
        async with running_temporal(tmp_path / "late", port=port) as late:
            await until_open(desk, 0)
            async with listening(await connect(settings_for(database_url, late.address), lazy=False)):
                heard = await handle(await late.client(), number).query("heard")
    assert heard == ["picked"]


async def test_a_message_for_an_order_that_has_ended_is_noted_and_a_change_is_answered(
    desk: Desk, client: Client, temporal: RunningTemporal
) -> None:
    number = await desk.place(number=named(desk, "ended"))
    await desk.run("UPDATE dispatch SET delivered_at = now()")
    response = await desk.post(f"/v1/orders/{number}/cancel", {"change_id": "c-1", "reason": "too late"})
    assert response.status_code == 202
    await desk.run("UPDATE sales_order SET finished = true, status = 'completed'")
    async with relaying(settings_for(desk.url, temporal.address)):
        await until_open(desk, 0)
    [message] = await desk.rows("SELECT note FROM dispatch WHERE kind = 'change'")
    assert message == {"note": "the order had ended"}
    change = await desk.get(f"/v1/orders/{number}/changes/c-1")
    assert (change["outcome"], change["answer"]["code"]) == ("refused", "order_closed")
    assert change["answer"]["words"] == "The order is completed; nothing of it can be cancelled any more."


async def test_a_message_for_an_order_that_does_not_run_is_kept_and_stops_no_other(
    desk: Desk, client: Client, temporal: RunningTemporal
) -> None:
    lost = await desk.place(number=named(desk, "lost"))
    await desk.run("UPDATE dispatch SET delivered_at = now()")
    await tell(desk, lost, "picked")
    other = await desk.place(number=named(desk, "other"), source={"system": "shop", "id": "2"})
    async with relaying(settings_for(desk.url, temporal.address)):
        await until_open(desk, 1)
        assert (await handle(client, other).describe()).id == f"order-{other}"
        await asyncio.sleep(1.0)
    [kept] = await desk.rows("SELECT order_number, note FROM dispatch WHERE delivered_at IS NULL")
    assert kept == {"order_number": lost, "note": "no workflow of this order runs"}


async def test_of_two_relays_one_delivers_and_the_other_takes_over(
    desk: Desk, client: Client, temporal: RunningTemporal
) -> None:
    settings = settings_for(desk.url, temporal.address)
    async with relaying(settings):
        await desk.place(number=named(desk, "first"))
        await until_open(desk, 0)
        async with relaying(settings):
            await asyncio.sleep(1.5)
            leaders = await desk.rows(
                "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                dispatch.RELAY_LOCK,
            )
            assert len(leaders) == 1
            await desk.run("SELECT pg_terminate_backend(%s)", leaders[0]["pid"])
            await desk.place(number=named(desk, "second"), source={"system": "shop", "id": "2"})
            await until_open(desk, 0)


async def test_the_database_may_go_and_come_back(desk: Desk, client: Client, temporal: RunningTemporal) -> None:
    async with relaying(settings_for(desk.url, temporal.address)):
        await desk.place(number=named(desk, "a"))
        await until_open(desk, 0)
        await desk.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'ordito relay' AND pid <> pg_backend_pid()"
        )
        await desk.place(number=named(desk, "b"), source={"system": "shop", "id": "2"})
        await until_open(desk, 0)


async def test_the_promise_of_a_running_order_comes_with_the_answer(
    database_url: str, tmp_path: Path, client: Client, temporal: RunningTemporal
) -> None:
    async with open_desk(database_url, tmp_path, TEMPORAL_ADDRESS=temporal.address, ORDITO_TASK_QUEUE=QUEUE) as desk:
        await desk.furnish()
        body = from_source("P-1", number=named(desk, "p"))
        response = await desk.http.post("/v1/orders", params={"wait": "promised", "timeout": 1}, json=body)
        assert (response.status_code, response.json()["promise"]) == (202, None)
        assert (await handle(client, body["number"]).describe()).id == f"order-{body['number']}"


async def test_a_change_that_is_being_asked_directly_is_left_alone_for_a_while(desk: Desk) -> None:
    async with desk.pool.connection() as connection:
        message = await dispatch.enqueue(connection, "P-1", "change", {"change_id": "c"}, note=dispatch.ASKED_DIRECTLY)
        fact = await dispatch.enqueue(connection, "P-1", "carrier", {})

        async def deliverable() -> list[int]:
            return [found.id for found in await dispatch.undelivered(connection, 10, [])]

        assert await deliverable() == [fact]
        await connection.execute("UPDATE dispatch SET created_at = created_at - interval '8 s'")
        assert await deliverable() == [message, fact]  # whoever asked it is gone
        await connection.execute("UPDATE dispatch SET created_at = now()")
        assert await deliverable() == [fact]
        await dispatch.leave_to_relay(connection, message)
        assert await deliverable() == [message, fact]
