"""The embedded Temporal server: on a file, with 30 days of history and the search attributes of orders."""

from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from stack import part as stack_part
from stack import temporal
from stack.errors import StackError
from stack.part import Part
from stack.temporal import TemporalServer
from tests.support.ports import free_port
from tests.support.stack import RunningTemporal, running_temporal

STATUS = SearchAttributeKey.for_keyword("OrderStatus")


async def start_workflow(running: RunningTemporal) -> None:
    client = await running.client()
    attributes = TypedSearchAttributes([SearchAttributePair(STATUS, "open")])
    await client.start_workflow("order", id="order-1", task_queue="nobody-listens", search_attributes=attributes)


async def test_a_second_start_finds_the_workflows_and_registers_nothing_twice(tmp_path: Path) -> None:
    async with running_temporal(tmp_path) as running:
        await start_workflow(running)
    async with running_temporal(tmp_path) as running:
        client = await running.client()
        found = await client.get_workflow_handle("order-1").describe()

        assert found.status is WorkflowExecutionStatus.RUNNING
        assert found.typed_search_attributes[STATUS] == "open"
        assert await temporal.kept_for(client) == timedelta(days=30)
        assert await temporal.missing_search_attributes(client) == {}


async def test_after_kill_9_the_workflows_are_there(tmp_path: Path) -> None:
    async with running_temporal(tmp_path) as running:
        await start_workflow(running)
        await running.kill()
        await running.start()

        found = await (await running.client()).get_workflow_handle("order-1").describe()
        assert found.status is WorkflowExecutionStatus.RUNNING


async def test_an_attribute_of_another_type_is_named_before_orders_fail_on_it(tmp_path: Path) -> None:
    server = TemporalServer(tmp_path / "temporal.db", tmp_path / "log", free_port(), None, free_port())
    child = await stack_part.start(
        Part("Temporal", server.prepare, lambda _: temporal.is_ready(server.address, "default"))
    )
    try:
        client = await temporal.connect(server.address, "default")
        keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace="default", search_attributes={"Revision": keyword})
        )

        with pytest.raises(
            StackError, match=r"Temporal knows the search attribute Revision as .*KEYWORD, orders need .*INT"
        ):
            await temporal.register(server.address, "default")
    finally:
        await child.stop()


async def test_a_namespace_of_ones_own_is_made(tmp_path: Path) -> None:
    server = TemporalServer(
        tmp_path / "temporal.db", tmp_path / "log", free_port(), None, free_port(), namespace="mill"
    )
    child = await stack_part.start(
        Part("Temporal", server.prepare, lambda _: temporal.is_ready(server.address, "mill"))
    )
    try:
        await temporal.register(server.address, "mill", retention=temporal.RETENTION)
        client = await temporal.connect(server.address, "mill")
        assert await temporal.kept_for(client) == timedelta(days=30)
        assert await temporal.missing_search_attributes(client) == {}
    finally:
        await child.stop()


async def test_an_unknown_namespace_is_named_and_created_only_when_asked(tmp_path: Path) -> None:
    async with running_temporal(tmp_path) as running:
        with pytest.raises(StackError, match="Temporal does not know the namespace mill: set TEMPORAL_NAMESPACE right"):
            await temporal.register(running.address, "mill")
        await temporal.register(running.address, "mill", create_namespace=True)

        client = await temporal.connect(running.address, "mill")
        assert await temporal.kept_for(client) == timedelta(days=30)
        assert await temporal.missing_search_attributes(client) == {}


async def test_when_nobody_answers_the_message_names_the_address() -> None:
    port = free_port()

    with pytest.raises(StackError, match=f"no Temporal server answers at 127.0.0.1:{port}"):
        await temporal.connect(f"127.0.0.1:{port}", "default")
