"""What the channel's newest build of a package requires and upstream does not declare: its maintainers knew more."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from packaging.utils import canonicalize_name

from dirac_forge.channel.listing import PackageInfo
from dirac_forge.recipe.model import Note, Output, Requirement

__all__ = ["carried_over"]


def carried_over(output: Output, info: PackageInfo, declared: Collection[str]) -> tuple[Output, tuple[Note, ...]]:
    """Return the output with the run requirements of the channel's newest build that upstream did not declare for it.

    `declared` are the packages that upstream's metadata of that version names, with all extras.
    """
    known = {canonicalize_name(name) for name in (*declared, output.name, *(line.name for line in output.run))}
    lines = tuple(line for line in _requirements(info) if canonicalize_name(line.name) not in known)
    notes = tuple(
        Note(
            level="info",
            text=f"{line.name} in run: the channel's {info.name} {info.newest} has it, upstream does not declare it",
        )
        for line in lines
    )
    return (replace(output, run=(*output.run, *lines)), notes) if lines else (output, ())


def _requirements(info: PackageInfo) -> Iterator[Requirement]:
    for spec in info.depends:
        name, *rest = spec.split()
        if name in {"python", "python_abi"} or name.startswith("_"):
            continue
        version = rest[0] if rest and not rest[0].startswith("*") else ""
        comment = f"upstream does not declare it; {info.name} {info.newest} has it"
        yield Requirement(name=name, spec=version, comment=comment)
