"""One way to connect to Temporal for every process: address, namespace, and how values travel."""

import ctypes
from collections.abc import Sequence
from typing import Any

from temporalio.client import Client, GrpcCompression, Interceptor
from temporalio.envconfig import ClientConfigProfile
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from settings import Settings
from workflows.converter import DATA_CONVERTER

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


async def connect(
    settings: Settings,
    *,
    runtime: Runtime | None = None,
    lazy: bool = True,
    interceptors: Sequence[Interceptor] = (),
) -> Client:
    """A client of the orders' namespace. A lazy one connects at its first call, so a process boots while the
    server is away. A TOML profile and the TEMPORAL_* variables (TLS, API key...) count too.
    """
    keep_runtime(runtime or Runtime.default())
    profile: dict[str, Any] = dict(ClientConfigProfile.load().to_client_connect_config())
    for ours in ("target_host", "namespace"):
        profile.pop(ours, None)
    return await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        data_converter=DATA_CONVERTER,
        runtime=runtime,
        interceptors=interceptors,
        lazy=lazy,
        grpc_compression=compression(settings.temporal_address),
        **profile,
    )


def compression(address: str) -> GrpcCompression:
    """None towards a server on this machine: there, packing costs the most CPU of a call and saves nothing."""
    host = address.rpartition(":")[0].strip("[]")
    return GrpcCompression.NONE if host in LOOPBACK else GrpcCompression.GZIP


def metrics_runtime(port: int) -> Runtime:
    """A runtime whose Prometheus metrics are served on that port of 127.0.0.1 (OPS6)."""
    metrics = PrometheusConfig(
        bind_address=f"127.0.0.1:{port}", counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True
    )
    return Runtime(telemetry=TelemetryConfig(metrics=metrics))


def keep_runtime(runtime: Runtime) -> None:
    """Never drops the runtime: joining its threads at exit can hang the process for ever (sdk-python issue 300)."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(runtime._core_runtime))
