"""The worker spares the SDK's walks over an order's values, because they change nothing with our converter (OPS7)."""

import dataclasses
from pathlib import Path

import pytest
import temporalio.bridge.worker as bridge
from temporalio.bridge._visitor import PayloadVisitor
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import PayloadCodec, WorkflowSerializationContext
from temporalio.worker import Replayer

from workflows.converter import DATA_CONVERTER
from workflows.order import OrderWorkflow
from workflows.sandbox import runner
from workflows.untouched import pass_values_untouched

HISTORY = Path(__file__).resolve().parents[1] / "histories" / "changed_quantity_up.json"
NOTHING = (0, 0)


class Codec(PayloadCodec):
    """One that would have to see every value."""

    async def encode(self, payloads):  # type: ignore[no-untyped-def]
        return list(payloads)

    async def decode(self, payloads):  # type: ignore[no-untyped-def]
        return list(payloads)


@pytest.fixture(autouse=True)
def sdk_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test puts into the SDK is gone after it."""
    for name in ("decode_activation", "encode_completion"):
        monkeypatch.setattr(bridge, name, getattr(bridge, name))


@pytest.fixture
def walks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the SDK has walked over, by the kind of message."""
    seen: list[str] = []
    walk = PayloadVisitor.visit

    async def counted(self: PayloadVisitor, functions: object, root: object) -> None:
        seen.append(type(root).__name__)
        await walk(self, functions, root)  # type: ignore[arg-type]

    monkeypatch.setattr(PayloadVisitor, "visit", counted)
    return seen


async def replay() -> None:
    """A recorded order with a change, from its first to its last task."""
    replayer = Replayer(workflows=[OrderWorkflow], data_converter=DATA_CONVERTER, workflow_runner=runner())
    await replayer.replay_workflow(WorkflowHistory.from_json("walked", HISTORY.read_text(encoding="utf-8")))


async def test_no_task_of_an_order_is_walked_over(walks: list[str]) -> None:
    await replay()
    before = len(walks)
    pass_values_untouched(DATA_CONVERTER)
    await replay()
    assert before > 12
    assert len(walks) == before


async def test_the_walks_that_are_spared_change_nothing() -> None:
    values = DATA_CONVERTER.payload_converter.to_payloads(["a", {"sku": "item-1", "quantity": 3}])
    activation, completion = WorkflowActivation(run_id="r"), WorkflowActivationCompletion(run_id="r")
    activation.jobs.add().initialize_workflow.arguments.extend(values)
    activation.jobs.add().resolve_activity.result.completed.result.CopyFrom(values[1])
    activation.jobs.add().signal_workflow.input.extend(values)
    activation.jobs.add().do_update.input.extend(values)
    completion.successful.commands.add().schedule_activity.arguments.extend(values)
    completion.successful.commands.add().complete_workflow_execution.result.CopyFrom(values[0])
    came, went = activation.SerializeToString(deterministic=True), completion.SerializeToString(deterministic=True)
    first = await bridge.decode_activation(activation, DATA_CONVERTER, True, 1)
    last = await bridge.encode_completion(completion, DATA_CONVERTER, True, 1)
    assert activation.SerializeToString(deterministic=True) == came
    assert completion.SerializeToString(deterministic=True) == went
    assert (first.payload_count, last.payload_count) == NOTHING


def test_a_converter_that_packs_values_keeps_its_walks() -> None:
    was = (bridge.decode_activation, bridge.encode_completion)
    pass_values_untouched(dataclasses.replace(pydantic_data_converter, payload_codec=Codec()))
    assert (bridge.decode_activation, bridge.encode_completion) == was


def test_a_value_is_written_the_same_way_wherever_it_goes() -> None:
    there = DATA_CONVERTER.with_context(WorkflowSerializationContext(namespace="orders", workflow_id="order-1"))
    assert there is DATA_CONVERTER
