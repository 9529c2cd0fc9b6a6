"""How values travel to and from Temporal: JSON by pydantic, without the fields that hold nothing.

Used by every client, the worker and the replayer alike; histories stay small (at most 40 KiB an order).
"""

from dataclasses import dataclass
from typing import Any, Self

from pydantic_core import to_json
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
    SerializationContext,
)


class CompactJson(PydanticJSONPlainPayloadConverter):
    """JSON without nulls: a model's absent field and its None are the same."""

    def to_payload(self, value: Any) -> Payload | None:
        return Payload(
            metadata={"encoding": self.encoding.encode()}, data=to_json(value, exclude_none=True, by_alias=True)
        )


class CompactPayloads(CompositePayloadConverter):
    """The standard converters, with JSON made compact. None of them keeps anything: all instances share them."""

    def __init__(self) -> None:
        super().__init__(*_CONVERTERS)


_CONVERTERS = tuple(
    CompactJson() if isinstance(converter, JSONPlainPayloadConverter) else converter
    for converter in DefaultPayloadConverter.default_encoding_payload_converters
)


@dataclass(frozen=True)
class SameEverywhere(DataConverter):
    """Writes a value the same way wherever it goes, so the SDK need not make a new one for each place (it would)."""

    def with_context(self, context: SerializationContext) -> Self:
        """Itself."""
        return self


DATA_CONVERTER = SameEverywhere(payload_converter_class=CompactPayloads)
