"""Every environment variable the program knows: name, default, meaning, and one clear message when a value is bad.

`SETTINGS` is the table that `ordito doctor` and the docs print; `Settings.from_env` alone reads the environment.
"""

import base64
import binascii
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PROJECT_ROOT = Path(__file__).resolve().parent
RUNNING_STACK_FILE = "stack.json"
LOG_LEVELS = ("debug", "info", "warning", "error")


def secured(url: str) -> bool:
    """Whether an address is asked over TLS. Certificates are loaded only then: it takes longer than most requests."""
    return url.strip().lower().startswith("https:")


class SettingsError(Exception):
    """One or more environment variables have a value that cannot be used; the text names each variable."""


@dataclass(frozen=True)
class Setting:
    """One environment variable. `default` is text as a person would type it; empty means "none"."""

    name: str
    field: str
    default: str
    meaning: str
    parse: Callable[[str], Any]
    secret: bool = False


def _text(value: str) -> str:
    return value


def _path(value: str) -> Path:
    return Path(value).expanduser().resolve()


def _port(value: str) -> int:
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= 65535):
        raise ValueError("a port is a number from 1 to 65535")
    return int(value)


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an address like http://127.0.0.1:8080 is needed")
    return value.rstrip("/")


def _postgres_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise ValueError("an address like postgresql://user:password@host:5432/ordito is needed")
    return value


