"""How a project is called in the channel, with where that is known from.

What counts, strongest first (tables age and names collide, so none is followed blindly):

1. The workspace's own setting.
2. A table: choices by hand, then grayskull's table. The first of its names that the channel has; where the channel has
   none of them but a Python package under a spelling of the project's name, that one, as a guess unless the two differ
   in spelling only.
3. Evidence in the channel: a *Python* package under a spelling of the project's name (`-`, `_`, `.`), unless that is
   known to be a namesake. A bare name match is none: the package pandoc is a program, the project a Python library.
4. The normalised name, if the channel could be read and does not have it, and it is one word: a package that does not
   exist yet would be called so. Of several words it is a guess: conda-forge may write `-`, `_` or `.` between them.
5. Else a guess, with a warning: the normalised name, or one with `python-` where a namesake has it.

Of several spellings in the channel the one with the newest version wins: the others are aliases that were given up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Literal

from packaging.utils import canonicalize_name

from dirac_forge.channel import grayskull, tables
from dirac_forge.channel.listing import Listing, PackageInfo, newer
from dirac_forge.channel.name_reasons import NameKind, NameReason
from dirac_forge.values import dataclass

MappedBy = Literal["workspace", "channel", "curated", "grayskull", "normalised", "guess"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapped:
    """A project's package, and why."""

    project: str
    """Normalised (PEP 503)."""
    package: str
    mapped_by: MappedBy
    reasons: tuple[NameReason, ...]
    """Why."""
    alternatives: tuple[str, ...] = ()
    """Further names that the channel or the tables have for the project, sorted."""

    @property
    def evidence(self) -> str:
        """Why, in words, without a full stop."""
        return "; ".join(reason.text for reason in self.reasons)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """What the tables say of a project."""

    entry: tables.NameEntry
    by: Literal["curated", "grayskull"]
    reason: NameReason


def package_for(
    project: str, *, overrides: Mapping[str, str] | None = None, catalogue: Listing | None = None
) -> Mapped:
    """Return the package of `project` (any spelling); a function of its arguments and the tables alone.

    `overrides` is project to package, the workspace's; `catalogue` is what the channels have under
    `candidates(project)` (None: they were not asked).
    """
    name = canonicalize_name(project)
    for key, package in (overrides or {}).items():
        if canonicalize_name(key) == name:
            said = (NameReason(kind=NameKind.SETTING),)
            return Mapped(project=name, package=package, mapped_by="workspace", reasons=said)
    known = _known(name)
    if known is not None:
        return _by_table(name, known, catalogue)
    if stem := _stem(name):
        return _as_its_stem(name, package_for(stem, overrides=overrides, catalogue=catalogue), catalogue)
    return _by_spelling(name, project, catalogue)


