"""Values: one package record of a channel, and what a build of it exports to those that link to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from rattler import MatchSpec, RepoDataRecord

from dirac_forge.channel.pythons import missing_limit
from dirac_forge.errors import redact
from dirac_forge.values import dataclass

OVERLAY_URL = "https://overlay.invalid/"
"""Stands for the channel of records that no channel has."""

_NO_PART = re.compile(r"[/\\]|^\.+$")
_without_credentials = lru_cache(maxsize=256)(redact)


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """A package as repodata lists it, or as the repodata would list it after a build."""

    name: str
    version: str
    build: str
    build_number: int = 0
    subdir: str
    depends: tuple[str, ...] = ()
    constrains: tuple[str, ...] = ()
    noarch: str | None = None
    """`python`, `generic`, or None for a package of one platform."""
    timestamp: int | None = None
    """Milliseconds since 1970."""
    file_name: str = ""
    """Empty for the usual `NAME-VERSION-BUILD.conda`."""
    channel: str = ""
    """URL, without credentials; empty for a record that no channel has."""

    @property
    def file(self) -> str:
        """The name of the package's file."""
        return self.file_name or f"{self.name}-{self.version}-{self.build}.conda"

    def __str__(self) -> str:
        return f"{self.name} {self.version} {self.build}"

    def to_json(self) -> dict[str, Any]:
        """Return the record as repodata.json has it."""
        entry: dict[str, Any] = {
            "name": self.name,
            "version": self.version,
            "build": self.build,
            "build_number": self.build_number,
            "subdir": self.subdir,
            "depends": list(self.depends),
            "constrains": list(self.constrains),
        }
        if self.noarch is not None:
            entry["noarch"] = self.noarch
        if self.timestamp is not None:
            entry["timestamp"] = self.timestamp
        return entry


@dataclass(frozen=True, kw_only=True, slots=True)
class RunExports:
    """What CEP 12 keeps of a package: the requirements that it adds to packages built with it."""

    weak: tuple[str, ...] = ()
    strong: tuple[str, ...] = ()
    noarch: tuple[str, ...] = ()
    weak_constrains: tuple[str, ...] = ()
    strong_constrains: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> RunExports:
        """Return run_exports from their value in run_exports.json. Raises TypeError for what is no list of specs."""
        listed = {key: entry.get(key) or [] for key in cls.__dataclass_fields__}
        for key, specs in listed.items():
            if not isinstance(specs, (list, tuple)) or not all(isinstance(spec, str) for spec in specs):
                raise TypeError(f"{key}: expected a list of specs, not {specs!r}")
        return cls(**{key: tuple(specs) for key, specs in listed.items()})


def to_record(found: RepoDataRecord) -> Record:
    """Return the solver's record as our value; one that was laid over a channel comes back as it was given.

    Python and python_abi of a channel get the constraints on each other that the copies of some records lack.
    """
    overlaid = found.channel == OVERLAY_URL
    name, version, build = found.name.normalized, str(found.version), str(found.build)
    depends, constrains = tuple(found.depends), tuple(found.constrains)
    kind = found.noarch if found.subdir == "noarch" else None
    stamp = found.timestamp
    return Record(
        name=name,
        version=version,
        build=build,
        build_number=found.build_number,
        subdir=_path_part(found.subdir),
        depends=depends,
        constrains=constrains
        if overlaid
        else (*constrains, *missing_limit(name, version, build, depends + constrains)),
        noarch=None if kind is None else "python" if kind.python else "generic" if kind.generic else None,
        timestamp=None if stamp is None else int(stamp.timestamp() * 1000),
        file_name="" if overlaid else _path_part(found.file_name),
        channel="" if overlaid else _without_credentials(found.channel),
    )


def _path_part(text: str) -> str:
    """Return a name of a channel's as one part of a path: files are named after it, none outside of their folder."""
    if "/" not in text and "\\" not in text and text not in ("", ".", ".."):
        return text
    return _NO_PART.sub("_", text) or "_"


def shared_record(found: RepoDataRecord, known: dict[str, Record]) -> Record:
    """Return our value of the solver's record, made once for each URL (in `known`) unless it is overlaid."""
    url = found.url
    if url.startswith(OVERLAY_URL):
        return to_record(found)
    if url not in known:
        known[url] = to_record(found)
    return known[url]


@cache
def name_of(spec: str) -> str:
    """Return the package that a spec asks for, in lower case, or "" if the spec can't be parsed."""
    try:
        return MatchSpec(spec).name.normalized
    except Exception:  # noqa: BLE001 - the exceptions of the parsers share no base
        return ""
