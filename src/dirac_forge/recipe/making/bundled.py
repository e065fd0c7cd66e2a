"""Sources of other libraries that an sdist carries, where the channel has the library as a package."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from pathlib import PurePosixPath

from dirac_forge.recipe.making.library_tables import libraries
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.upstream.files.places import is_aside, of_others
from dirac_forge.values import dataclass

_BUILD_FILES = frozenset({"configure", "configure.ac", "configure.in", "CMakeLists.txt", "meson.build"})
_CARRIED = re.compile(
    r"(?:^|(?<=/))(?:_?vendor(?:ed)?|3rd-?party|third[-_]?party|externals?|extern|deps|dependencies|submodules)/",
    re.IGNORECASE,
)
"""Folders with other projects; one below another is a matter of that project."""
_SYSTEM = re.compile(r"(?:environ(?:\.get)?|getenv)[\[(]\s*[\"'](\w*USE_SYSTEM\w*)[\"']")
"""A variable that asks for the library of the system (`PYCARES_USE_SYSTEM_LIB`)."""
_SWITCHES = {"SODIUM_INSTALL": ("SODIUM_INSTALL", "system"), "GEVENTSETUP_": ("GEVENTSETUP_EMBED", "0")}
"""What setup.py says to the documented variable and its value: https://pynacl.readthedocs.io/en/latest/install/ and
https://www.gevent.org/development/installing_from_source.html."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundled:
    """The libraries whose sources come along, and how the build is made to link the channel's."""

    packages: Mapping[str, str] = field(default_factory=dict)
    """Package to the folder with its sources."""
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What a person should know about them."""
        variables = [f"{name}={value}" for name, value in self.environment.items()]
        kind = NoteKind.BUNDLED_SWITCHED if variables else NoteKind.BUNDLED
        return tuple(
            note("warning", kind, package=package, folder=folder, variables=variables)
            for package, folder in self.packages.items()
        )


def bundled_libraries(members: Iterable[str], texts: Mapping[str, str], project: str) -> Bundled:
    """Return the libraries with build files of their own in folders of their names, the project itself aside."""
    known = _folder_names()
    packages: dict[str, str] = {}
    folders = {PurePosixPath(m).parent for m in members if PurePosixPath(m).name in _BUILD_FILES and not _is_aside(m)}
    for folder in sorted(folders, key=lambda path: (len(path.parts), path)):
        name = folder.name.lower()
        package = known.get(name, "") if len(_CARRIED.findall(f"{folder}/")) < 2 else ""
        # `ffi` or `fuse` may be a part of the project itself, whatever pkg-config calls so.
        named = package == name or of_others(f"{folder}/")
        if package and named and project not in (package, name):
            packages.setdefault(package, str(folder))
    return Bundled(packages=packages, environment=dict(_switches(texts.get("setup.py", ""))) if packages else {})


def _is_aside(path: str) -> bool:
    """Whether a folder is not built, or Meson's: what its build files look for on the system is found there."""
    return is_aside(path) or "subprojects/" in path


def _folder_names() -> Mapping[str, str]:
    """Return names of folders to packages: the package's own name and those that pkg-config knows."""
    rows = libraries("discovered")
    own = {packages[0]: packages[0] for packages in rows.values()}
    return own | {name: packages[0] for name, packages in rows.items() if len(packages) == 1}


def _switches(setup: str) -> Iterator[tuple[str, str]]:
    yield from ((name, "1") for name in _SYSTEM.findall(setup))
    yield from (switch for text, switch in _SWITCHES.items() if text in setup)
