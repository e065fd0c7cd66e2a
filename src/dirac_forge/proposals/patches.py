"""The proof of repodata patches: the targets solved with the channel as it is, and with the patches laid over it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from itertools import chain
from pathlib import Path

from dirac_forge.audit.patches import Patch, applied
from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solver import Channel
from dirac_forge.check.cells import Cell
from dirac_forge.check.matrix import check as check_cells
from dirac_forge.feedstock.change import SkipReason
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class PatchProof:
    """What patches change."""

    changed: tuple[Record, ...]
    """The records that differ afterwards, as they were before."""
    before: tuple[Cell, ...]
    after: tuple[Cell, ...]

    @property
    def worse(self) -> tuple[Cell, ...]:
        """The cells that are installable now and would not be."""
        pairs = zip(self.before, self.after, strict=True)
        return tuple(now for then, now in pairs if then.status == "installable" and now.status != "installable")


@dataclass(frozen=True, kw_only=True, slots=True)
class PatchThere(SkipReason):
    """A file of the repodata patches has the patch already."""

    path: str


def prove(channel: Channel, patches: Sequence[Patch], cells: Sequence[Cell], *, executor: Executor) -> PatchProof:
    """Solve `cells` with the records that they can reach, unpatched and patched, and compare.

    Without cells, as for a lock, only the records that change are found.

    Raises:
        UnknownError: a channel can't be read.
    """
    names = _names(patches, cells)
    platforms = sorted({cell.platform for cell in cells} or set(channel.platforms()) - {"noarch"})
    everything = tuple(dict.fromkeys(chain.from_iterable(closure(channel, names, each) for each in platforms)))
    done = applied(patches, everything)
    changed = tuple(old for old, new in zip(everything, done, strict=True) if old != new)
    if not cells:
        return PatchProof(changed=changed, before=(), after=())
    questions = [replace(cell, status="unknown", packages=()) for cell in cells]
    before, after = (_checked(channel, records, questions, executor) for records in (everything, done))
    return PatchProof(changed=changed, before=before, after=after)


def _names(patches: Sequence[Patch], cells: Sequence[Cell]) -> set[str]:
    """Return the packages that cells ask for, and those that patches are about."""
    wanted = {name_of(spec) for cell in cells for spec in cell.specs}
    return wanted.union(*({patch.name, name_of(patch.new)} for patch in patches))


def closure(channel: Channel, names: Iterable[str], platform: str) -> Iterator[Record]:
    """Yield every record for `platform` that a solve for `names` may take into account."""
    index = channel.index(platform)
    seen: set[str] = set()
    waiting = {name for name in names if name}
    while waiting:
        index.prefetch(waiting)
        records = [record for name in sorted(waiting) for record in index.group(name).records]
        yield from (record for record in records if not record.name.startswith("__"))
        seen |= waiting
        waiting = {name_of(spec) for record in records for spec in record.depends} - seen - {""}


def _checked(
    channel: Channel, records: Iterable[Record], cells: Sequence[Cell], executor: Executor
) -> tuple[Cell, ...]:
    with tempfile.TemporaryDirectory(prefix="dirac-forge-") as folder:
        for subdir, entries in _by_subdir(records).items():
            path = Path(folder, subdir, "repodata.json")
            path.parent.mkdir()
            document = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": entries, "repodata_version": 1}
            path.write_text(json.dumps(document), encoding="utf-8")
        machines = {
            cell.platform: {p.name: f"{p.version} {p.build}" for p in channel.machine(cell.platform)} for cell in cells
        }
        with_patches = Channel.open([folder], machines=machines)
        return check_cells(with_patches, cells, executor=executor, remedies=False)


def _by_subdir(records: Iterable[Record]) -> Mapping[str, Mapping[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for record in records:
        found.setdefault(record.subdir, {})[f"{record.name}-{record.version}-{record.build}.conda"] = record.to_json()
    return found
