"""Values: one recipe, independent of its format.

Text that both formats spell differently is kept neutral: ``@{version}`` stands for the context variable `version`
(``${{ version }}`` in v1, ``{{ version }}`` in v0), and conditions carry both spellings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from dirac_forge.recipe.notes import Note
from dirac_forge.values import dataclass


@dataclass(frozen=True, slots=True)
class When:
    """A condition on the variant that is built: `v1` an expression of recipe.yaml, `v0` a selector of meta.yaml."""

    v1: str
    v0: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """One line of a requirements section."""

    name: str
    """Package, or the language of a compiler or stdlib (`c`, `cxx`, `rust`, `fortran`)."""
    spec: str = ""
    """Conda's version spec (`>=1.2,<3`, `==@{version}`, `@{python_min}.*`), or "" for any."""
    kind: Literal["package", "compiler", "stdlib", "pin_subpackage", "pin_version", "cross_python"] = "package"
    """`pin_subpackage` names the build of another output, `pin_version` only its version; `cross_python` is
    `cross-python_<target_platform>`."""
    when: When | None = None
    comment: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """An archive or a single file."""

    url: str
    sha256: str | None
    """None: could not be found out; the text then says that a person must fill it in."""
    comment: str = ""
    file_name: str | None = None
    path: str | None = None
    """A local folder, in place of the URL."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Test:
    """How an output is tested."""

    imports: tuple[str, ...] = ()
    pip_check: bool = True
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class About:
    """What a recipe says of its project."""

    summary: str = ""
    license: str = ""
    """An SPDX expression; "" if it is not known (the text then asks a person to fill it in)."""
    license_files: tuple[str, ...] = ()
    license_files_unseen: bool = False
    """Whether there are none because the source's files could not be looked at."""
    homepage: str | None = None
    repository: str | None = None
    documentation: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """One package."""

    name: str
    version: str | None = None
    """Conda's spelling, where it is not the recipe's own."""
    sources: tuple[Source, ...] = ()
    noarch: Literal["python", "generic"] | None = None
    script: str = "@{PYTHON} -m pip install . -vv --no-deps --no-build-isolation"
    script_env: Mapping[str, str] = field(default_factory=dict)
    """Variables of the environment that the script needs."""
    skip: tuple[When, ...] = ()
    version_independent: When | None = None
    """Where one build of the stable ABI serves all Pythons (CEP 20)."""
    entry_points: tuple[str, ...] = ()
    """`name = module:function`; a noarch package has no commands without them."""
    build: tuple[Requirement, ...] = ()
    host: tuple[Requirement, ...] = ()
    run: tuple[Requirement, ...] = ()
    run_constraints: tuple[Requirement, ...] = ()
    test: Test = field(default_factory=Test)
    about: About = field(default_factory=About)
    projects: tuple[str, ...] = ()
    """The project on the index that the output is made from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """A recipe: with one output it is written flat, with several as a multi-output recipe."""

    feedstock: str
    version: str
    """Conda's spelling, also the context variable `version`."""
    context: Mapping[str, str] = field(default_factory=dict)
    """Further context variables (`python_min`), in the order in which they are written."""
    outputs: tuple[Output, ...]
    sources: tuple[Source, ...] = ()
    """Those of all outputs; with one output, or a project for each, the outputs have their own."""
    about: About
    """Of the recipe; an output's own About is written where it differs from this one."""
    build_number: int = 0
    maintainers: tuple[str, ...] = ()
    noarch_platforms: tuple[str, ...] = ()
    """For conda-forge.yml (`linux_64`, `win_64`); () if the default serves."""
    in_channel: Mapping[str, str] = field(default_factory=dict)
    """Its packages that the channels have already, to the newest version there."""
    notes: tuple[Note, ...] = ()
