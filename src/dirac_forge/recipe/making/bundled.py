"""Sources of other libraries that an sdist carries, where the channel has the library as a package."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import field
from pathlib import PurePosixPath

from dirac_forge.recipe.making.build_files import BUILD_FILES
from dirac_forge.recipe.making.library_tables import libraries
from dirac_forge.recipe.making.subprojects import is_carried
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.upstream.files.places import is_aside, of_others
from dirac_forge.values import dataclass

_BUILD_FILES = frozenset({"configure", "configure.ac", "configure.in", *BUILD_FILES})
_CARRIED = re.compile(
    r"(?:^|(?<=/))(?:_?vendor(?:ed)?|3rd-?party|third[-_]?party|externals?|extern|deps|dependencies|submodules)/",
    re.IGNORECASE,
)
"""Folders with other projects; one below another is a matter of that project."""
_SOURCES = (".c", ".cc", ".cpp", ".cxx")
_PROJECT = re.compile(r"^[ \t]*project[ \t]*\(", re.IGNORECASE | re.MULTILINE)
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
        if not self.packages:
            return ()
        variables = [f"{name}={value}" for name, value in self.environment.items()]
        kind = NoteKind.BUNDLED_SWITCHED if variables else NoteKind.BUNDLED
        folders = self.packages.values()
        return (note("warning", kind, packages=self.packages, folders=folders, variables=variables),)


def bundled_libraries(
    members: Collection[str], texts: Mapping[str, str], project: str, carried: Collection[str] = ()
) -> Bundled:
    """Return the libraries with sources and build files of their own in folders of their names, the project itself
    aside.

    What is further down in the folders of other projects (`carried`) is a matter of those.
    """
    known = _folder_names()
    packages: dict[str, str] = {}
    paths = [PurePosixPath(m) for m in members if PurePosixPath(m).name in _BUILD_FILES and not _is_aside(m)]
    for path in sorted(paths, key=lambda path: (len(path.parts), path)):
        folder, name = str(path.parent), path.parent.name.lower()
        package = known.get(name, "") if len(_CARRIED.findall(f"{folder}/")) < 2 else ""
        # `ffi` or `cairo` may be a part of the project itself, whatever pkg-config calls so.
        own = of_others(f"{folder}/") or (package == name and _is_project(path, texts))
        if (
            package
            and own
            and not is_carried(folder, carried)
            and _has_sources(folder, members)
            and project not in (package, name)
        ):
            packages.setdefault(package, folder)
    return Bundled(packages=packages, environment=dict(_switches(texts.get("setup.py", ""))) if packages else {})


def _has_sources(folder: str, members: Collection[str]) -> bool:
    """Whether there are sources in C or C++ in a folder, which is no package of Python's."""
    inside = f"{folder}/"
    return f"{inside}__init__.py" not in members and any(
        member.startswith(inside) and member.endswith(_SOURCES) for member in members
    )


def _is_project(path: PurePosixPath, texts: Mapping[str, str]) -> bool:
    """Whether a build file is that of a whole project: Meson and CMake have more below the top of one."""
    return path.name not in BUILD_FILES or _PROJECT.search(texts.get(str(path), "")) is not None


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
