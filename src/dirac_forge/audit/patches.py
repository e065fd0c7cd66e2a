"""Repodata patches in the schema of conda-forge-repodata-patches, and the records as they are after them.

The schema: https://github.com/conda-forge/conda-forge-repodata-patches-feedstock/tree/main/recipe/patch_yaml. Only the
few keys that these patches need are written, and only these are applied here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from packaging.version import Version
from rattler import Version as CondaVersion

from dirac_forge.audit.findings import Finding
from dirac_forge.channel.records import Record
from dirac_forge.recipe.making.specs import conda_spec
from dirac_forge.values import dataclass
from dirac_forge.yaml_text import yaml_text


@dataclass(frozen=True, kw_only=True, slots=True)
class Patch:
    """A condition on records of one package, and the dependency that those which meet it get."""

    name: str
    version: str
    before: int
    """Only records with a timestamp below this one, in milliseconds since 1970: later builds are not touched."""
    old: str | None
    """The spec that is replaced; None if one is added."""
    new: str
    subdir: str = ""
    """Only this subdir: files of different subdirs may share a name. "" for all."""
    files: tuple[str, ...] = ()
    """Exactly these files, where name, version and the old spec would hit others too."""
    lacks: str = ""
    """A package that a record must not depend on yet, for an added dependency."""

    def hits(self, record: Record) -> bool:
        """Whether the record is one that the patch changes."""
        if not self._is_meant(record):
            return False
        if self.old is not None:
            return self.old in record.depends
        return not any(spec.split(" ")[0] == self.lacks for spec in record.depends)

    def _is_meant(self, record: Record) -> bool:
        """Whether name, version, age and place are those of the condition."""
        same = record.name == self.name and _as_version(record.version) == _as_version(self.version)
        here = self.subdir in ("", record.subdir) and (not self.files or record.file in self.files)
        return same and here and (record.timestamp or 0) < self.before

    def changed(self, record: Record) -> Record:
        """Return the record with the dependency that it should have had."""
        if self.old is None:
            return replace(record, depends=(*record.depends, self.new))
        return replace(record, depends=tuple(self.new if spec == self.old else spec for spec in record.depends))


def patches_for(finding: Finding, faulty: Sequence[Record], records: Iterable[Record]) -> tuple[Patch, ...]:
    """Return the patches that mend exactly the `faulty` builds: one, unless its condition would hit others too.

    Args:
        finding: what is missing or admits too much; other kinds, which a patch can't mend, have none.
        faulty: all builds that have it, of one package and version.
        records: every record of that package, on all platforms.
    """
    spec = _tightened(finding)
    if not spec:
        return ()
    patch = Patch(
        name=finding.record.name,
        version=finding.record.version,
        before=max(record.timestamp or 0 for record in faulty) + 1,
        old=finding.declared or None,
        new=spec,
        lacks=finding.dependency,
    )
    mine = _files(faulty)
    if _files(record for record in records if patch.hits(record)) == mine:
        return (patch,)
    return tuple(replace(patch, subdir=subdir, files=tuple(sorted(files))) for subdir, files in sorted(mine.items()))


def _files(records: Iterable[Record]) -> dict[str, set[str]]:
    """Return the names of the files, by subdir."""
    found: dict[str, set[str]] = {}
    for record in records:
        found.setdefault(record.subdir, set()).add(record.file)
    return found


def _tightened(finding: Finding) -> str:
    """Return the spec that a build should have: its own and upstream's together; "" if no patch can mend it.

    The channel may have its own reason for a bound that upstream does not have: a patch never loosens one.
    """
    upstream = finding.requirement.specifier if finding.requirement is not None else finding.specifier
    if finding.kind not in {"missing", "looser", "python-looser"} or upstream is None:
        return ""
    _, _, declared = finding.declared.partition(" ")
    if re.search(r"[ |]", declared) or "[" in finding.declared:
        return ""  # a build string, alternatives, or keys: both together can't be written as one list of bounds
    clauses = f"{declared},{conda_spec(upstream)}".split(",")
    return f"{finding.dependency} {','.join(_strictest(filter(None, clauses)))}".rstrip()


def _strictest(clauses: Iterable[str]) -> list[str]:
    """Return the clauses without those that another one implies."""
    once = list(dict.fromkeys(clauses))
    return [each for each in once if not any(_implies(other, each) for other in once)]


_BOUND = re.compile(r"(>=|<=|>|<)([0-9][0-9A-Za-z.]*)")


def _implies(one: str, other: str) -> bool:
    """Whether a bound is stricter than another in the same direction, so that the other says nothing more."""
    mine, its = _BOUND.fullmatch(one), _BOUND.fullmatch(other)
    if one == other or mine is None or its is None or mine[1][0] != its[1][0]:
        return False
    here, there = CondaVersion(mine[2]), CondaVersion(its[2])
    if here == there:
        return len(mine[1]) < len(its[1])
    return here > there if mine[1][0] == ">" else here < there


def applied(patches: Iterable[Patch], records: Iterable[Record]) -> tuple[Record, ...]:
    """Return the records as they are after the patches."""
    done = []
    listed = tuple(patches)
    for record in records:
        for patch in listed:
            if patch.hits(record):
                record = patch.changed(record)
        done.append(record)
    return tuple(done)


def patch_yaml(patches: Iterable[Patch]) -> str:
    """Return the patches as a file for `recipe/patch_yaml/`: one document each."""
    return yaml_text(*map(_document, patches), width=120, indented_lists=True)


def _document(patch: Patch) -> Mapping[str, object]:
    condition: dict[str, object] = {"name": patch.name, "version": patch.version, "timestamp_lt": patch.before}
    if patch.subdir:
        condition["subdir_in"] = patch.subdir
    if patch.files:
        condition["artifact_in"] = list(patch.files)
    if patch.old is None:
        condition["not_has_depends"] = f"{patch.lacks}?( *)"
        return {"if": condition, "then": [{"add_depends": patch.new}]}
    old = _literal(patch.old)
    condition["has_depends"] = old
    return {"if": condition, "then": [{"replace_depends": {"old": old, "new": patch.new}}]}


def _literal(spec: str) -> str:
    """Return the spec where a glob is expected."""
    return re.sub(r"([*?[])", r"[\1]", spec)


def _as_version(text: str) -> Version | str:
    try:
        return Version(text)
    except ValueError:
        return text
