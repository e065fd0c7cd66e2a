"""Answers of the solver, kept by all that decides them: the folders' repodata, what lies over it, the question."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import version

from dirac_forge.channel.folder import Folder
from dirac_forge.channel.records import Record
from dirac_forge.files import read_bytes
from dirac_forge.store import Store
from dirac_forge.untrusted import parse_json

_MOST_REPODATA = 2 * 1024**3
_KIND = "solved"
_FORM = "3"
"""Raised whenever what is kept has another form."""


class Answers:
    """What was solved for channels in folders; a question that was asked before costs no solve."""

    def __init__(self, store: Store, folders: Sequence[Folder]) -> None:
        self._store = store
        self._folders = tuple(folders)
        self._state = cache(self._read_state)

    def are_kept(self, platform: str) -> bool:
        """Whether answers are those of the files: these did not change meanwhile, and no record is left out.

        A record that is left out is told in each run, while it is read.
        """
        self._state(platform)
        return all(folder.is_settled(platform) for folder in self._folders)

    def key(self, platform: str, question: Iterable[str]) -> str:
        """Return the key of a question: its specs, virtual packages and records laid over, as text in a fixed order."""
        digest = hashlib.sha256(self._state(platform).encode())
        for text in question:
            digest.update(text.encode() + b"\0")
        return digest.hexdigest()

    def get(self, key: str) -> tuple[Record, ...] | str | None:
        """Return packages, or what the solver says if there is no solution, or None if this was not solved yet."""
        blob = self._store.get(_KIND, key)
        try:
            return None if blob is None else _thawed(parse_json(zlib.decompress(blob)))
        except (ValueError, TypeError, KeyError, zlib.error):
            return None

    def put(self, key: str, answer: tuple[Record, ...] | str) -> None:
        """Keep an answer."""
        text = json.dumps(_frozen(answer), separators=(",", ":"))
        self._store.put(_KIND, key, zlib.compress(text.encode(), 1))

    def _read_state(self, platform: str) -> str:
        digest = hashlib.sha256(f"{_FORM}\0{version('py-rattler')}\0{platform}\0".encode())
        for folder in self._folders:
            folder.is_settled(platform)  # notes the files that are read here
            for subdir in (platform, "noarch"):
                path = folder.folder / subdir / "repodata.json"
                digest.update(f"{folder.folder}\0{subdir}\0".encode())
                try:
                    digest.update(hashlib.sha256(read_bytes(path, most=_MOST_REPODATA)).digest())
                except OSError as exc:  # the solver will say so too, and then nothing is kept
                    digest.update(str(exc).encode())
        return digest.hexdigest()


_FIELDS = tuple(Record.__dataclass_fields__)


def _frozen(answer: tuple[Record, ...] | str) -> object:
    return answer if isinstance(answer, str) else [[getattr(one, name) for name in _FIELDS] for one in answer]


def _thawed(values: object) -> tuple[Record, ...] | str | None:
    if isinstance(values, str):
        return values
    return tuple(_record(row) for row in values) if isinstance(values, list) else None


def _record(row: Sequence[object]) -> Record:
    fields = dict(zip(_FIELDS, row, strict=True))
    for name in ("depends", "constrains"):
        fields[name] = tuple(fields[name])  # type: ignore[arg-type]
    return Record(**fields)  # type: ignore[arg-type]
