"""Extras that a project is asked for: those that are packages of their own, and those that its package takes in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from dirac_forge.channel.listing import Listing
from dirac_forge.channel.names import extras_of
from dirac_forge.recipe.model import Note

__all__ = ["ExtraPackages", "extra_packages"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtraPackages:
    """What becomes of the extras of one project."""

    outputs: Mapping[str, str]
    """Extra to the output that requires the project's package and what the extra adds."""
    folded: tuple[str, ...] = ()
    """Extras whose requirements the project's package has too."""
    notes: tuple[Note, ...] = ()


def extra_packages(
    package: str, project: str, asked: Collection[str], there: Callable[[Iterable[str]], Listing]
) -> ExtraPackages:
    """Return the outputs for extras of a project, and which of those that are asked for go into its own package.

    An extra that conda-forge has as a package never does, since users of the project's own package don't have it.
    `there` tells what the channels have.
    """
    spelled_as = {canonicalize_name(extra): extra for extra in asked}
    known = extras_of(project)
    known |= _in_channels(package, spelled_as.keys() - known.keys(), there)
    # conda-forge's packages for extras carry the name of the project's own; others are other feedstocks'.
    outputs = {extra: name for extra, name in known.items() if name.startswith(f"{package}-")}
    return ExtraPackages(
        outputs=outputs,
        folded=tuple(spelled for extra, spelled in spelled_as.items() if extra not in known),
        notes=tuple(
            Note(
                level="warning",
                text=f"the extra {spelled} is not in run: conda-forge has it as the package {known[extra]}",
            )
            for extra, spelled in spelled_as.items()
            if extra in known.keys() - outputs.keys()
        ),
    )


def _in_channels(package: str, extras: Collection[str], there: Callable[[Iterable[str]], Listing]) -> dict[str, str]:
    """Return the extras that the channels have as a package named after the project's, which it requires."""
    names = {extra: f"{package}-{extra}" for extra in sorted(extras)}
    found = there(names.values()) if names else {}
    return {extra: name for extra, name in names.items() if name in found and _requires(found[name].depends, package)}


def _requires(depends: Iterable[str], package: str) -> bool:
    return any(line.split(" ", 1)[0] == package for line in depends)
