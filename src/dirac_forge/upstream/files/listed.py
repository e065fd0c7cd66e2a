"""Requirements that a build reads from text files of the tree, by settings that say which."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from dirac_forge.upstream.files.declared import table
from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.upstream.files.requirements import RequirementList, with_marker

_COMMENT = re.compile(r"(?:^|\s)#.*")
_INCLUDED = re.compile(r"(?:-r|--requirement)(?:\s+|=)(\S+)")

_MOST_FILES = 100
"""Each may include the next one."""


class _UnreadableError(Exception):
    """A file is missing or has options of pip that change what is required, or there are too many."""


def requirement_lines(paths: Iterable[str], texts: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return the requirements in text files, `-r other.txt` followed; None if a file is missing, or has other
    options of pip.
    """
    try:
        return tuple(_lines([posixpath.normpath(path) for path in paths], texts, set()))
    except _UnreadableError:
        return None


def _lines(paths: Iterable[str], texts: Mapping[str, str], read: set[str]) -> Iterator[str]:
    for path in paths:
        if path not in texts:
            raise _UnreadableError
        if path in read:
            continue
        read.add(path)
        if len(read) > _MOST_FILES:
            raise _UnreadableError
        for line in filter(None, (_COMMENT.sub("", line).strip() for line in texts[path].splitlines())):
            if included := _INCLUDED.fullmatch(line):
                beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), included[1]))
                yield from _lines([beside], texts, read)
            elif line.startswith("-"):
                raise _UnreadableError
            else:
                yield line


def with_listed(metadata: CoreMetadata, pyproject: Mapping[str, object], texts: Mapping[str, str]) -> CoreMetadata:
    """Return metadata of [project] with the requirements that the build takes from text files, if all are there.

    https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html#dynamic-metadata,
    https://github.com/repo-helper/hatch-requirements-txt#usage
    """
    named = table(pyproject, "project").get("dynamic")
    wanted = _files(pyproject, named if isinstance(named, list) else ())
    if not wanted:
        return metadata
    lines = list(metadata.requires_dist.lines)
    for extra, files in wanted.items():
        read = requirement_lines(files, texts) if files else None
        if read is None:
            return metadata
        lines += [with_marker(line, "", extra) for line in read]
    return replace(
        metadata,
        requires_dist=RequirementList(tuple(lines)),
        provides_extra=(*metadata.provides_extra, *filter(None, wanted)),
        dynamic=tuple(field for field in metadata.dynamic if field not in {"requires-dist", "provides-extra"}),
    )


def _files(pyproject: Mapping[str, object], dynamic: Collection[object]) -> dict[str, list[str]]:
    """Return the files that list the requirements, and those of each extra; none if something else computes them."""
    by_setuptools = table(pyproject, "tool", "setuptools", "dynamic")
    by_hatch = table(pyproject, "tool", "hatch", "metadata", "hooks", "requirements_txt")
    found: dict[str, list[str]] = {}
    if "dependencies" in dynamic and ("dependencies" in by_setuptools or by_hatch):
        found[""] = _named(by_setuptools.get("dependencies")) or _texts(by_hatch.get("files"))
    if "optional-dependencies" in dynamic:
        extras = table(by_setuptools, "optional-dependencies") or table(by_hatch, "optional-dependencies")
        found |= {str(extra): _named(source) for extra, source in extras.items()}
    return found


def _named(source: object) -> list[str]:
    """Return the files of setuptools' `{file = …}`, or of hatch-requirements-txt's list."""
    return _texts(source.get("file") if isinstance(source, Mapping) else source)


def _texts(value: object) -> list[str]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]
