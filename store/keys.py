"""API keys: who calls, and what they may do (OPS5). Only the SHA-256 of a key is kept."""

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum

from store.pool import Connection


class Role(StrEnum):
    """What a key may do."""

    ORDERS_WRITE = "orders:write"
    ORDERS_READ = "orders:read"
    ORDERS_PERSONAL = "orders:personal"
    CHANGES_WRITE = "changes:write"
    OPERATIONS = "operations"
    CATALOGUE_WRITE = "catalogue:write"
    STOCK_WRITE = "stock:write"
    POLICIES_WRITE = "policies:write"
    IMPORTER = "importer"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """The owner of a key, and the roles that came with it."""

    principal: str
    roles: frozenset[Role]

    def may(self, role: Role) -> bool:
        """True when the caller has the role; an administrator has all."""
        return role in self.roles or Role.ADMIN in self.roles


def hash_of(key: str) -> str:
    """What is stored of a key. Keys are drawn with 256 bits, so a plain hash cannot be guessed back."""
    return hashlib.sha256(key.encode()).hexdigest()


async def create_key(connection: Connection, principal: str, roles: frozenset[Role]) -> str:
    """A new key of a principal, shown this once."""
    key = f"ordito_{secrets.token_urlsafe(32)}"
    await _insert(connection, key, principal, roles)
    return key


async def ensure_key(connection: Connection, key: str, principal: str, roles: frozenset[Role]) -> None:
    """Make sure that a key given by the environment exists with these roles."""
    await _insert(connection, key, principal, roles)


async def find_caller(connection: Connection, key: str) -> Caller | None:
    """Whose key it is; None when unknown or revoked."""
    cursor = await connection.execute(
        "SELECT principal, roles FROM api_key WHERE key_hash = %s AND revoked_at IS NULL", (hash_of(key),)
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    known = {role.value for role in Role}
    return Caller(row["principal"], frozenset(Role(role) for role in row["roles"] if role in known))


async def revoke_keys(connection: Connection, principal: str) -> int:
    """Revoke all keys of a principal; how many there were. API processes notice within a few seconds."""
    cursor = await connection.execute(
        "UPDATE api_key SET revoked_at = now() WHERE principal = %s AND revoked_at IS NULL", (principal,)
    )
    return cursor.rowcount


async def _insert(connection: Connection, key: str, principal: str, roles: frozenset[Role]) -> None:
    await connection.execute(
        "INSERT INTO api_key (key_hash, principal, roles) VALUES (%s, %s, %s)"
        " ON CONFLICT (key_hash) DO UPDATE SET roles = excluded.roles WHERE api_key.roles <> excluded.roles",
        (hash_of(key), principal, sorted(roles)),
    )
