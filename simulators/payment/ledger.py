"""The provider's tables, the life of an authorization, and the webhooks about money."""

import json
import sqlite3
from datetime import datetime, timedelta
from typing import Any

from simulators.books import Books, new_id
from simulators.errors import unknown
from simulators.payment.messages import PaymentConfig

TABLES = """
CREATE TABLE IF NOT EXISTS authorization (
    key TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, order_number TEXT NOT NULL, amount INTEGER NOT NULL,
    currency TEXT NOT NULL, status TEXT NOT NULL, captured INTEGER NOT NULL DEFAULT 0, at TEXT NOT NULL,
    expires_at TEXT NOT NULL, CHECK (captured BETWEEN 0 AND amount)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS authorization_order ON authorization (order_number);
CREATE TABLE IF NOT EXISTS capture (
    key TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, authorization_key TEXT NOT NULL, shipment, amount INTEGER NOT NULL,
    refunded INTEGER NOT NULL DEFAULT 0, charged_back INTEGER NOT NULL DEFAULT 0, at TEXT NOT NULL,
    CHECK (refunded + charged_back BETWEEN 0 AND amount)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS capture_authorization ON capture (authorization_key);
CREATE TABLE IF NOT EXISTS refund (
    key TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, capture_key TEXT NOT NULL, amount INTEGER NOT NULL, at TEXT NOT NULL
    ) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS declined_once (order_number TEXT PRIMARY KEY) WITHOUT ROWID;
"""


def expiry(at: datetime, days: int, kind: str) -> datetime:
    """The last instant of an authorization's life: `days` days after `at`, of Mon-Fri only when `kind` is business."""
    if kind == "calendar":
        return at + timedelta(days=days)
    while days > 0:
        at += timedelta(days=1)
        days -= at.weekday() < 5
    return at


def authorization(books: Books, key: str) -> sqlite3.Row | None:
    """The authorization of this idempotency key."""
    return books.row("SELECT * FROM authorization WHERE key = ?", key)


def capture(books: Books, key: str) -> sqlite3.Row:
    """The capture of this idempotency key; 404 if unknown."""
    found = books.row("SELECT * FROM capture WHERE key = ?", key)
    if found is None:
        raise unknown("capture", key)
    return found


def tell(books: Books, config: PaymentConfig, event: str, held: sqlite3.Row, amount: int, at: str, **more: Any) -> None:
    """Record a webhook about this authorization, if this type is sent."""
    if not config.sends(event):
        return
    body = {
        "id": new_id("evt"),
        "type": event,
        "at": at,
        "order": held["order_number"],
        "authorization_key": held["key"],
        "amount": amount,
        "currency": held["currency"],
        **more,
    }
    books.record_event(body["id"], held["key"], json.dumps(body, separators=(",", ":")))


def expire(books: Books, config: PaymentConfig, held: sqlite3.Row, at: str) -> bool:
    """End an authorization's life; False if it is not alive."""
    if held["status"] != "authorized":
        return False
    books.run("UPDATE authorization SET status = 'expired' WHERE key = ?", held["key"])
    tell(books, config, "authorization.expired", held, held["amount"] - held["captured"], at)
    return True


def describe(books: Books, held: sqlite3.Row) -> dict[str, Any]:
    """An authorization with its captures and their refunds, as the API shows it."""
    captures = books.rows("SELECT * FROM capture WHERE authorization_key = ? ORDER BY at, key", held["key"])
    shown = {name: held[name] for name in ("amount", "currency", "status", "captured", "at", "expires_at")}
    return {
        "authorization": held["id"],
        "authorization_key": held["key"],
        "order": held["order_number"],
        **shown,
        "captures": [
            {
                "capture": row["id"],
                "capture_key": row["key"],
                **{name: row[name] for name in ("shipment", "amount", "refunded", "charged_back", "at")},
            }
            for row in captures
        ],
    }
