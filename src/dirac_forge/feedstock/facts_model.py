"""The facts of a feedstock, as values that can be stored."""

from __future__ import annotations

import re

import msgspec

_STUB = re.compile(r"\b(\w+?)_(compiler|stdlib)_stub\b")


def as_written(text: str) -> str:
    """Return a text with the functions that recipes call instead of the names that migrations know.

    >>> as_written("c_compiler_stub"), as_written("zlib >=1")
    ("compiler('c')", 'zlib >=1')
    """
    return _STUB.sub(r"\2('\1')", text)


class Need(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
    """A requirement of a feedstock, joined over its variants."""

    section: str
    """build, host, run or test."""
    name: str
    """As migrations know it: a package, or `c_compiler_stub`."""
    output: str
    text: str
    line: int
    platforms: int
    """Bit n: holds on the feedstock's n-th platform."""
    condition: str | None
    """What can't be decided, None if it holds for sure."""

    @property
    def written(self) -> str:
        """The text, with a compiler as recipes call it."""
        return as_written(self.text)


class Export(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
    """A run_export of an output."""

    output: str
    strength: str
    name: str
    platforms: int = 0
    """Bit n: every variant of the output on the feedstock's n-th platform exports it."""


class FeedstockFacts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One feedstock as the graph sees it."""

    recipe: str
    """The recipe's file, relative to the feedstock."""
    platforms: tuple[str, ...] = ()
    """Those that something is built for."""
    skipped: tuple[tuple[str, int], ...] = ()
    """Platforms that conda-forge.yml asks for and the recipe skips, with the line that does."""
    outputs: tuple[str, ...] = ()
    version: str = ""
    build_number: int | None = None
    noarch: bool = False
    """Every output is noarch."""
    noarch_python: bool = False
    """Every output that has python in host (or in build, without host) is `noarch: python`."""
    needs: tuple[Need, ...] = ()
    templated: tuple[int, ...] = ()
    """Lines of requirements that are made from variables: what they ask for may be another version tomorrow."""
    exports: tuple[Export, ...] = ()
    skip_names: tuple[str, ...] = ()
    """What its skip conditions ask for, other than the platform: `py`, `is_python_min`."""
    ignored: tuple[tuple[str, str], ...] = ()
    """Output and package: run_exports that it does not take."""
    applied: tuple[str, ...] = ()
    """Migrations in `.ci_support/migrations/`."""
    notes: tuple[str, ...] = ()
    """What could not be determined, with file and line."""
    problems: tuple[str, ...] = ()
    """What is wrong with its conda-forge.yml: `conda-forge.yml:2: …`."""
    rebuilt_branches: tuple[str, ...] = ()
    """Branches, in addition to the default one, that rebuilds go to (`abi_migration_branches`)."""
    assumed: bool = False
    """These are the facts of the default branch, taken for a release line whose recipe is not in the workspace."""
    error: str | None = None
    """Why the recipe can't be read, with file and line."""

    @property
    def strong(self) -> bool:
        """Whether an output has strong run_exports."""
        return any(export.strength == "strong" for export in self.exports)

    def platforms_of(self, mask: int) -> tuple[str, ...]:
        """Return the platforms whose bits are set."""
        return tuple(platform for bit, platform in enumerate(self.platforms) if mask >> bit & 1)
