"""What can be set in a running simulator; what was set is kept in the books and wins over the command line."""

import json
from typing import Generic, TypeVar

from pydantic import Field, ValidationError, field_validator
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from simulators.books import Books
from simulators.errors import invalid
from simulators.messages import AdminBody, describe


class CommonConfig(AdminBody):
    """Settings that every simulator has.

    `duplicate_every` n sends every n-th webhook twice (0: never). `shuffle` delivers the newest waiting event of a lane
    first. `events` limits the webhooks to these types (None: all).
    """

    webhook_url: str | None = None
    webhook_secret: str | None = None
    duplicate_every: int = Field(default=0, ge=0)
    shuffle: bool = False
    events: list[str] | None = None

    @field_validator("webhook_secret")
    @classmethod
    def _secret_signs(cls, secret: str | None) -> str | None:
        if secret is not None:
            try:
                Webhook(secret)
            except (ValueError, RuntimeError, EmptyWebhookSecretError) as error:
                raise ValueError("must be 'whsec_' and base64, as Standard Webhooks has it") from error
        return secret

    def sends(self, event: str) -> bool:
        """Whether a webhook goes out for this event."""
        return self.events is None or event in self.events


C = TypeVar("C", bound=CommonConfig)


class KeptConfig(Generic[C]):
    """The configuration in force: `start` with the changes that are kept in the books."""

    def __init__(self, books: Books, start: C) -> None:
        self._books = books
        kept = {row["name"]: json.loads(row["value"]) for row in books.rows("SELECT name, value FROM config")}
        self.now: C = start.model_copy(update=kept)

    def change(self, body: bytes) -> C:
        """Change the fields that `body` (a JSON object) names; 422 for an unknown field or a bad value."""
        model = type(self.now)
        try:
            named = model.model_validate_json(body).model_fields_set
            changed = model.model_validate_json(json.dumps(self.now.model_dump(mode="json") | json.loads(body)))
        except ValidationError as error:
            raise invalid(describe(error)) from None
        values = changed.model_dump(mode="json")
        with self._books.transaction():
            for name in named:
                self._books.run("INSERT OR REPLACE INTO config VALUES (?, ?)", name, json.dumps(values[name]))
        self.now = changed
        return changed
