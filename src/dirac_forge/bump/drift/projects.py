"""Which project's release each output of a recipe is made from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from packaging.utils import canonicalize_name

from dirac_forge.bump.drift.lines import OutputLines
from dirac_forge.untrusted import split_url
from dirac_forge.upstream.files.facts import ReleaseFacts

_ARCHIVE = re.compile(r"(?P<stem>.+?)-v?\d[^/]*\.(?:tar\.\w+|tgz|zip|whl)$")


def by_project(facts: Sequence[ReleaseFacts]) -> dict[str, ReleaseFacts]:
    """Return the facts by the project's normalised name."""
    return {str(canonicalize_name(one.release.project)): one for one in facts}


def projects_in(urls: Sequence[str]) -> tuple[str, ...]:
    """Return the normalised names that the file names and folders of source URLs suggest, the likeliest first."""
    names: dict[str, None] = {}
    for url in urls:
        parts = split_url(url).path.strip("/").split("/")
        if match := _ARCHIVE.match(parts[-1]):
            names.setdefault(canonicalize_name(match["stem"]))
    for url in urls:
        parts = split_url(url).path.strip("/").split("/")
        # .../packages/source/d/dirac/dirac-9.1.9.tar.gz; github.com/DIRACGrid/DIRAC/archive/v9.1.9.tar.gz
        names |= {
            canonicalize_name(part): None for part in (*parts[-2:-1], *parts[1:2]) if re.fullmatch(r"[\w.-]+", part)
        }
    return tuple(names)


def sdist_folder(output: OutputLines, project: str) -> str | None:
    """Return the folder that a project's sdist is unpacked in; None if that is not known.

    A source that is alone is the project's, whatever its URL says. Wheels have other paths than sdists.
    """
    alone = len(output.unpacked) == 1
    own = [one for one in output.unpacked if alone or project in projects_in(one.urls)]
    folders = {one.folder for one in own if not _has_wheel(one.urls)}
    return folders.pop() if len(folders) == 1 else None


def has_wheel(output: OutputLines) -> bool:
    """Return whether a source of an output is a wheel."""
    return _has_wheel(output.sources)


def _has_wheel(urls: Sequence[str]) -> bool:
    return any(split_url(url).path.endswith(".whl") for url in urls)


def project_of(output: OutputLines, known: Mapping[str, ReleaseFacts], names: Callable[[str], str]) -> str | None:
    """Return the project of an output: by its sources, else by its name, else the only one; None for none of `known`.

    Of sources of several projects, as they are where outputs share them, the one with the output's name counts.
    """
    sources = [name for name in projects_in(output.sources) if name in known]
    own = canonicalize_name(output.output.name)
    named = [n for n, facts in known.items() if own in {n, canonicalize_name(names(facts.release.project))}]
    both = [name for name in sources if name in named]
    only = list(known) if len(known) == 1 else []
    return next(iter((*both, *sources, *named, *only)), None)
