"""How values travel to and from Temporal: JSON by pydantic, without the fields that hold nothing.

Used by every client, the worker and the replayer alike; histories stay small (at most 40 KiB an order).
"""

import dataclasses
from typing import Any

from pydantic_core import to_json
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
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


DATA_CONVERTER = dataclasses.replace(DataConverter.default, payload_converter_class=CompactPayloads)
