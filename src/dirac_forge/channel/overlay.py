"""Records of packages that are not built yet, written as repodata for the solver to read beside a channel."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence

import rattler
from rattler import (
    RepoDataRecord,
    SparseRepoData,
)

from dirac_forge.channel.records import OVERLAY_URL, Record
from dirac_forge.errors import InputError
from dirac_forge.scratch import scratch_folder


class Overlay:
    """Records written as repodata, one file for each subdir, kept as long as the value lives."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = tuple(dict.fromkeys(records))
        self.names = frozenset(record.name for record in self.records)
        folder = scratch_folder(self)
        self._channel = rattler.Channel(OVERLAY_URL)
        self._open: dict[str, SparseRepoData] = {}
        self._identities: dict[str, tuple[str, ...]] = {}
        for subdir in sorted({record.subdir for record in self.records}):
            mine = [record for record in self.records if record.subdir == subdir]
            known = {record: identity(record) for record in mine}
            entries = {_own_file(record): record.to_json() | {"sha256": known[record]} for record in mine}
            self._identities[subdir] = tuple(sorted(known.values()))
            path = folder / subdir / "repodata.json"
            path.parent.mkdir()
            data = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": entries, "repodata_version": 1}
            path.write_text(json.dumps(data), encoding="utf-8")
            try:
                self._open[subdir] = SparseRepoData(self._channel, subdir, path)
                self._open[subdir].load_all_records()
            except OSError as exc:
                raise InputError(f"the records of {', '.join(map(str, mine))} are malformed: {exc}") from exc

    def only(self, names: Collection[str]) -> Overlay:
        """Return the records of these names alone."""
        return self if self.names <= set(names) else Overlay([one for one in self.records if one.name in names])

    def sparse(self, platform: str) -> list[SparseRepoData]:
        """Return the records for `platform` and noarch, as the solver reads them."""
        return [self._open[subdir] for subdir in (platform, "noarch") if subdir in self._open]

    def identities(self, platform: str) -> Iterator[str]:
        """Yield what distinguishes each record for `platform` and noarch from any other."""
        for subdir in (platform, "noarch"):
            yield from self._identities.get(subdir, ())

    def load(self, platform: str) -> list[RepoDataRecord]:
        """Return the same as records."""
        return [record for sparse in self.sparse(platform) for record in sparse.load_all_records()]


def identity(record: Record) -> str:
    """Return a hash that distinguishes an overlaid record from a published one with the same version and build."""
    return hashlib.sha256(b"overlay:" + json.dumps(record.to_json(), sort_keys=True).encode()).hexdigest()


def _own_file(record: Record) -> str:
    return f"{record.name}-{record.version}-{record.build}.conda"
