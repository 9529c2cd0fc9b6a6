"""Checks of a set-up that need no server: Python, programs, settings, the home, ports."""

import difflib
import os
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping

from adapters.policy_files.folder import load_folder
from domain.policy.findings import Severity
from settings import SETTINGS, Settings, SettingsError
from stack.errors import StackError
from stack.finding import Finding, note, ok, problem
from stack.home import Home, Secrets
from stack.plan import make_plan
from stack.ports import is_free
from stack.postgres import installation
from stack.servers import check_servers
from stack.temporal import program

NEEDED_PYTHON = (3, 11)
MIN_FREE_BYTES = 1 << 30  # the Northwind demo takes about 150 MB; PostgreSQL stops hard on a full disk
TEST_PREFIX = "ORDITO_TEST_"


async def examine(environ: Mapping[str, str] | None = None) -> list[Finding]:
    """Every finding about the set-up of this environment; starts nothing and changes nothing."""
    environ = os.environ if environ is None else environ
    findings = [_python(), *_unknown_variables(environ)]
    try:
        settings = Settings.from_env(environ)
    except SettingsError as error:
        return [*findings, problem("settings", str(error), "set the variable right, or unset it")]
    findings.append(ok("settings", f"{len(settings.given)} of {len(SETTINGS)} variables set, all usable"))
    home = Home(settings.home)
    holder = home.holder()
    findings += [*_programs(settings), *_home(home)]
    findings.append(note("stack", "not running here") if holder is None else ok("stack", f"runs, process {holder}"))
    if holder is None:
        findings += _ports(settings, home)
    else:
        settings = Settings.of_running_stack(environ)
    findings += _policies(settings)
    return [*findings, *await check_servers(settings)]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] == NEEDED_PYTHON:
        return ok("Python", version)
    return problem(
        "Python", f"{version}, but 3.11 is needed", "make the environment anew: make install PYTHON=python3.11"
    )


def _unknown_variables(environ: Mapping[str, str]) -> Iterator[Finding]:
    known = [setting.name for setting in SETTINGS]
    for name in sorted(environ):
        if name.startswith("ORDITO_") and not name.startswith(TEST_PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            guess = f"did you mean {near[0]}?" if near else "unset it"
            yield problem("settings", f"the variable {name} is set, and nothing reads it", guess)


def _programs(settings: Settings) -> Iterator[Finding]:
    if "DATABASE_URL" not in settings.given:
        try:
            found = installation() / "bin" / "postgres"
            yield _executable("PostgreSQL program", str(found))
        except StackError as error:
            yield problem("PostgreSQL program", str(error), "make install")
    if "TEMPORAL_ADDRESS" not in settings.given:
        try:
            yield _executable("Temporal program", program())
        except StackError as error:
            yield problem("Temporal program", str(error), "make install")


def _executable(subject: str, path: str) -> Finding:
    if os.access(path, os.X_OK):
        return ok(subject, path)
    return problem(subject, f"{path} cannot be run", "install again: rm -rf .venv && make install")


def _home(home: Home) -> Iterator[Finding]:
    nearest = next(folder for folder in (home.root, *home.root.parents) if folder.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        yield problem("data folder", f"{nearest} cannot be written to", "change its owner, or set ORDITO_HOME")
    else:
        yield ok("data folder", f"{home.root}{'' if home.root.exists() else ' (made at the first start)'}")
    free = shutil.disk_usage(nearest).free
    words = f"{free / (1 << 30):.1f} GiB free"
    yield ok("disk", words) if free >= MIN_FREE_BYTES else problem("disk", words, "make room, or set ORDITO_HOME")
    if home.secrets_file.exists():
        mode = stat.S_IMODE(home.secrets_file.stat().st_mode)
        if mode & 0o077:
            yield problem("secrets", f"{home.secrets_file} can be read by others", f"chmod 600 {home.secrets_file}")
        else:
            yield ok("secrets", f"{home.secrets_file} is for its owner alone")


def _ports(settings: Settings, home: Home) -> Iterator[Finding]:
    """Only when no stack runs: its own ports are taken then, and rightly."""
    needs = make_plan(settings, home, Secrets.draw(), frozenset()).ports
    taken = [need for need in needs if not is_free(need.port, need.host)]
    for need in taken:
        yield problem(
            "ports", f"port {need.port} is taken, and {need.part} needs it", f"stop it, or set {need.variable}=<port>"
        )
    if not taken:
        yield ok("ports", f"{', '.join(str(need.port) for need in needs)} are free")


def _policies(settings: Settings) -> Iterator[Finding]:
    """Whether the policy files could be published as they are."""
    folder = settings.policies
    if not folder.is_dir():
        yield problem("policies", f"there is no folder {folder}", "set ORDITO_POLICIES")
        return
    loaded = load_folder(folder)
    for found in loaded.problems:
        if found.severity is Severity.WARNING:
            yield note("policies", str(found))
        else:
            yield problem("policies", str(found), "mend the file; `ordito policy check` looks again")
    if loaded.bundle is not None:
        yield ok("policies", f"{folder} can be published")
