"""Values: what the files of a release say about it, read without running any of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from packaging.version import Version

from dirac_forge.upstream.choice import Rejected
from dirac_forge.upstream.files.requirements import RequirementList
from dirac_forge.upstream.index.project import Release
from dirac_forge.upstream.problems import Problem
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class CoreMetadata:
    """The core metadata that a recipe uses; texts as upstream wrote them, nothing normalised."""

    name: str
    version: Version
    summary: str | None = None
    home_page: str | None = None
    project_urls: Mapping[str, str] = field(default_factory=dict)
    license: str | None = None
    license_expression: str | None = None
    license_files: tuple[str, ...] = ()
    classifiers: tuple[str, ...] = ()
    requires_dist: RequirementList = field(default_factory=RequirementList)
    requires_external: tuple[str, ...] = ()
    requires_python: str | None = None
    provides_extra: tuple[str, ...] = ()
    import_names: tuple[str, ...] = ()
    """Import-Name (PEP 794): the modules that it offers, some marked `; private`."""
    dynamic: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryPoint:
    """`name = value` of console_scripts or gui_scripts."""

    name: str
    value: str
    """`module:function`."""
    gui: bool = False
    extras: tuple[str, ...] = ()
    """The extras that the command needs (`name = module:function [extra]`)."""

    @property
    def module(self) -> str:
        """The module that holds the command."""
        return self.value.partition(":")[0].strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class WheelFacts:
    """What one wheel says."""

    filename: str
    pure: bool
    """Tags say: any platform, no ABI."""
    abi3: bool = False
    metadata: CoreMetadata
    entry_points: tuple[EntryPoint, ...] = ()
    odd_scripts: tuple[str, ...] = ()
    """Scripts that a recipe can't name, as `name = value`."""
    members: tuple[str, ...] = ()
    """Names of all files in the wheel."""
    path_folders: tuple[str, ...] = ()
    """Folders of the wheel that its .pth files add to `sys.path`."""
    license_texts: Mapping[str, str] = field(default_factory=dict)
    """Path below `.dist-info/` (or `.dist-info/licenses/`) to text; empty where only the metadata was asked for."""
    problems: tuple[Problem, ...] = ()
    """What is odd about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceModule:
    """A Python or Cython module of a source archive."""

    path: str
    imports: tuple[str, ...] = ()
    """What it imports when it is loaded, on every platform: `a.b` for `import a.b` and for `from a import b`, `.b` for
    `from . import b`. Imports in functions, under conditions, or with a fallback are left out."""
    namespace: bool = False
    """Whether it is the `__init__.py` of a namespace package of the old kinds (pkgutil's, pkg_resources')."""
    cxx: bool = False
    """Whether Cython makes C++ of it."""
    loads: tuple[str, ...] = ()
    """Names of shared libraries that it loads while it runs (ctypes, cffi), as written: `magic`, `libmagic.so.1`."""
    cut: bool = False
    """Whether it is too large, so that only its beginning was read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SdistFacts:
    """What one source archive says; paths are relative to its single top folder."""

    filename: str
    sha256: str
    metadata: CoreMetadata | None
    """From PKG-INFO, else a static [project], else literals of setup.cfg and setup.py."""
    metadata_from: str | None
    """Which file it is from: `PKG-INFO`, `pyproject.toml`, `setup.cfg`, `setup.py`."""
    pyproject: Mapping[str, object] = field(default_factory=dict)
    """pyproject.toml parsed; {} if there is none or it is not TOML (which is a problem)."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Small text files that decide things: build files (setup.py, setup.cfg, meson.build, CMakeLists.txt, Cargo.toml,
    *.egg-info/entry_points.txt, …) and licence-like files (LICENSE*, COPYING*, NOTICE*, …) at any depth up to 3."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What sources of the project's own say of a GNU licence, by path: of equal headers the first."""
    includes: Mapping[str, str] = field(default_factory=dict)
    """Headers of libraries that sources of the project's own include (`zlib.h`), each with the first file that does."""
    configured: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The libraries that configure scripts look for, by the path of the script, or of its source (configure.ac)."""
    members: tuple[str, ...] = ()
    """Names of all regular files."""
    modules: tuple[SourceModule, ...] = ()
    """The modules that import something, or are special; tests, documentation and examples are left out. The special
    ones alone where imports were not asked for."""
    command_line_modules: frozenset[str] = frozenset()
    """Paths of .py files whose syntax tree builds a command-line parser (argparse, optparse, click, typer, docopt…),
    among the modules of the first few commands by name; empty where imports were not asked for."""
    entry_points: tuple[EntryPoint, ...] = ()
    """From [project.scripts], setup.cfg, setup.py literals or egg-info, in this order of trust."""
    odd_scripts: tuple[str, ...] = ()
    """Scripts of the same place that a recipe can't name, as `name = value`."""
    setup: Mapping[str, object] = field(default_factory=dict)
    """Arguments of setup() by setup.py, else setup.cfg, whose values are literal (`packages`, `py_modules`…);
    None stands for an argument that is given but not literal (`ext_modules`, say)."""
    problems: tuple[Problem, ...] = ()
    """What is odd about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseFacts:
    """Everything known about one release."""

    release: Release
    metadata: CoreMetadata
    metadata_from: str
    """The file it was read from (`dirac-9.1.9-py3-none-any.whl`, `PKG-INFO of dirac-9.1.9.tar.gz`…)."""
    wheel: WheelFacts | None = None
    sdist: SdistFacts | None = None
    problems: tuple[Problem, ...] = ()
    """What could not be read, or contradicts itself."""
    newer: tuple[Rejected, ...] = ()
    """Newer releases that were asked for as much as this one, and can't be taken."""

    @property
    def unreadable_sdist(self) -> str:
        """Why the source archive that the release has can't be read, "" if it can be, or there is none."""
        file = self.release.sdist.filename if self.release.sdist is not None else ""
        found = (each.what for each in self.problems if each.kind == "unread-archive" and each.about == file)
        return next(found, "")

    @property
    def unread(self) -> tuple[str, ...]:
        """Files that could not be read, so that it is unknown what they say."""
        return tuple(problem.about for problem in self.problems if problem.unread)
