"""Recipes as they are read: the text of either format, and what it says for one platform and variant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Literal, Protocol

from dirac_forge.errors import InputError
from dirac_forge.files import read_text
from dirac_forge.values import dataclass

RECIPE_NAMES = ("meta.yaml", "recipe.yaml")
CONFIGURATIONS = ("conda_build_config.yaml", "variants.yaml")
"""The files beside a recipe that say in which variants it is built."""
HASH_KEY = re.compile(r"(?:content_)?(?:md5|sha\d+|blake2\w*)")
"""A key of a source whose value is a hash, of whatever kind."""
FILE_HASHES = ("sha256", "sha512", "sha384", "sha224", "sha1", "md5")
"""The kinds that are made of the bytes of a file, as anyone who has it can do."""
_BUILD_TOOL = re.compile(r"""^conda_build_tool[ \t]*:[ \t]*["']?([\w-]+)""", re.MULTILINE)

Format = Literal["v0", "v1"]
Kind = Literal["package", "compiler", "stdlib", "cdt", "pin_subpackage", "pin_compatible"]
Section = Literal["build", "host", "run", "run_constrained", "test"]


class RecipeError(InputError):
    """A recipe that can't be read; `line` counts from 1, 0 if it is not known."""

    def __init__(self, problem: str, *, path: Path | str, line: int = 0) -> None:
        super().__init__(f"{path}:{line}: {problem}" if line else f"{path}: {problem}")
        self.problem = problem
        self.path = str(path)
        self.line = line


@dataclass(frozen=True, slots=True)
class Mistake:
    """What a build would refuse, or take for something else than what was meant."""

    problem: str
    line: int
    """From 1; 0 if it is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadRequirement:
    """One requirement of an output."""

    section: Section
    name: str
    """The package, lower case; of `compiler("c")` what the variant makes of it, else the usual one (`gcc_linux-64`);
    "" if the name depends on an undefined variable."""
    spec: str = ""
    """What follows the name, else the variant's pin or what `pin_subpackage` makes of a version; "" for any version."""
    text: str
    """The line as it is built, name and spec."""
    line: int
    """In the file, from 1."""
    kind: Kind = "package"
    stub: str | None = None
    """`c_compiler_stub`, `c_stdlib_stub`, `cdt_stub`: what migrations call a requirement made by a function."""
    pin: Mapping[str, str] = field(default_factory=dict)
    """Arguments of `pin_subpackage` and `pin_compatible` (`max_pin`, `upper_bound`, `exact`…), as text."""
    condition: str | None = None
    """The tests that can't be decided with what is known; None if the requirement holds for sure."""
    unknown: tuple[str, ...] = ()
    """Undefined variables in it."""

    @property
    def graph_name(self) -> str:
        """The name that migrations and the graph know it by."""
        return self.stub or self.name


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadRunExport:
    """What an output adds to its users: `strong` (also where it is in build), `weak`, `noarch`, or a constraint."""

    strength: Literal["strong", "weak", "noarch", "strong_constrains", "weak_constrains"]
    requirement: ReadRequirement


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherHash:
    """A hash other than the usual ones: `sha512`, `content_sha256`."""

    key: str
    value: str
    line: int
    """In the file, from 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadSource:
    """Where a recipe takes its sources from."""

    url: str | None
    sha256: str | None
    line: int
    """Of the URL, in the file, from 1."""
    md5: str | None = None
    sha1: str | None = None
    entry: int = 0
    """Line where the source begins; several URLs of one source are mirrors of one file."""
    unknown: bool = False
    """Whether its URL or a hash depends on an undefined variable."""
    other_hashes: tuple[OtherHash, ...] = ()
    patches: tuple[str, ...] = ()
    """Files of the recipe that are applied to it."""
    git: str | None = None
    """The repository that is checked out; such a source has no URL."""
    rev: str | None = None
    """The tag or commit of it."""
    folder: str = ""
    """Where it is unpacked, below the folder of the sources."""

    @property
    def digests(self) -> dict[str, str]:
        """The hashes of its file that the recipe names: algorithm to digest."""
        named = {other.key: other.value for other in self.other_hashes}
        named |= {"sha256": self.sha256 or "", "sha1": self.sha1 or "", "md5": self.md5 or ""}
        return {name: value for name in FILE_HASHES if (value := named.get(name))}

    @property
    def unrenewed(self) -> tuple[OtherHash, ...]:
        """The hashes of kinds that are not renewed: those of what is in the file, `content_sha256`."""
        return tuple(other for other in self.other_hashes if other.key not in FILE_HASHES)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadOutput:
    """One output, or what is built in common before outputs are made (`is_package` False)."""

    name: str
    version: str
    version_line: int = 0
    """Of the version, in the file, from 1; 0 if the recipe has none."""
    version_unknown: tuple[str, ...] = ()
    """Undefined variables in it."""
    build_number: int | None
    """None if it depends on an undefined variable, or is not a number."""
    number_line: int = 0
    """Of the build number, in the file, from 1; 0 if the recipe has none."""
    build_string: str | None = None
    """As written, where the recipe writes one."""
    noarch: Literal["python", "generic"] | None = None
    version_independent: bool = False
    """One build for the stable ABI serves all Pythons (CEP 20)."""
    skip: bool | None = False
    """None if that depends on an undefined variable."""
    skip_line: int = 0
    is_package: bool = True
    requirements: tuple[ReadRequirement, ...] = ()
    run_exports: tuple[ReadRunExport, ...] = ()
    ignore_run_exports: tuple[str, ...] = ()
    """Packages whose run_exports are not taken."""
    ignore_run_exports_from: tuple[str, ...] = ()
    """Requirements that export nothing to this output."""
    sources: tuple[ReadSource, ...] = ()
    common_sources: tuple[ReadSource, ...] = ()
    """What else the recipe fetches: the sources at its top where the output has its own, and those of its cache."""
    line: int = 0

    def of(self, section: Section) -> tuple[ReadRequirement, ...]:
        """Return the requirements of one section, in the file's order."""
        return tuple(requirement for requirement in self.requirements if requirement.section == section)


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderedRecipe:
    """What a recipe says for one platform and variant."""

    path: str
    format: Format
    platform: str
    outputs: tuple[ReadOutput, ...]

    @property
    def packages(self) -> tuple[ReadOutput, ...]:
        """The outputs that become packages."""
        return tuple(output for output in self.outputs if output.is_package)

    @property
    def skipped(self) -> bool | None:
        """Whether nothing at all is built; None if that is not known."""
        skips = [output.skip for output in self.packages]
        return True if skips and all(skip is True for skip in skips) else None if None in skips else not skips


