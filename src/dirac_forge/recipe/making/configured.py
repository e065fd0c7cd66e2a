"""The libraries that configure scripts look for which setup.py runs, as those of C libraries that come along."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from dirac_forge.recipe.making.system_libraries import is_of_systems, package_of
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.upstream.files.facts import SdistFacts
from dirac_forge.upstream.files.places import is_aside
from dirac_forge.values import dataclass

_RUN = re.compile(r"[\"'/ ]configure[\"' ]")
"""How a script is named in a command, or in a path; `configure(` is a function."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Configured:
    """What one script looks for."""

    path: str
    packages: Mapping[str, str]
    """The libraries whose packages are known, to those."""
    unknown: tuple[str, ...]

    @property
    def notes(self) -> Iterator[Note]:
        """What a person should know about them."""
        if self.packages:
            packages = sorted(set(self.packages.values()))
            yield note("warning", NoteKind.CONFIGURED, path=self.path, names=self.packages, packages=packages)
        if self.unknown:
            yield note("warning", NoteKind.CONFIGURED_UNKNOWN, path=self.path, names=self.unknown)


def configured(sdist: SdistFacts, there: Collection[str], replaced: Iterable[str]) -> tuple[Configured, ...]:
    """Return what scripts look for that setup.py may run, beyond the packages `there`.

    Those in the folders `replaced` are not run: the channel's libraries are linked instead.
    """
    text = "\n".join(text for path, text in sdist.texts.items() if path.endswith(".py") and not is_aside(path))
    if not _RUN.search(text):
        return ()
    left_out = tuple(f"{folder}/" for folder in replaced)
    scripts: dict[str, set[str]] = {}
    for path, names in sdist.configured.items():
        folder = path.rpartition("/")[0]
        if not f"{folder}/".startswith(left_out):
            scripts.setdefault(folder, set()).update(names)
    # A folder that setup.py names is one that it goes into; its name may be put together, too.
    named = {folder: names for folder, names in scripts.items() if _is_named(folder, text)}
    found = (_looked_for(sdist, folder, names, there) for folder, names in sorted((named or scripts).items()))
    return tuple(each for each in found if each.packages or each.unknown)


def _is_named(folder: str, text: str) -> bool:
    return re.search(rf"[\"'/]{re.escape(folder.rpartition('/')[2])}[\"'/]", text) is not None


def _looked_for(sdist: SdistFacts, folder: str, names: Iterable[str], there: Collection[str]) -> Configured:
    packages = {name: package_of(name) for name in sorted(names) if not is_of_systems(name)}
    return Configured(
        path=f"{folder}/configure".lstrip("/"),
        packages={name: package for name, package in packages.items() if package and package not in there},
        unknown=tuple(name for name, package in packages.items() if not (package or _comes_along(name, sdist))),
    )


def _comes_along(name: str, sdist: SdistFacts) -> bool:
    """Whether a folder of the sdist is named as a library: it has the sources, then."""
    return any(f"/{name}/" in f"/{member}" for member in sdist.members)
