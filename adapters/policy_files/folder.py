"""A policy folder read as a whole: every file, every mistake, and the bundle when there is none."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ValidationError

from adapters.policy_files.tree import Mistake, Tree, read_tree
from adapters.policy_files.wording import mistakes_of
from domain.conditions.types import suggest
from domain.policy.change_grids import FROM_A_FILE
from domain.policy.check import check
from domain.policy.findings import Path, Problem, Severity
from domain.policy.grid import cell_places
from domain.policy.model import Assignment, Bundle, ChangePolicy, Glossary, Pricing, Process, Workspace

KINDS: dict[str, type[BaseModel]] = {
    "workspace": Workspace,
    "glossary": Glossary,
    "process": Process,
    "assignment": Assignment,
    "pricing": Pricing,
    "change_rules": ChangePolicy,
}
NEEDED = ("workspace", "process", "assignment", "pricing")
MAX_FILES = 200
MAX_FILE_BYTES = 400_000


@dataclass(frozen=True, slots=True, order=True)
class FileProblem:
    """One mistake with its place; `str()` is the line that a person reads."""

    file: str
    line: int
    column: int
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        warning = "warning: " if self.severity is Severity.WARNING else ""
        return f"{self.file}:{self.line}:{self.column}: {warning}{self.message}"


@dataclass(frozen=True)
class Loaded:
    """The bundle of a folder, or None when there are errors, and everything found, by file and place."""

    bundle: Bundle | None
    problems: list[FileProblem]


@dataclass
class _File:
    """A file on its way into the bundle."""

    name: str
    tree: Tree
    kind: str = ""
    value: BaseModel | None = None


@dataclass
class _Folder:
    """What is known of the folder while it is read."""

    path: FilePath
    files: list[_File] = field(default_factory=list)
    problems: list[FileProblem] = field(default_factory=list)

    def add(self, file: str, mistake: Mistake, severity: Severity = Severity.ERROR) -> None:
        """Note a mistake."""
        self.problems.append(FileProblem(file, mistake.line, mistake.column, mistake.message, severity))

    def of_kind(self, kind: str) -> list[_File]:
        """The files of a kind."""
        return [file for file in self.files if file.kind == kind]


def load_folder(path: FilePath | str) -> Loaded:
    """Read and check every `*.yaml` of a folder (not those of its subfolders)."""
    folder = _Folder(FilePath(path))
    for file in _policy_files(folder):
        _read(folder, file)
    _one_of_each(folder)
    bundle = None if folder.problems else _bundle(folder)
    if bundle is not None:
        _time_zone(folder, bundle)
        for problem in check(bundle):
            _locate(folder, bundle, problem)
    problems = sorted(set(folder.problems))
    failed = any(problem.severity is Severity.ERROR for problem in problems)
    return Loaded(None if failed else bundle, problems)


def _policy_files(folder: _Folder) -> Iterator[FilePath]:
    if not folder.path.is_dir():
        folder.add(str(folder.path), Mistake(1, 1, "there is no such folder"))
        return
    entries = sorted(entry for entry in folder.path.iterdir() if not entry.name.startswith("."))
    for stray in entries:
        if stray.suffix == ".yml":
            folder.add(str(stray), Mistake(1, 1, f"policy files end in .yaml; rename it to {stray.stem}.yaml"))
        elif stray.is_dir() and any(stray.rglob("*.yaml")):
            folder.add(str(stray), Mistake(1, 1, "policies lie side by side; move the files of this folder up"))
    files = [entry for entry in entries if entry.suffix == ".yaml"]
    if len(files) > MAX_FILES:
        folder.add(str(folder.path), Mistake(1, 1, f"a policy folder has at most {MAX_FILES} files"))
        return
    yield from files


def _read(folder: _Folder, path: FilePath) -> None:
    name = str(path)
    if path.stat().st_size > MAX_FILE_BYTES:
        folder.add(name, Mistake(1, 1, f"a policy file has at most {MAX_FILE_BYTES:,} bytes"))
        return
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        folder.add(name, Mistake(1, 1, f"the file is not UTF-8 text (byte {error.start}); save it as UTF-8"))
        return
    file = _File(name, read_tree(text))
    folder.files.append(file)
    for mistake in file.tree.mistakes:
        folder.add(name, mistake)
    if file.tree.data:
        _validate(folder, file)


def _validate(folder: _Folder, file: _File) -> None:
    data, tree = file.tree.data, file.tree
    known = f"known now: {', '.join(KINDS)}"
    if not isinstance(data, dict):
        folder.add(file.name, Mistake(1, 1, f"a policy file starts with its `kind:`; {known}"))
        return
    kind = data.get("kind")
    if kind is None:
        place = tree.at(())
        folder.add(file.name, Mistake(place.line, place.column, f"`kind:` is missing here; {known}"))
        return
    place = tree.at(("kind",))
    if not isinstance(kind, str) or kind not in KINDS:
        what = (
            f"unknown kind `{kind}`; {suggest(kind, KINDS, known)}" if isinstance(kind, str) else "`kind` is one word"
        )
        folder.add(file.name, Mistake(place.line, place.column, what))
        return
    file.kind = kind
    try:
        file.value = KINDS[kind].model_validate(data, context=FROM_A_FILE)
    except ValidationError as error:
        for mistake in mistakes_of(error, KINDS[kind], tree):
            folder.add(file.name, mistake)


def _one_of_each(folder: _Folder) -> None:
    for kind in KINDS:
        files = folder.of_kind(kind)
        if not files and kind in NEEDED and folder.path.is_dir() and not _may_be_hidden(folder):
            folder.add(
                str(folder.path), Mistake(1, 1, f"no file here has `kind: {kind}`; every policy folder needs one")
            )
        first: dict[str, _File] = {}
        for file in files:
            name = file.value.name if isinstance(file.value, Process) else kind
            if name in first:
                what = f"process `{name}` is" if kind == "process" else f"`kind: {kind}` is"
                place = file.tree.at(("name",) if kind == "process" else ("kind",))
                other = FilePath(first[name].name).name
                folder.add(file.name, Mistake(place.line, place.column, f"{what} already in {other}; keep one of them"))
            first.setdefault(name, file)


def _may_be_hidden(folder: _Folder) -> bool:
    """Whether a file could not be read as far as its kind; what it was meant to be is not told as missing."""
    return any(not file.kind for file in folder.files)


def _bundle(folder: _Folder) -> Bundle:
    values = {file.kind: file.value for file in folder.files if file.kind != "process"}
    processes = [file.value for file in folder.of_kind("process") if isinstance(file.value, Process)]
    return Bundle.model_validate({**values, "processes": {process.name: process for process in processes}})


def _time_zone(folder: _Folder, bundle: Bundle) -> None:
    try:
        ZoneInfo(bundle.workspace.timezone)
    except (KeyError, ValueError, OSError):
        hint = suggest(bundle.workspace.timezone, available_timezones(), "write one such as America/Chicago")
        message = f"`{bundle.workspace.timezone}` is not a time zone; {hint}"
        _locate(folder, bundle, Problem(("workspace", "timezone"), message))


def _locate(folder: _Folder, bundle: Bundle, problem: Problem) -> None:
    kind, path = str(problem.path[0]), problem.path[1:]
    if kind == "processes":
        wanted, path = bundle.processes[str(path[0])], path[1:]
        file = next(file for file in folder.of_kind("process") if file.value is wanted)
    else:
        file = folder.of_kind(kind)[0]
    line, column = _place(file.tree, path, problem.offset)
    folder.add(file.name, Mistake(line, column, problem.message), problem.severity)


def _place(tree: Tree, path: Path, offset: int | None) -> tuple[int, int]:
    match path:
        case (*start, "table" | "cost_of_change" as name, int(row), int(column)):
            at = (*start, name)
            return tree.inside(at, *cell_places(tree.text_at(at))[row + 1][column])
    if offset is None or path not in tree.values:
        place = tree.at(path)
        return place.line, place.column
    text = tree.text_at(path)
    # The models trim conditions, so the offset counts from the first word.
    before = text[: offset + len(text) - len(text.lstrip())]
    return tree.inside(path, before.count("\n"), len(before) - before.rfind("\n") - 1)
