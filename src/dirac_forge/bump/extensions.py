"""Release lines of extensions (`lhcbdirac`) that a new version belongs to, or leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dirac_forge.bump.merge_order import admits

__all__ = ["ExtensionLine", "belongs", "follows", "leaves"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtensionLine:
    """One release line of an extension, as its recipe or its newest package in the channel says."""

    extension: str
    branch: str = ""
    version: str = ""
    package: str
    """What it needs of what others make."""
    spec: str

    @property
    def text(self) -> str:
        """For people: `lhcbdirac v10.2 (10.2.3)`."""
        return " ".join(
            part for part in (self.extension, self.branch, f"({self.version})" if self.version else "") if part
        )


def follows(spec: str) -> bool:
    """Whether a requirement bounds a version from above, as an extension does with the line that it is made for."""
    return any(
        clause.lstrip().startswith(("<", "=", "~")) or clause.strip()[:1].isdigit() for clause in spec.split(",")
    )


def belongs(lines: Iterable[ExtensionLine], new: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence for each line that takes what there will be (package to version)."""
    return tuple(
        f"{line.text} needs {line.package} {line.spec}: {new[line.package]} belongs to it"
        for line in lines
        if line.package in new and admits(line.spec, new[line.package])
    )


def leaves(lines: Iterable[ExtensionLine], old: Mapping[str, str], new: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence for each line that took what there was and does not take what there will be."""
    return tuple(
        f"{line.text} needs {line.package} {line.spec}: it takes {old[line.package]} and not {new[line.package]}"
        for line in lines
        if line.package in new
        and admits(line.spec, old.get(line.package, ""))
        and not admits(line.spec, new[line.package])
    )