class RecipeText(Protocol):
    """A recipe's text, read once; `render` may be called for many platforms and variants."""

    @property
    def path(self) -> str:
        """The file's."""
        ...

    @property
    def format(self) -> Format:
        """v0 or v1."""
        ...

    @property
    def text(self) -> str:
        """The file's."""
        ...

    @property
    def names(self) -> frozenset[str]:
        """Every variable that selectors, conditions and templates read; raises RecipeError."""
        ...

    @property
    def given(self) -> frozenset[str]:
        """What every recipe of the format may read or call: functions, the platform, what Jinja has."""
        ...

    @property
    def definitions(self) -> tuple[frozenset[str], frozenset[str]]:
        """The names that templates read, and those that the recipe defines itself; raises RecipeError."""
        ...

    @property
    def unbuildable(self) -> tuple[Mistake, ...]:
        """The keys and values that a build refuses; raises RecipeError."""
        ...

    @property
    def pinned(self) -> frozenset[str]:
        """Packages that host (or build, where there is no host) asks for without a version: those that pins reach.

        Raises RecipeError.
        """
        ...

    def render(
        self,
        *,
        platform: str,
        variant: Mapping[str, str] | None = None,
        build_platform: str | None = None,
        stubs: bool = False,
    ) -> RenderedRecipe:
        """Return the recipe for `platform` with the variant's values; a value that the variant lacks is unknown.

        `build_platform` defaults to the variant's value, else to `platform`. With `stubs` compilers have the names that
        migrations know (`c_compiler_stub`) instead of packages of the platform. Raises RecipeError with file and line.
        """
        ...


def find_recipe(folder: Path) -> Path | None:
    """Return `meta.yaml` or `recipe.yaml` in a feedstock's folder (or its `recipe/`), None if there is none.

    Of two it is the one that `chosen_recipe` names.
    """
    for parent in ("recipe/", ""):
        there = [name for name in RECIPE_NAMES if _is_there(folder / f"{parent}{name}")]
        if there:
            return folder / f"{parent}{there[0] if len(there) == 1 else chosen_recipe(_forge_text(folder))}"
    return None


def second_recipe(recipe: Path) -> Path | None:
    """Return the recipe of the other format in the folder of a recipe, None if there is none."""
    others = (recipe.with_name(name) for name in RECIPE_NAMES if recipe.name in RECIPE_NAMES and name != recipe.name)
    return next(filter(_is_there, others), None)


def chosen_recipe(forge: str) -> str:
    """Return the name of the recipe that is built where a feedstock has both, by the text of its conda-forge.yml.

    conda-smithy reads recipe.yaml for `conda_build_tool: rattler-build`, else meta.yaml:
    https://conda-forge.org/docs/maintainer/conda_forge_yml/#conda-build-tool
    """
    tool = _BUILD_TOOL.search(forge)
    return "recipe.yaml" if tool is not None and tool[1] == "rattler-build" else "meta.yaml"


def _is_there(path: Path) -> bool:
    return path.is_file() or path.is_symlink()


def _forge_text(folder: Path) -> str:
    """Return the text of conda-forge.yml; "" if there is none that can be read, which is reported elsewhere."""
    path = (folder.parent if folder.name == "recipe" else folder) / "conda-forge.yml"
    try:
        return read_text(path) if path.is_file() and not path.is_symlink() else ""
    except (OSError, UnicodeDecodeError):
        return ""
