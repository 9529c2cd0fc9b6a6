"""The policy folder beside the live release: which files differ in meaning."""

import hashlib
import json
from pathlib import Path

import yaml

from adapters.policy_files.folder import Loaded, load_folder


def meanings(folder: Path) -> dict[str, str]:
    """Each policy file with the SHA-256 of what it says. Comments, quotes, layout and order of names do not count.

    A file that cannot be read as YAML counts by its bytes.
    """
    return {path.name: _meaning(path.read_bytes()) for path in sorted(folder.glob("*.yaml")) if path.is_file()}


def differing(folder: Path, live: str, released: dict[str, str]) -> list[str]:
    """Names of files that were added, changed or removed since the release.

    None where all of them together make the bundle whose hash is `live`: a table may be laid out in another way, or
    spell out what is built in, and say the same.
    """
    here = meanings(folder)
    found = sorted(name for name in here.keys() | released.keys() if here.get(name) != released.get(name))
    if found:
        bundle = load_folder(folder).bundle
        if bundle is not None and bundle.hash == live:
            return []
    return found


def load(folder: Path) -> tuple[Loaded, dict[str, str]]:
    """The folder, checked, with the meaning of each file."""
    return load_folder(folder), meanings(folder)


def _meaning(content: bytes) -> str:
    try:
        value = yaml.load(content, Loader=yaml.CBaseLoader)  # noqa: S506 - the base loader makes only text, lists, dicts
        content = json.dumps(value, sort_keys=True, ensure_ascii=False).encode()
    except (yaml.YAMLError, ValueError, TypeError):
        pass
    return hashlib.sha256(content).hexdigest()
