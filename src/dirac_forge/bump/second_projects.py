"""Projects that a recipe builds next to its own, at versions of their own (a sibling's or a vendored release)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from dirac_forge.recipe.editing.edit import Setting, outputs_of
from dirac_forge.recipe.reading.recipe_text import ReadOutput, ReadSource
from dirac_forge.untrusted import parse_version, split_url
from dirac_forge.upstream.digests import project_of
from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.upstream.files.filenames import FileNames
from dirac_forge.upstream.sources.tags import spelled_in
from dirac_forge.values import dataclass

_VERSION = re.compile(r"(?<![\w.])v?(\d+(?:\.\d+)+(?:(?:a|b|rc|\.post|\.dev)\d+)?)(?![\w])")


@dataclass(frozen=True, kw_only=True, slots=True)
class SecondProject:
    """A project in a recipe whose version is not the recipe's."""

    name: str
    """On PyPI; else the output's, or the file's URL."""
    version: str
    line: int
    """Where its source or output begins, from 1."""


def second_projects(
    before: str, after: str, *, path: str, version: str, settings: Sequence[Setting]
) -> tuple[SecondProject, ...]:
    """Return the projects that an edit to `version` left at another version, each once, in the recipe's order.

    Raises RecipeError.
    """
    found: dict[str, SecondProject] = {}
    texts = (outputs_of(text, path=path, settings=settings) for text in (before, after))
    for (_, old), (_, new) in zip(*texts, strict=True):
        for one in _left(old, new, version):
            found.setdefault(canonicalize_name(one.name), one)
    return tuple(found.values())


def _left(old: Sequence[ReadOutput], new: Sequence[ReadOutput], version: str) -> Iterator[SecondProject]:
    """Yield what one build leaves at another version."""
    urls = {source.url for output in old for source in output.sources}
    kept = [source for output in new for source in output.sources if source.url in urls]
    versions = {output.name: output.version for output in old}
    outputs = [output for output in new if versions.get(output.name) == output.version]
    yield from _of_sources(kept, version)
    yield from _of_outputs(outputs, kept, version)


def _of_sources(sources: Iterable[ReadSource], version: str) -> Iterator[SecondProject]:
    for source in sources:
        url = source.url or ""
        path = split_url(url).path if not source.unknown and "://" in url else ""
        indexed = _on_index(url, source.line) if path else None
        if indexed is not None:
            yield indexed
        elif (versions := _VERSION.findall(path)) and not spelled_in(path, version):
            yield SecondProject(name=url, version=versions[-1], line=source.line)


def _on_index(url: str, line: int) -> SecondProject | None:
    """Return the project and version that a file on an index is of."""
    named = project_of(url)
    read = FileNames(named[0]).read(named[1]) if named is not None else None
    if named is None or read is None:
        return None
    return SecondProject(name=named[0], version=str(read.version), line=line)


def _of_outputs(outputs: Iterable[ReadOutput], sources: Sequence[ReadSource], version: str) -> Iterator[SecondProject]:
    """Yield the outputs at other versions that no source has."""
    for output in outputs:
        other = output.version or version
        if other != version and not any(other in (source.url or "") for source in sources):
            yield SecondProject(name=output.name, version=other, line=output.line)


def asked_version(project: str, metadata: Iterable[CoreMetadata]) -> tuple[str, Requirement] | None:
    """Return the version that a release requires of a project, and its requirement; None if that is not one version.

    What only an extra asks for does not count.
    """
    exact: dict[Version, tuple[str, Requirement]] = {}
    for one in _requirements_of(project, metadata):
        for text in _exact_versions(one):
            parsed = parse_version(text)
            if parsed is not None:
                exact.setdefault(parsed, (text, one))
    return next(iter(exact.values())) if len(exact) == 1 else None


def _requirements_of(project: str, metadata: Iterable[CoreMetadata]) -> Iterator[Requirement]:
    name = canonicalize_name(project)
    for one in (one for release in metadata for one in release.requires_dist):
        if canonicalize_name(one.name) == name and not one.for_extra:
            yield one


def _exact_versions(requirement: Requirement) -> list[str]:
    exact = (clause for clause in requirement.specifier if clause.operator in {"==", "==="})
    return [clause.version for clause in exact if "*" not in clause.version]
