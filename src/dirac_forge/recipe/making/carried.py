"""What the channel's newest build of a package requires and upstream does not declare: its maintainers knew more."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from packaging.utils import canonicalize_name

from dirac_forge.channel.listing import PackageInfo
from dirac_forge.recipe.model import Output, Requirement
from dirac_forge.recipe.notes import Note, NoteKind, note


def carried_over(output: Output, info: PackageInfo, declared: Collection[str]) -> tuple[Output, tuple[Note, ...]]:
    """Return the output with the run requirements of the channel's newest build that upstream did not declare for it.

    `declared` are the packages that upstream's metadata of that version names, with all extras.
    """
    known = {canonicalize_name(name) for name in (*declared, output.name, *(line.name for line in output.run))}
    comment = f"upstream does not declare it; {info.name} {info.newest} has it"
    lines = tuple(line for line in _requirements(info, comment) if canonicalize_name(line.name) not in known)
    build = f"{info.name} {info.newest}"
    notes = tuple(note("info", NoteKind.IN_CHANNEL, package=line.name, build=build) for line in lines)
    return (replace(output, run=(*output.run, *lines)), notes) if lines else (output, ())


def whole_package(
    name: str, own: str, info: PackageInfo | None, adds: Collection[str]
) -> tuple[tuple[Requirement, ...], tuple[Note, ...]]:
    """Return what the package `name` requires next to the project's `own`, as the channel's newest build has it.

    No project declares that; where the channel's build is not known, it is what the table of names says (`adds`), and a
    person has to check it, or fill it in.
    """
    if info is not None:
        return _as_in_channel(name, own, info)
    if not adds:
        return (), (note("todo", NoteKind.WHOLE_UNKNOWN, package=name, own=own),)
    by_table = note("warning", NoteKind.WHOLE_BY_TABLE, package=name, adds=adds)
    return tuple(Requirement(name=each) for each in adds), (by_table,)


def _as_in_channel(name: str, own: str, info: PackageInfo) -> tuple[tuple[Requirement, ...], tuple[Note, ...]]:
    comment = f"{info.name} {info.newest} has it"
    lines = [line for line in _requirements(info, comment) if line.name != own]
    siblings = [line for line in lines if info.newest in re.split(r"[\s,<>=!~|]+", line.spec)]
    whole = note("info", NoteKind.WHOLE, package=name, own=own, build=f"{info.name} {info.newest}")
    unknown = (note("todo", NoteKind.UNKNOWN_SIBLING, package=name, sibling=line.name) for line in siblings)
    return tuple(line for line in lines if line not in siblings), (whole, *unknown)


def _requirements(info: PackageInfo, comment: str) -> Iterator[Requirement]:
    for spec in info.depends:
        name, *rest = spec.split()
        if name in {"python", "python_abi"} or name.startswith("_"):
            continue
        version = rest[0] if rest and not rest[0].startswith("*") else ""
        yield Requirement(name=name, spec=version, comment=comment)
