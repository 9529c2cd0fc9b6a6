"""Values go through the worker as they are: nobody packs them, and none is kept outside of the history."""

from typing import Any

import temporalio.bridge.worker as bridge
from temporalio.converter import DataConverter
from temporalio.converter._extstore import StorageOperationMetrics


def pass_values_untouched(converter: DataConverter) -> None:
    """Spares the worker of this process six walks over each workflow task; nothing, if the converter needs them.

    The SDK looks at every value three times on its way in and three times on its way out: for a codec, for a store of
    large values, for references to what is in it. Without them it only copies the values, which made up a seventh of
    the worker's Python.
    """
    if converter.payload_codec is None and converter.external_storage is None:
        bridge.decode_activation = _as_it_is
        bridge.encode_completion = _as_it_is


async def _as_it_is(*_: Any, **__: Any) -> StorageOperationMetrics:
    return StorageOperationMetrics()
