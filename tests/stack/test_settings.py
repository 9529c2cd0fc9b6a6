"""The environment, read once, with messages that name the variable."""

import json
from pathlib import Path

import pytest

from settings import SETTINGS, Settings, SettingsError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_defaults_need_nothing_set() -> None:
    settings = Settings.from_env({})

    assert settings.home == Path.cwd() / ".ordito"
    assert settings.database_url is None
    assert settings.temporal_address == "127.0.0.1:7233"
    assert settings.task_queue == "orders"
    assert settings.api_url == "http://127.0.0.1:8080"
    assert settings.carrier_url == "http://127.0.0.1:8090/carrier"
    assert settings.payment_url == "http://127.0.0.1:8090/payments"
    assert settings.carrier_webhook_url == "http://127.0.0.1:8080/v1/inbox/carrier"
    assert settings.payment_webhook_url == "http://127.0.0.1:8080/v1/inbox/payment"
    assert settings.given == frozenset()


def test_addresses_follow_the_ports() -> None:
    settings = Settings.from_env(
        {"ORDITO_API_PORT": "9000", "ORDITO_API_HOST": "0.0.0.0", "ORDITO_SIMULATORS_PORT": "9001"}
    )

    assert settings.api_url == "http://127.0.0.1:9000"
    assert settings.carrier_webhook_url == "http://127.0.0.1:9000/v1/inbox/carrier"
    assert settings.payment_url == "http://127.0.0.1:9001/payments"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ORDITO_API_PORT", "80x", "ORDITO_API_PORT: '80x' cannot be used: a port is a number from 1 to 65535"),
        ("ORDITO_API_PORT", "0", "ORDITO_API_PORT: '0' cannot be used: a port is a number from 1 to 65535"),
        ("ORDITO_API_PORT", "٨٠", "ORDITO_API_PORT: '٨٠' cannot be used: a port is a number from 1 to 65535"),
        (
            "CARRIER_URL",
            "localhost:8090",
            "CARRIER_URL: 'localhost:8090' cannot be used: an address like http://127.0.0.1:8080 is needed",
        ),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "collector:4318",
            "OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' cannot be used: "
            "an address like http://127.0.0.1:8080 is needed",
        ),
        (
            "TEMPORAL_ADDRESS",
            "temporal",
            "TEMPORAL_ADDRESS: 'temporal' cannot be used: host:port is needed, like 127.0.0.1:7233",
        ),
        (
            "ORDITO_LOG_LEVEL",
            "chatty",
            "ORDITO_LOG_LEVEL: 'chatty' cannot be used: one of debug, info, warning, error is needed",
        ),
        (
            "DATABASE_URL",
            "mysql://u:hunter2@h/db",
            "DATABASE_URL: its value cannot be used: "
            "an address like postgresql://user:password@host:5432/ordito is needed",
        ),
        (
            "ORDITO_WEBHOOK_SECRET",
            "hunter2",
            "ORDITO_WEBHOOK_SECRET: its value cannot be used: "
            "whsec_ and the base64 of 24 to 64 bytes is needed (Standard Webhooks)",
        ),
    ],
)
def test_a_bad_value_is_named_and_a_secret_one_is_not_shown(name: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({name: value})

    assert str(caught.value) == message


def test_all_bad_values_are_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({"ORDITO_API_PORT": "x", "ORDITO_POSTGRES_PORT": "y"})

    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "ORDITO_POSTGRES_PORT",
        "ORDITO_API_PORT",
    ]


def test_settings_survive_the_way_through_the_environment_of_a_child() -> None:
    settings = Settings.from_env(
        {"DATABASE_URL": "postgresql://u:p@h:5432/d", "ORDITO_WEBHOOK_SECRET": SECRET, "ORDITO_API_KEY": "k"}
    )

    again = Settings.from_env(settings.environment())

    assert again.environment() == settings.environment()
    assert again.database() == "postgresql://u:p@h:5432/d"
    assert again.webhook_secret == SECRET


def test_a_command_finds_the_stack_that_runs_in_its_home(tmp_path: Path) -> None:
    running = {"environment": {"ORDITO_API_URL": "http://127.0.0.1:9999", "ORDITO_API_KEY": "of-the-stack"}}
    (tmp_path / "stack.json").write_text(json.dumps(running))

    found = Settings.of_running_stack({"ORDITO_HOME": str(tmp_path)})
    preferred = Settings.of_running_stack({"ORDITO_HOME": str(tmp_path), "ORDITO_API_KEY": "mine"})

    assert (found.api_url, found.api_key) == ("http://127.0.0.1:9999", "of-the-stack")
    assert preferred.api_key == "mine"


def test_without_a_database_the_message_says_what_to_do(tmp_path: Path) -> None:
    settings = Settings.of_running_stack({"ORDITO_HOME": str(tmp_path)})

    with pytest.raises(SettingsError, match="DATABASE_URL is not set and no stack runs here: start `ordito up`"):
        settings.database()


def test_every_variable_has_a_meaning_and_is_named_once() -> None:
    names = [setting.name for setting in SETTINGS]

    assert len(names) == len(set(names))
    assert all(setting.meaning for setting in SETTINGS)
    assert {setting.field for setting in SETTINGS} == set(Settings.__dataclass_fields__) - {"given"}
