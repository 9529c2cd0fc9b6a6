"""How the floor's programs run: as the SDK comes, or tuned as ours are, to see what of a ratio is tuning."""

import asyncio
import os
from collections.abc import Coroutine
from typing import Any

import uvloop
from temporalio.client import GrpcCompression

from settings import Settings
from workflows import connecting

TUNED = "BENCH_TUNED_FLOOR"
"""Environment variable: set for a floor with our event loop and our way to connect."""


def run(main: Coroutine[Any, Any, None]) -> None:
    """Runs a program."""
    (uvloop.run if TUNED in os.environ else asyncio.run)(main)


def compression(settings: Settings) -> GrpcCompression:
    """How calls to Temporal are packed; the SDK's default is gzip."""
    return connecting.compression(settings.temporal_address) if TUNED in os.environ else GrpcCompression.GZIP
