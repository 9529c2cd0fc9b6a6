"""The folder of all local data: its layout, its lock, its secrets, and what a running stack writes down for others."""

import base64
import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from settings import RUNNING_STACK_FILE
from stack.errors import StackError


@dataclass(frozen=True)
class Secrets:
    """Drawn once per home, never printed by the program."""

    webhook_secret: str
    api_key: str
    postgres_password: str

    @classmethod
    def draw(cls) -> "Secrets":
        """New ones. The webhook secret has the form of Standard Webhooks: `whsec_` and base64."""
        return cls(
            webhook_secret="whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
            api_key="ordito_" + secrets.token_urlsafe(32),
            postgres_password=secrets.token_urlsafe(24),
        )


class Home:
    """`.ordito/` or another folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.postgres = root / "postgres"
        self.temporal_database = root / "temporal.db"
        self.simulators = root / "simulators"
        self.secrets_file = root / "secrets.json"
        self.stack_file = root / RUNNING_STACK_FILE
        self.lock_file = root / "up.lock"

    def log(self, part: str) -> Path:
        """The log of one part of the stack."""
        return self.root / "logs" / f"{part}.log"

    def create(self) -> None:
        """Makes the folder; raises StackError when that is not allowed."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StackError(f"{self.root} cannot be created ({error.strerror}): set ORDITO_HOME") from error
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise StackError(f"{self.root} cannot be written to by this user: change its owner, or set ORDITO_HOME")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the home for one stack; raises StackError when another process has it.

        The kernel frees the lock with its holder, so a lock of a dead process is no hindrance.
        """
        self.create()
        with self.lock_file.open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StackError(
                    f"a stack already runs on {self.root} (process {self.holder() or 'unknown'}): "
                    "use it, stop it, or set ORDITO_HOME to another folder"
                ) from error
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            try:
                yield
            finally:
                lock.truncate(0)

    def holder(self) -> int | None:
        """The process id of the stack that runs on this home; None when none does."""
        try:
            with self.lock_file.open(encoding="utf-8") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    text = lock.read().strip()
                    return int(text) if text.isdigit() else 0
        except OSError:
            return None
        return None

    def load_secrets(self) -> Secrets:
        """The secrets of this home, drawn and kept (mode 0600) the first time."""
        known: dict[str, Any] = {}
        if self.secrets_file.exists():
            try:
                known = dict(json.loads(self.secrets_file.read_text(encoding="utf-8")))
            except (OSError, ValueError, TypeError) as error:
                raise StackError(f"{self.secrets_file} cannot be read ({error}): restore it") from error
        names = {field.name for field in fields(Secrets)}
        merged = Secrets(**{**asdict(Secrets.draw()), **{k: str(v) for k, v in known.items() if k in names}})
        if asdict(merged) != known:
            write_private(self.secrets_file, asdict(merged))
        return merged

    def write_stack(self, environment: Mapping[str, str], children: list[dict[str, Any]]) -> None:
        """Writes down (mode 0600) how to reach the stack and which processes it consists of."""
        write_private(self.stack_file, {"pid": os.getpid(), "environment": dict(environment), "children": children})

    def read_stack(self) -> dict[str, Any]:
        """What `write_stack` wrote; empty when there is nothing."""
        try:
            return dict(json.loads(self.stack_file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return {}

    def forget_stack(self) -> None:
        """After an orderly stop nothing of it is left."""
        self.stack_file.unlink(missing_ok=True)


def write_private(path: Path, content: Mapping[str, Any]) -> None:
    """JSON that only the owner reads, replaced in one step so that a crash leaves the old or the new."""
    beside = path.with_name(f"{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
