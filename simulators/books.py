"""A simulator's books: one SQLite file that is written before anything is answered.

The file is in WAL mode with synchronous=NORMAL: a commit survives kill -9 of the process (not a power cut). It is
locked by the one process that serves it. All access is from the event loop's thread, without an await inside a
transaction, so a transaction is never interleaved with another.
"""

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulators.errors import Refusal
from simulators.messages import Answer

COMMON_TABLES = """
CREATE TABLE IF NOT EXISTS config (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answer (
    key TEXT PRIMARY KEY, operation TEXT NOT NULL, fingerprint BLOB NOT NULL, status INTEGER NOT NULL,
    body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fence (key TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fault (number INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS event (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, lane TEXT NOT NULL, body TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, acknowledged INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS event_waiting ON event (number) WHERE acknowledged = 0;
CREATE TABLE IF NOT EXISTS violation (
    number INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL, operation TEXT NOT NULL, key TEXT NOT NULL,
    detail TEXT NOT NULL);
"""
KEPT_ON_RESET = {"config", "sqlite_sequence"}


@dataclass(slots=True)
class Event:
    """A webhook to deliver: events of one lane (a shipment, an authorization) are delivered in order."""

    number: int
    id: str
    lane: str
    body: str
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The first answer to an idempotency key."""

    operation: str
    fingerprint: bytes
    answer: Answer


class Books:
    """One simulator's SQLite file. `tables` is the simulator's own DDL, added to the common tables."""

    def __init__(self, path: Path, tables: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=2.5)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(COMMON_TABLES + tables)
        self._events: list[Event] = []
        self.deliver: Callable[[list[Event]], None] = lambda events: None

    def close(self) -> None:
        """Write the log back into the file and let go of it."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed together; the events recorded inside go out after the commit."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            self._events.clear()
            raise
        self._connection.execute("COMMIT")
        if self._events:
            events, self._events = self._events, []
            self.deliver(events)

    def run(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """Execute one statement."""
        return self._connection.execute(sql, values)

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """All rows of a query."""
        return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """The first row of a query, None without one."""
        found: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
        return found

    def kept_answer(self, key: str) -> KeptAnswer | None:
        """What was answered to this key, None if it has not been answered for good."""
        row = self.row("SELECT operation, fingerprint, status, body FROM answer WHERE key = ?", key)
        if row is None:
            return None
        return KeptAnswer(row["operation"], row["fingerprint"], Answer(row["status"], row["body"]))

    def keep_answer(self, key: str, operation: str, fingerprint: bytes, answer: Answer) -> None:
        """Keep the first answer to a key."""
        self.run("INSERT INTO answer VALUES (?, ?, ?, ?, ?)", key, operation, fingerprint, answer.status, answer.text)

    def fence(self, key: str, at: str) -> None:
        """From now on refuse this key: its cancellation came before it did."""
        self.run("INSERT OR IGNORE INTO fence VALUES (?, ?)", key, at)

    def is_fenced(self, key: str) -> bool:
        """Whether this key was cancelled before it arrived."""
        return self.row("SELECT 1 FROM fence WHERE key = ?", key) is not None

    def record_event(self, event_id: str, lane: str, body: str) -> None:
        """Record a webhook; it is delivered after the transaction's commit, until acknowledged."""
        cursor = self.run("INSERT INTO event (id, lane, body) VALUES (?, ?, ?)", event_id, lane, body)
        self._events.append(Event(cursor.lastrowid or 0, event_id, lane, body))

    def waiting_events(self) -> list[Event]:
        """The events that nobody has acknowledged, oldest first."""
        found = self.rows("SELECT number, id, lane, body, attempts FROM event WHERE acknowledged = 0 ORDER BY number")
        return [Event(*row) for row in found]

    def acknowledge(self, event: Event) -> None:
        """The receiver has answered 2xx."""
        self.run("UPDATE event SET acknowledged = 1, attempts = ? WHERE number = ?", event.attempts, event.number)

    def record_violation(self, refusal: Refusal, operation: str, key: str) -> None:
        """Remember an attempt that a correct caller never makes."""
        self.run(
            "INSERT INTO violation (code, operation, key, detail) VALUES (?, ?, ?, ?)",
            refusal.code,
            operation,
            key,
            refusal.detail,
        )

    def empty(self) -> None:
        """Forget everything but the configuration; numbers of events go on, so that ids stay unique."""
        with self.transaction():
            for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
                if name not in KEPT_ON_RESET:
                    self.run(f'DELETE FROM "{name}"')  # noqa: S608 - the name comes from the schema


def new_id(prefix: str) -> str:
    """A name of the partner's own for a thing of its books."""
    return f"{prefix}_{secrets.token_hex(10)}"
