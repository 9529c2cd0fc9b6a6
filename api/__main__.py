"""`python -m api`: serve the API."""

import sys

import uvicorn

import tracing
from api.app import create_app
from logs import set_up_logs
from settings import Settings, SettingsError


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    try:
        settings = Settings.from_env()
        settings.database()
    except SettingsError as error:
        sys.exit(f"ordito: {error}")
    tracing.set_up(settings.otlp_endpoint, "ordito-api")
    set_up_logs(settings.log_level)
    uvicorn.run(
        create_app(settings),
        host=settings.api_host,
        port=settings.api_port,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
