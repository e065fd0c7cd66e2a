"""Release lines of extensions (`lhcbdirac`) that a new version belongs to, or leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dirac_forge.bump.extension_lines import ExtensionFit, ExtensionLeft, ExtensionLine
from dirac_forge.bump.merge_order import admits


def follows(spec: str) -> bool:
    """Return whether a spec bounds a version from above, as an extension does with the line that it is made for."""
    return any(
        clause.lstrip().startswith(("<", "=", "~")) or clause.strip()[:1].isdigit() for clause in spec.split(",")
    )


def belongs(lines: Iterable[ExtensionLine], new: Mapping[str, str]) -> tuple[ExtensionFit, ...]:
    """Return the lines that take what there will be (package to version)."""
    return tuple(
        ExtensionFit(line=line, new=new[line.package])
        for line in lines
        if line.package in new and admits(line.spec, new[line.package])
    )


def leaves(lines: Iterable[ExtensionLine], old: Mapping[str, str], new: Mapping[str, str]) -> tuple[ExtensionLeft, ...]:
    """Return the lines that took what there was and do not take what there will be."""
    return tuple(
        ExtensionLeft(line=line, old=old[line.package], new=new[line.package])
        for line in lines
        if line.package in new
        and admits(line.spec, old.get(line.package, ""))
        and not admits(line.spec, new[line.package])
    )
