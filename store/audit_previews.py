"""What the audit asks about previews: a change that was held to one came to exactly what it said (I14)."""

from domain.process.read_model import ChangeAnswer
from domain.process.tokens import token_of
from store.pool import Connection

_HELD = """
SELECT c.order_number, c.change_id, c.document ->> 'token' AS token, c.answer, o.bundle
FROM change_request c JOIN sales_order o ON o.number = c.order_number
WHERE c.document ->> 'token' IS NOT NULL AND c.outcome IN ('accepted', 'partly')
"""


async def previews(connection: Connection) -> tuple[int, list[tuple[str, str]]]:
    """How many accepted changes named a preview, and the orders, with words, where the answer says something else."""
    checked = 0
    found: list[tuple[str, str]] = []
    async for row in await connection.execute(_HELD):
        checked += 1
        given = ChangeAnswer.model_validate(row["answer"])
        if token_of(row["order_number"], row["bundle"], given) != row["token"]:
            found.append((row["order_number"], f"change {row['change_id']} is not what its preview said"))
    return checked, found
