"""Other projects whose sources an sdist carries: what their build files look for is their own matter."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from dirac_forge.recipe.making.build_files import BUILD_FILES
from dirac_forge.upstream.files.places import is_aside, of_others

_LICENCE = re.compile(r"(?:licen[cs]e|copying|copyright)", re.IGNORECASE)
_PROJECT = re.compile(r"^[ \t]*project[ \t]*\(", re.IGNORECASE | re.MULTILINE)


def carried_projects(texts: Mapping[str, str], tops: Collection[str]) -> tuple[str, ...]:
    """Return the folders of other projects with build files: below `extern/` and the like, or with another licence.

    `tops` are the build files at which a build begins, which are the project's own wherever they are.
    """
    builds = [path for path in texts if path.endswith((*BUILD_FILES, ".cmake")) and not is_aside(path)]
    begun = {str(PurePosixPath(path).parent) for path in tops}
    own_licences = {_plain(text) for path, text in texts.items() if "/" not in path and _LICENCE.match(path)}
    licensed = {
        str(PurePosixPath(path).parent): _plain(text)
        for path, text in texts.items()
        if "/" in path and _LICENCE.match(path.rpartition("/")[2])
    }
    foreign = {folder for folder, text in licensed.items() if text not in own_licences and _is_project(folder, texts)}
    roots = (_root(path, foreign, begun) for path in builds)
    return tuple(sorted({root for root in roots if root}))


def is_carried(path: str, folders: Iterable[str]) -> bool:
    """Whether a file is in one of the folders."""
    return path.startswith(tuple(f"{folder}/" for folder in folders))


def _root(path: str, foreign: Collection[str], begun: Collection[str]) -> str:
    """Return the outermost folder of another project that a build file is in, "" if there is none."""
    for folder in _folders_down_to(path):
        in_others = of_others(f"{folder}/x") and of_others(f"{PurePosixPath(folder).parent}/x")
        if folder not in begun and (folder in foreign or in_others):
            return folder
    return ""


def _folders_down_to(path: str) -> Iterator[str]:
    """Yield the folders that a file is in, from the top."""
    yield from (str(each) for each in reversed(PurePosixPath(path).parents) if str(each) != ".")


def _is_project(folder: str, texts: Mapping[str, str]) -> bool:
    """Whether a folder has a build file of a whole project: further down only where it is no folder at the top."""
    inside = f"{folder}/"
    builds = (path for path in texts if path.startswith(inside) and path.endswith(BUILD_FILES))
    near = (path for path in builds if "/" in folder or "/" not in path.removeprefix(inside))
    return any(_PROJECT.search(texts[path]) for path in near)


def _plain(text: str) -> str:
    return " ".join(text.split())