def candidates(project: str, *, overrides: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return all names that `package_for` and `package_for_extra` look up in the channels for `project`."""
    name = canonicalize_name(project)
    known = _known(name)
    listed = known.entry.packages if known else ()
    with_extras = tables.extras().get(name, {}).values()
    of_stem = candidates(stem, overrides=overrides) if known is None and (stem := _stem(name)) else ()
    own = (*_overriding(name, overrides), *listed, *spellings(project), *_affixed(name), *with_extras)
    return tuple(dict.fromkeys((*own, *of_stem)))


def _stem(name: str) -> str:
    """Return `x` of `x-binary`, the name on PyPI of x with its libraries in the wheels; "" for any other name."""
    return name.removesuffix("-binary") if name.endswith("-binary") else ""


def _as_its_stem(name: str, stem: Mapped, catalogue: Listing | None) -> Mapped:
    """Return the package of x for the project x-binary, unless the channel has a package of that very name, or no x."""
    own = _by_spelling(name, name, catalogue)
    if own.mapped_by == "channel" or stem.mapped_by in {"normalised", "guess"}:
        return own
    named = NameReason(kind=NameKind.STEM, package=name, by=stem.project)
    return _guess(name, stem.package, [named, *stem.reasons], [name])


def spellings(project: str) -> tuple[str, ...]:
    """Return names that normalise to the project's: `a-b-c`, `a_b_c`, `a.b.c`, `a.b-c`, `a.b_c`, its own spelling."""
    name = canonicalize_name(project)
    head, _, tail = name.partition("-")
    namespaced = (f"{head}.{tail}", f"{head}.{tail.replace('-', '_')}") if tail else ()
    own = project.lower() if re.fullmatch(r"[a-z0-9._-]+", project.lower()) else name
    return tuple(dict.fromkeys((name, name.replace("-", "_"), name.replace("-", "."), *namespaced, own)))


def package_for_extra(project: str, extra: str, *, catalogue: Listing | None = None) -> str | None:
    """Return conda-forge's package for `project[extra]` (`uvicorn[standard]`: `uvicorn-standard`), or None.

    It requires the package of the project itself. None too if `catalogue`, asked for `candidates`, lacks it.
    """
    package = tables.extras().get(canonicalize_name(project), {}).get(canonicalize_name(extra))
    lacking = catalogue is not None and catalogue.complete and package not in catalogue
    return None if lacking else package


def packages_of(project: str) -> tuple[str, ...]:
    """Return all packages that conda-forge makes of `project` alone, or () if there is only one.

    The one that holds the module is first; the others are spellings of its name, which only require it.
    """
    entry = tables.curated().get(canonicalize_name(project))
    return entry.outputs if entry is not None else ()


def whole_of(project: str) -> tuple[str, tuple[str, ...]]:
    """Return the package that conda-forge's feedstock of `project` makes of its own package and more, and what more
    that is known to be; "" for none.
    """
    entry = tables.curated().get(canonicalize_name(project))
    return (entry.whole, entry.adds) if entry is not None else ("", ())


def wraps(project: str, package: str) -> bool:
    """Whether a project is only `package`, another one's, for pip, as the table says."""
    entry = tables.curated().get(canonicalize_name(project))
    return entry is not None and entry.wraps and package in entry.packages


def extras_of(project: str) -> dict[str, str]:
    """Map the extras of `project` (normalised) to conda-forge's packages of the project with that extra."""
    return dict(tables.extras().get(canonicalize_name(project), {}))


def is_sibling(package: str) -> bool:
    """Whether a package for an extra is of the feedstock of the project's own, whose name it does not begin with."""
    return package in tables.siblings()


def in_name_tables(package: str) -> bool:
    """Return whether a table of conda-forge's names has the package."""
    return package in _listed()


@cache
def _listed() -> frozenset[str]:
    """Return the preferred packages of all tables."""
    by_hand = {entry.packages[0] for entry in tables.curated().values()}
    return frozenset(by_hand | {row.package for row in grayskull.table().values() if row.package})


def table_projects() -> frozenset[str]:
    """Return the projects that the tables of names have, normalised."""
    return frozenset((*tables.curated(), *grayskull.table()))


def import_name_for(project: str) -> str | None:
    """Return the module to import for `project` where grayskull's table has it, else None."""
    row = grayskull.table().get(canonicalize_name(project))
    return row.import_name if row else None


def projects_importing(module: str) -> tuple[str, ...]:
    """Return the projects that install a top-level module, by the tables, or () if they do not say."""
    return _importers().get(module, ())


@cache
def _importers() -> Mapping[str, tuple[str, ...]]:
    importers = {module: [project] for module, project in tables.imports().items()}
    for project, row in grayskull.table().items():
        if row.import_name is not None:
            importers.setdefault(row.import_name.partition(".")[0], []).append(project)
    return {module: tuple(projects) for module, projects in importers.items()}


def _overriding(name: str, overrides: Mapping[str, str] | None) -> tuple[str, ...]:
    return tuple(package for key, package in (overrides or {}).items() if canonicalize_name(key) == name)


def _known(name: str) -> _Known | None:
    entry = tables.curated().get(name)
    if entry is not None:
        kind = NameKind.CONVENTION_BECAUSE if entry.reason else NameKind.CONVENTION
        said = NameReason(kind=kind, package=entry.packages[0], by=entry.reason)
        return _Known(entry=entry, by="curated", reason=said)
    row = grayskull.table().get(name)
    if row is not None and row.package is not None:
        entry = tables.NameEntry(packages=(row.package,))
        said = NameReason(kind=NameKind.GRAYSKULL, package=row.package)
        return _Known(entry=entry, by="grayskull", reason=said)
    return None


def _by_table(name: str, known: _Known, catalogue: Listing | None) -> Mapped:
    listed = known.entry.packages
    if catalogue is None:
        return _table_alone(name, known, NameReason(kind=NameKind.NOT_ASKED))
    spelled = _python_packages(spellings(name), catalogue)
    there = [package for package in listed if package in catalogue]
    if there:
        return _confirmed(name, known, there, spelled, catalogue)
    if spelled:
        return _contradicted(name, known, spelled, catalogue)
    if not catalogue.complete:
        return _table_alone(name, known, _incomplete(catalogue))
    lacks = NameReason(kind=NameKind.CHANNEL_LACKS, package=listed[0])
    if known.by == "grayskull" and canonicalize_name(listed[0]) != name:
        return _guess(name, listed[0], [known.reason, lacks], [name])
    return _table_alone(name, known, lacks)


def _confirmed(name: str, known: _Known, there: list[str], spelled: list[str], catalogue: Listing) -> Mapped:
    """Return the table's package that the channel has, or a newer spelling of it."""
    listed = known.entry.packages
    chosen = _freshest(there[0], [*there, *spelled], catalogue)
    info, others = catalogue[chosen], _others(chosen, [*listed, *spelled])
    if listed == (name,) and info.python:
        return Mapped(project=name, package=chosen, mapped_by="channel", reasons=(_seen(info),), alternatives=others)
    if chosen == there[0]:
        reasons = known.reason, NameReason(kind=NameKind.CHANNEL_HAS, package=chosen, by=info.channel)
        return Mapped(project=name, package=chosen, mapped_by=known.by, reasons=reasons, alternatives=others)
    newer_one = NameReason(
        kind=NameKind.CHANNEL_HAS_NEWER,
        package=f"{chosen} {info.newest}",
        by=info.channel,
        other=f"{there[0]} {catalogue[there[0]].newest}",
    )
    return Mapped(project=name, package=chosen, mapped_by=known.by, reasons=(newer_one,), alternatives=others)


def _table_alone(name: str, known: _Known, why: NameReason) -> Mapped:
    """Return the package of a table that no channel confirms, and why none does."""
    package = known.entry.packages[0]
    others, reasons = _others(package, known.entry.packages), (known.reason, why)
    return Mapped(project=name, package=package, mapped_by=known.by, reasons=reasons, alternatives=others)


def _contradicted(name: str, known: _Known, spelled: list[str], catalogue: Listing) -> Mapped:
    """Return the project's own name: the channel lacks all that the table lists, and has a Python package under it."""
    listed = known.entry.packages
    chosen = _freshest(spelled[0], spelled, catalogue)
    lacks = NameReason(kind=NameKind.CHANNEL_LACKS, package=listed[0])
    reasons = _seen(catalogue[chosen]), known.reason, lacks
    if any(canonicalize_name(package) == name for package in listed):
        others = _others(chosen, spelled)
        return Mapped(project=name, package=chosen, mapped_by="channel", reasons=reasons, alternatives=others)
    if catalogue.complete:
        return _guess(name, chosen, reasons, [*listed, *spelled])
    return _table_alone(name, known, _incomplete(catalogue))


def _by_spelling(name: str, project: str, catalogue: Listing | None) -> Mapped:
    names = spellings(project)
    taken = [package for package in names if package in tables.namesakes()]
    if catalogue is not None:
        return _by_listed_spelling(name, names, taken, catalogue)
    if taken:
        return _namesaked(name, taken[0], [])
    reasons = NameReason(kind=NameKind.NO_TABLE), NameReason(kind=NameKind.NOT_ASKED)
    return _beside_its_extras(name) or _guess(name, name, reasons, [])


def _by_listed_spelling(name: str, names: Sequence[str], taken: Sequence[str], catalogue: Listing) -> Mapped:
    """Return the package that the channel has under a spelling of the project's name; `taken` names are others'."""
    spelled = _python_packages(names, catalogue)
    free = [package for package in spelled if package not in taken]
    if free:
        chosen = _freshest(free[0], free, catalogue)
        others, reasons = _others(chosen, free), (_seen(catalogue[chosen]),)
        return Mapped(project=name, package=chosen, mapped_by="channel", reasons=reasons, alternatives=others)
    affixed = _python_packages(_affixed(name), catalogue)
    if spelled:
        return _guess(name, spelled[0], [_seen(catalogue[spelled[0]]), _namesake(spelled[0])], affixed)
    if namesakes := [package for package in names if package in catalogue] or taken:
        return _namesaked(name, namesakes[0], affixed)
    return _unlisted(name, affixed, catalogue)


def _namesaked(name: str, package: str, affixed: list[str]) -> Mapped:
    """Return a guess for a project whose name is that of something else."""
    return _guess(name, affixed[0] if affixed else f"python-{name}", [_namesake(package)], [*affixed, package])


def _unlisted(name: str, affixed: list[str], catalogue: Listing) -> Mapped:
    """Return a guess for a project whose name the channel has in no spelling."""
    if affixed:
        return _guess(name, name, [NameReason(kind=NameKind.CHANNEL_HAS_SIMILAR)], affixed)
    if not catalogue.complete:
        reasons = NameReason(kind=NameKind.NO_TABLE), _incomplete(catalogue)
        return _beside_its_extras(name) or _guess(name, name, reasons, [])
    if len(spellings(name)) > 1:
        return _guess(name, name, [NameReason(kind=NameKind.CHANNEL_LACKS_SPELLINGS)], [])
    return Mapped(project=name, package=name, mapped_by="normalised", reasons=(NameReason(kind=NameKind.NEW),))


def _beside_its_extras(name: str) -> Mapped | None:
    """Return the package that the packages for extras are named after and require, or None."""
    named = sorted(package for package in tables.extras().get(name, {}).values() if package.startswith(f"{name}-"))
    if not named:
        return None
    reasons = (NameReason(kind=NameKind.REQUIRED_BY, package=named[0]),)
    return Mapped(project=name, package=name, mapped_by="curated", reasons=reasons)


def _incomplete(catalogue: Listing) -> NameReason:
    """Return why the absence of a package from a channel proves nothing."""
    if catalogue.unread:
        return NameReason(kind=NameKind.UNREAD)
    return NameReason(kind=NameKind.PART if catalogue.as_of is None else NameKind.EMBEDDED)


def _guess(name: str, package: str, reasons: Iterable[NameReason], alternatives: Iterable[str]) -> Mapped:
    others = _others(package, alternatives)
    return Mapped(project=name, package=package, mapped_by="guess", reasons=tuple(reasons), alternatives=others)


def _affixed(name: str) -> tuple[str, ...]:
    """Return how conda-forge calls the Python side of a name that is taken."""
    return (f"python-{name}", f"{name}-python", f"py-{name}", f"{name}-py")


def _namesake(package: str) -> NameReason:
    known = tables.namesakes().get(package)
    kind = NameKind.NAMESAKE if known else NameKind.NAMESAKE_OF_SOMETHING
    return NameReason(kind=kind, package=package, by=known or "")


def _python_packages(names: Iterable[str], catalogue: Listing) -> list[str]:
    return [name for name in names if name in catalogue and catalogue[name].python]


def _freshest(preferred: str, names: Iterable[str], catalogue: Listing) -> str:
    """Return `preferred`, or another spelling of it that has a newer version."""
    chosen = preferred
    for name in names:
        alike = canonicalize_name(name) == canonicalize_name(preferred)
        if alike and newer(catalogue[name].newest, catalogue[chosen].newest):
            chosen = name
    return chosen


def _others(chosen: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name for name in names if name != chosen}))


def _seen(info: PackageInfo) -> NameReason:
    return NameReason(kind=NameKind.CHANNEL_HAS_PYTHON, package=info.name, by=info.channel)