def _host_and_port(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host:
        raise ValueError("host:port is needed, like 127.0.0.1:7233")
    _port(port)
    return value


def _log_level(value: str) -> str:
    if value.lower() not in LOG_LEVELS:
        raise ValueError(f"one of {', '.join(LOG_LEVELS)} is needed")
    return value.lower()


def _webhook_secret(value: str) -> str:
    """Standard Webhooks 1.0: `whsec_` and the base64 of 24 to 64 random bytes."""
    try:
        size = len(base64.b64decode(value.removeprefix("whsec_"), validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if not value.startswith("whsec_") or not 24 <= size <= 64:
        raise ValueError("whsec_ and the base64 of 24 to 64 bytes is needed (Standard Webhooks)")
    return value


SETTINGS: tuple[Setting, ...] = (
    Setting("ORDITO_HOME", "home", ".ordito", "folder of all local data, logs and secrets", _path),
    Setting("ORDITO_POLICIES", "policies", "policies", "folder of the policy files", _path),
    Setting("ORDITO_LOG_LEVEL", "log_level", "info", "debug, info, warning or error", _log_level),
    Setting("DATABASE_URL", "database_url", "", "your own PostgreSQL; unset: the embedded one", _postgres_url, True),
    Setting("ORDITO_POSTGRES_PORT", "postgres_port", "15432", "port of the embedded PostgreSQL", _port),
    Setting("TEMPORAL_ADDRESS", "temporal_address", "", "your own Temporal; unset: the embedded one", _host_and_port),
    Setting("TEMPORAL_NAMESPACE", "temporal_namespace", "default", "Temporal namespace of the orders", _text),
    Setting("ORDITO_TASK_QUEUE", "task_queue", "orders", "Temporal task queue of the worker", _text),
    Setting("ORDITO_TEMPORAL_PORT", "temporal_port", "7233", "port of the embedded Temporal server", _port),
    Setting("ORDITO_TEMPORAL_UI_PORT", "temporal_ui_port", "8233", "port of the embedded Temporal UI", _port),
    Setting("ORDITO_TEMPORAL_METRICS_PORT", "temporal_metrics_port", "9233", "Prometheus port of that server", _port),
    Setting("ORDITO_WORKER_METRICS_PORT", "worker_metrics_port", "9234", "Prometheus port of the worker", _port),
    Setting("ORDITO_API_HOST", "api_host", "127.0.0.1", "address the API listens on", _text),
    Setting("ORDITO_API_PORT", "api_port", "8080", "port the API listens on", _port),
    Setting("ORDITO_API_URL", "api_url", "", "where others reach the API; unset: that port", _http_url),
    Setting("ORDITO_API_KEY", "api_key", "", "administrator's API key; unset: drawn at the first start", _text, True),
    Setting("ORDITO_WEBHOOK_SECRET", "webhook_secret", "", "signs webhooks; unset: drawn once", _webhook_secret, True),
    Setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT", "otlp_endpoint", "", "OTLP/HTTP collector of traces; unset: none", _http_url
    ),
    Setting("ORDITO_SIMULATORS_PORT", "simulators_port", "8090", "port of the simulated outside world", _port),
    Setting("CARRIER_URL", "carrier_url", "", "the carrier; unset: the simulator", _http_url),
    Setting("PAYMENT_URL", "payment_url", "", "the payment provider; unset: the simulator", _http_url),
    Setting("ORDITO_CARRIER_WEBHOOK_URL", "carrier_webhook_url", "", "where the carrier simulator reports", _http_url),
    Setting("ORDITO_PAYMENT_WEBHOOK_URL", "payment_webhook_url", "", "where the payment simulator reports", _http_url),
    Setting(
        "ORDITO_SUPPLIER_WEBHOOK_URL", "supplier_webhook_url", "", "the same for the supplier simulator", _http_url
    ),
)


@dataclass(frozen=True)
class Settings:
    """The environment, parsed. `given` holds the names that were set, so that `up` knows what it need not start."""

    home: Path
    policies: Path
    log_level: str
    database_url: str | None
    postgres_port: int
    temporal_address: str
    temporal_namespace: str
    task_queue: str
    temporal_port: int
    temporal_ui_port: int
    temporal_metrics_port: int
    worker_metrics_port: int
    api_host: str
    api_port: int
    api_url: str
    api_key: str | None
    webhook_secret: str | None
    otlp_endpoint: str | None
    simulators_port: int
    carrier_url: str
    payment_url: str
    carrier_webhook_url: str
    payment_webhook_url: str
    supplier_webhook_url: str | None
    given: frozenset[str]

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Reads the environment (or `environ`); raises SettingsError that names every variable with a bad value."""
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        problems = []
        for setting in SETTINGS:
            text = environ.get(setting.name, "").strip() or setting.default
            try:
                values[setting.field] = setting.parse(text) if text else None
            except ValueError as error:
                shown = "its value" if setting.secret else repr(text)
                problems.append(f"{setting.name}: {shown} cannot be used: {error}")
        if problems:
            raise SettingsError("\n".join(problems))
        given = frozenset(s.name for s in SETTINGS if environ.get(s.name, "").strip())
        return cls(**_with_derived(values), given=given)

    @classmethod
    def of_running_stack(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """As `from_env`, completed by what a running `ordito up` in the same home wrote down (addresses, API key)."""
        environ = os.environ if environ is None else environ
        home = cls.from_env(environ).home
        return cls.from_env({**_running_environment(home), **{k: v for k, v in environ.items() if v.strip()}})

    def environment(self) -> dict[str, str]:
        """These settings as environment variables, for a child process."""
        values = {setting.name: getattr(self, setting.field) for setting in SETTINGS}
        return {name: str(value) for name, value in values.items() if value is not None}

    def database(self) -> str:
        """The URL of the database; raises SettingsError when there is none to speak to."""
        if self.database_url is None:
            raise SettingsError("DATABASE_URL is not set and no stack runs here: start `ordito up`, or set it")
        return self.database_url


def _with_derived(values: dict[str, Any]) -> dict[str, Any]:
    """Addresses that follow from ports when nobody named them."""
    api_host = values["api_host"]
    reachable = "127.0.0.1" if api_host in ("0.0.0.0", "::") else api_host  # noqa: S104 - compared, not bound
    api_url = values["api_url"] or f"http://{reachable}:{values['api_port']}"
    simulators = f"http://127.0.0.1:{values['simulators_port']}"
    defaults = {
        "temporal_address": f"127.0.0.1:{values['temporal_port']}",
        "api_url": api_url,
        "carrier_url": f"{simulators}/carrier",
        "payment_url": f"{simulators}/payments",
        "carrier_webhook_url": f"{api_url}/v1/inbox/carrier",
        "payment_webhook_url": f"{api_url}/v1/inbox/payment",
    }
    return {**values, **{field: default for field, default in defaults.items() if values[field] is None}}


def _running_environment(home: Path) -> dict[str, str]:
    try:
        written = json.loads((home / RUNNING_STACK_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in written.get("environment", {}).items()}
