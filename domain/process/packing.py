"""A large state is packed where one run of a workflow hands it to the next (design, hard case 7).

What an order of 2,000 lines carries amid a change says the same many times over: packed it takes a tenth. A state of
usual size travels as it is, for whoever reads it in the Temporal UI.
"""

import zlib
from base64 import b85decode, b85encode
from typing import Any

from pydantic import BeforeValidator, SerializerFunctionWrapHandler, WrapSerializer
from pydantic_core import from_json, to_json

READABLE_BYTES = 128 * 1024
"""Up to this size a state travels unpacked."""


def _packed(value: Any, unpacked: SerializerFunctionWrapHandler) -> Any:
    text = to_json(value, exclude_none=True, by_alias=True)
    return unpacked(value) if len(text) <= READABLE_BYTES else b85encode(zlib.compress(text)).decode("ascii")


def _unpacked(value: Any) -> Any:
    """What was packed as it was before; all else as it is. A text that is nothing of ours is an error."""
    return from_json(zlib.decompress(b85decode(value))) if isinstance(value, str) else value


PACKED = (WrapSerializer(_packed, when_used="json"), BeforeValidator(_unpacked))
"""Annotations of a field that travels packed when it is large.

A release that does not know of them cannot read a packed state, and leaves the order to a worker that can: it would
begin the order anew if the packed state were a field of its own.
"""
