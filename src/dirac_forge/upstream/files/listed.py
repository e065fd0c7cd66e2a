"""Requirements that a build reads from text files of the tree, by settings that say which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from dirac_forge.upstream.files.declared import table
from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.upstream.files.requirements import RequirementList, with_marker

__all__ = ["requirement_lines", "with_listed"]

_COMMENT = re.compile(r"(?:^|\s)#.*")


def requirement_lines(paths: Iterable[str], texts: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return the requirements in text files; None where a file is missing, or has options of pip (`-r other.txt`)."""
    lines: list[str] = []
    for path in paths:
        if (text := texts.get(path.removeprefix("./"))) is None:
            return None
        lines += filter(None, (_COMMENT.sub("", line).strip() for line in text.splitlines()))
    return None if any(line.startswith("-") for line in lines) else tuple(lines)


def with_listed(metadata: CoreMetadata, pyproject: Mapping[str, object], texts: Mapping[str, str]) -> CoreMetadata:
    """Return metadata of [project] with what [tool.setuptools.dynamic] takes from text files, if all of it is there.

    https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html#dynamic-metadata
    """
    named = table(pyproject, "project").get("dynamic")
    dynamic = set(named if isinstance(named, list) else ())
    settings = table(pyproject, "tool", "setuptools", "dynamic")
    wanted: list[tuple[str, object]] = [("", settings.get("dependencies"))] if "dependencies" in dynamic else []
    if "optional-dependencies" in dynamic:
        wanted += table(settings, "optional-dependencies").items()
    lines = list(metadata.requires_dist.lines)
    for extra, source in wanted:
        files = source.get("file") if isinstance(source, Mapping) else None
        read = requirement_lines(_texts(files), texts) if files else None
        if read is None:
            return metadata
        lines += [with_marker(line, "", extra) for line in read]
    if not wanted:
        return metadata
    return replace(
        metadata,
        requires_dist=RequirementList(tuple(lines)),
        provides_extra=(*metadata.provides_extra, *(extra for extra, _ in wanted if extra)),
        dynamic=tuple(field for field in metadata.dynamic if field not in {"requires-dist", "provides-extra"}),
    )


def _texts(value: object) -> list[str]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]
