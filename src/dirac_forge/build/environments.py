"""Environments that builds and tests need: solved in this process, handed to children as small channels of files."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from dirac_forge.build.failures import Phase, Unsolvable
from dirac_forge.build.local_channel import LocalChannel
from dirac_forge.build.mirror import Packages, write_mirror
from dirac_forge.build.model import Unit
from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solver import Channel, NoSolution
from dirac_forge.errors import UnknownError
from dirac_forge.values import dataclass

Explain = Callable[[Channel, tuple[str, ...], str], tuple[object, bool]]
"""Returns why specs can't be installed together on a platform, as a value that `report` has words for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Staged:
    """A package that was built and is not in the channel yet."""

    unit: Unit
    archive: Path
    entry: Mapping[str, Any]
    tests: tuple[Mapping[str, Any], ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    key: str = ""

    @property
    def record(self) -> Record:
        """As a channel would list it."""
        return _record(self.entry)


def _record(entry: Mapping[str, Any]) -> Record:
    return Record(
        name=entry["name"],
        version=entry["version"],
        build=entry["build"],
        build_number=int(entry["build_number"]),
        subdir=entry["subdir"],
        depends=tuple(entry["depends"]),
        constrains=tuple(entry["constrains"]),
        noarch=entry.get("noarch"),
        timestamp=entry.get("timestamp"),
    )


class Environments:
    """Solves against the local channel and those below it; safe to use from many threads."""

    def __init__(
        self, base: Channel, local: LocalChannel, packages: Packages, *, platform: str, explain: Explain
    ) -> None:
        """Ask `explain` why there is no solution."""
        self._base = base
        self._explain = explain
        self._local = local
        self._packages = packages
        self.platform = platform
        self._lock = threading.Lock()
        self._views: tuple[str, Channel] | None = None

    def view(self, staged: Sequence[Staged] = ()) -> Channel:
        """Return the channels as they are now, with staged packages as if they were uploaded."""
        with self._lock:
            state = json.dumps(self._local.hashes(), sort_keys=True)
            if self._views is None or self._views[0] != state:
                self._views = (state, self._base.below(self._local.folder))
            view = self._views[1]
        return view.overlaid([one.record for one in staged]) if staged else view

    def _uploaded(self, staged: Sequence[Staged]) -> Channel:
        """Return the channels as if what was built here were uploaded to them; it hides no other version."""
        ours = [_record(entry) for _, entry in self._local.packages().values()]
        return self._base.overlaid([*(one.record for one in staged), *ours])

    def depends(self, name: str) -> tuple[str, ...]:
        """Return what the newest build of a package in the channels depends on, by name; none if unknown."""
        try:
            records = self._base.index(self.platform).group(name).records
        except UnknownError:
            return ()
        return tuple(filter(None, map(name_of, records[0].depends))) if records else ()

    def solve(
        self,
        specs: Sequence[str],
        *,
        phase: Phase,
        environment: str,
        staged: Sequence[Staged] = (),
        required: Sequence[Record] = (),
    ) -> tuple[Record, ...] | Unsolvable:
        """Return the packages of an environment, or why there is none."""
        if not specs and not required:
            return ()
        view = self.view(staged)
        try:
            found = view.solve(list(specs), platform=self.platform, required=required)
            if isinstance(found, NoSolution) and self._local.packages():
                # What was built here goes first; where nothing can be installed with it, an older build may do.
                found = self._uploaded(staged).solve(list(specs), platform=self.platform, required=required)
            if isinstance(found, NoSolution):
                asked = (*specs, *(f"{one.name} =={one.version}" for one in required))
                reason, unknown = self._explain(view, asked, self.platform)
                return Unsolvable(phase=phase, environment=environment, specs=asked, reason=reason, unknown=unknown)
        except UnknownError as error:
            return Unsolvable(
                phase=phase, environment=environment, specs=tuple(specs), reason=error.message, unknown=True
            )
        return found.packages

    def inputs(self, records: Iterable[Record], staged: Sequence[Staged] = ()) -> dict[str, str]:
        """Return the SHA-256 of every package of an environment, by `subdir/file`."""
        own, rest = self._parted(records, staged)
        found = {f"{entry['subdir']}/{path.name}": str(entry["sha256"]) for path, entry in own}
        for raw in self._base.raw(self.platform, rest):
            found[f"{raw.subdir}/{raw.file_name}"] = raw.sha256.hex() if raw.sha256 else ""
        return found

    def _parted(
        self, records: Iterable[Record], staged: Sequence[Staged]
    ) -> tuple[list[tuple[Path, Mapping[str, Any]]], list[Record]]:
        """Return the packages that were built here, each with its file and entry, and the others."""
        mine = dict(self._local.packages())
        mine |= {(str(one.entry["subdir"]), one.archive.name): (one.archive, one.entry) for one in staged}
        wanted = list(records)
        own = [mine[key] for record in wanted if (key := (record.subdir, record.file)) in mine]
        return own, [record for record in wanted if (record.subdir, record.file) not in mine]

    def mirror(self, records: Iterable[Record], folder: Path, staged: Sequence[Staged] = ()) -> str:
        """Write the packages of environments as a channel into `folder`; its URL. Raises UnknownError.

        What was built here comes from its files.
        """
        own, rest = self._parted(records, staged)
        return write_mirror(self._base, rest, folder, platform=self.platform, packages=self._packages, extra=own)


def pinned(specs: Iterable[str], variant: Mapping[str, str]) -> tuple[str, ...]:
    """Return the specs of build and host as the engine solves them: a bare name takes the variant's pin."""
    found = []
    for spec in specs:
        value = variant.get(spec.replace("-", "_"), "") if spec.replace("-", "").replace("_", "").isalnum() else ""
        if value and value[0].isdigit() and not any(mark in value for mark in "*<>=! ,"):
            value = f"{value}.*"
        found.append(f"{spec} {value}".strip())
    return tuple(found)
