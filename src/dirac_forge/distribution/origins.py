"""The file that a lock was made from: the lock says it, or is by its place that of a pixi manifest."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from itertools import islice
from pathlib import Path
from tomllib import TOMLDecodeError

import yaml

from dirac_forge.files import read_text
from dirac_forge.untrusted import one_line, parse_toml
from dirac_forge.values import dataclass

LOCKS = ("pixi.lock", "conda-lock.yml")
"""The names of the locks that belong to a file next to them."""
_FILES = ("construct.yaml", "environment.yml", "environment.yaml", "pixi.toml", "pyproject.toml")
_MANIFESTS = ("pixi.toml", "pyproject.toml")
_NOTE = re.compile(r"^# Made from (the spec )?(.+)$", re.MULTILINE)
_HEAD = 2_000
"""Characters of a lock in which the note is looked for."""
_MOST_LINES = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class LockOrigin:
    """The file, or the spec, that a lock was made from."""

    text: str
    """The path of the file, relative to the lock's folder, or the spec."""
    is_file: bool

    @property
    def note(self) -> str:
        """The comment in the lock."""
        return f"# Made from {'' if self.is_file else 'the spec '}{self.text}"

    def beside(self, lock: Path) -> str:
        """Return the path of the file of a lock, or the spec."""
        return os.path.normpath(lock.parent / self.text) if self.is_file else self.text


def origin_of(text: str, lock: Path) -> LockOrigin:
    """Return the origin of the lock that is made from `text`, a path or a spec, and written to `lock`."""
    file = Path(text)
    if not file.is_file():
        return LockOrigin(text=one_line(text, longest=_HEAD // 2), is_file=False)
    # Files on different drives of Windows have no relative path.
    with suppress(ValueError):
        return LockOrigin(text=Path(os.path.relpath(file, lock.parent)).as_posix(), is_file=True)
    return LockOrigin(text=file.absolute().as_posix(), is_file=True)


def noted_origin(lock: Path) -> LockOrigin | None:
    """Return the origin of a lock, None if it does not say."""
    try:
        head = read_text(lock)[:_HEAD] if lock.is_file() else ""
    except (OSError, UnicodeDecodeError):
        return None
    noted = _NOTE.search("\n".join(islice(head.splitlines(), _MOST_LINES)))
    if noted is not None:
        return LockOrigin(text=noted[2].strip(), is_file=noted[1] is None)
    manifest = manifest_of(lock) if lock.name == "pixi.lock" and lock.is_file() else None
    if manifest is not None:
        return LockOrigin(text=manifest.name, is_file=True)
    return _source_of(lock) if lock.name == "conda-lock.yml" else None


def _source_of(path: Path) -> LockOrigin | None:
    """Return the only source that a conda-lock file names: they are relative to it."""
    with suppress(OSError, ValueError, RecursionError, yaml.YAMLError):
        # The metadata are at the top; all of a large file would take seconds.
        head, _, _ = read_text(path).partition("\npackage:")
        document = yaml.safe_load(head)
        metadata = document.get("metadata") if isinstance(document, dict) else None
        sources = metadata.get("sources") if isinstance(metadata, dict) else None
        if isinstance(sources, list) and len(sources) == 1 and isinstance(sources[0], str):
            return LockOrigin(text=sources[0], is_file=True)
    return None


def manifest_of(lock: Path) -> Path | None:
    """Return the manifest of pixi next to a lock, None if there is none."""
    return next((path for path in map(lock.with_name, _MANIFESTS) if _is_distribution(path)), None)


def is_manifest(file: Path) -> bool:
    """Whether a file is by its name a manifest of pixi, which writes locks itself."""
    return file.name in _MANIFESTS


def distributions_in(folder: Path) -> tuple[Path, ...]:
    """Return the files in a folder that describe a distribution by their names."""
    return tuple(path for name in _FILES if _is_distribution(path := folder / name))


def _is_distribution(path: Path) -> bool:
    if path.name != "pyproject.toml" or not path.is_file():
        return path.is_file()
    with suppress(OSError, UnicodeDecodeError, TOMLDecodeError):
        tool = parse_toml(read_text(path)).get("tool")
        return isinstance(tool, dict) and "pixi" in tool
    return False


def is_made_from(lock: Path, text: str) -> bool | None:
    """Return whether a lock was made from a file or a spec; None if it does not say."""
    noted = noted_origin(lock)
    if noted is None:
        return None
    return noted.text == origin_of(text, lock).text or (lock.parent / noted.text).resolve() == Path(text).resolve()


def own_lock(file: Path) -> Path | None:
    """Return the lock next to a file, None if there is none, or if it says that it was made from another file."""
    there = (path for path in map(file.with_name, LOCKS) if path.is_file())
    return next((path for path in there if is_made_from(path, str(file)) is not False), None)
