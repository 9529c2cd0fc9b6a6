"""The program's own client of its API: where it is, who we are, and its refusals as sentences."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from cli.errors import CommandError
from settings import Settings, secured

ApiOption = Annotated[
    str | None,
    typer.Option("--api", metavar="URL", help="Address of the API (else ORDITO_API_URL, or the stack here)."),
]
KeyOption = Annotated[
    str | None,
    typer.Option("--key", metavar="KEY", help="API key (else ORDITO_API_KEY, or the one kept here)."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the API's answer as JSON.")]

TIMEOUT_SECONDS = 60.0
SHOWN_PROBLEMS = 20


class RefusedError(CommandError):
    """The API said no. `problems` are its problems, each with path, code and words."""

    def __init__(self, response: httpx.Response) -> None:
        body = _json(response)
        self.status = response.status_code
        self.body = body if isinstance(body, dict) else {}
        self.problems: list[dict[str, Any]] = list(self.body.get("problems") or [])
        super().__init__(_sentence(self))

    @property
    def code(self) -> str:
        """The error's code in the catalogue; empty when something else than our API answered."""
        return str(self.body.get("code") or "")

    @property
    def headline(self) -> str:
        """What went wrong, without the single problems."""
        title, detail = self.body.get("title"), self.body.get("detail")
        if self.problems:
            detail = None  # it sums up the problems, which are told one by one
        told = ": ".join(str(part) for part in (title, detail) if part)
        return told or f"the API answered {self.status}"


def _sentence(refused: RefusedError) -> str:
    lines = [refused.headline]
    for problem in refused.problems[:SHOWN_PROBLEMS]:
        place = problem.get("path")
        lines.append(f"  {place}: {problem.get('words')}" if place else f"  {problem.get('words')}")
    if len(refused.problems) > SHOWN_PROBLEMS:
        lines.append(f"  and {len(refused.problems) - SHOWN_PROBLEMS} more")
    if refused.body.get("help"):
        lines.append(str(refused.body["help"]))
    return "\n".join(lines)


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


@dataclass(frozen=True)
class Address:
    """Where the API is and the key to it."""

    url: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"Authorization": f"Bearer {self.key}"}


def find_api(url: str | None, key: str | None) -> Address:
    """The API of the options, the environment or the running stack, in this order; CommandError without a key."""
    settings = Settings.of_running_stack()
    found = key or settings.api_key or _key_of(settings.home)
    if not found:
        raise CommandError("there is no API key: start `ordito up`, set ORDITO_API_KEY, or give --key")
    return Address((url or settings.api_url).rstrip("/"), found)


def _key_of(home: Path) -> str | None:
    try:
        return str(json.loads((home / "secrets.json").read_text(encoding="utf-8"))["api_key"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def away(url: str, error: Exception) -> CommandError:
    """The sentence for an API that does not answer."""
    return CommandError(f"the API at {url} does not answer ({error or type(error).__name__}): is `ordito up` running?")


class Api:
    """Requests that either come to an answer or raise a sentence."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._client = httpx.Client(
            base_url=address.url,
            headers=address.headers,
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
            verify=secured(address.url),
        )

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The response, whatever 2xx it is; RefusedError for every other one, CommandError when nobody answers."""
        try:
            response = self._client.request(method, path, **options)
        except httpx.InvalidURL as error:
            raise CommandError(f"{self.address.url} is not an address: {error}", exit_code=2) from error
        except httpx.HTTPError as error:
            raise away(self.address.url, error) from error
        if not response.is_success:
            raise RefusedError(response)
        return response

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """The answer to GET; arguments that are None are left out."""
        given = {name: value for name, value in query.items() if value is not None}
        return dict(self.send("GET", path, params=given).json())

    def post(self, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        """The answer to POST."""
        return dict(self.send("POST", path, json=body, **options).json())


def connect(url: str | None, key: str | None) -> Api:
    """A client of the API that the options, the environment or the running stack name."""
    return Api(find_api(url, key))
