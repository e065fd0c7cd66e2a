"""Requirements of an sdist whose PKG-INFO leaves them out, as those before metadata 2.2 may (PEP 643)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.upstream.files.requirements import RequirementList, with_marker

_SECTION = re.compile(r"\[([^\[\]]*)\]")
_REQUIREMENTS = ("requires-dist", "provides-extra")


def from_requires_txt(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return requirements and extras of a requires.txt; its sections are `[extra]`, `[extra:marker]`, `[:marker]`."""
    requires: list[str] = []
    extras: list[str] = []
    extra = marker = ""
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if section := _SECTION.fullmatch(line):
            extra, _, marker = (part.strip() for part in section[1].partition(":"))
            extras += [extra] if extra else []
            continue
        requires.append(with_marker(line, marker, extra))
    return tuple(requires), tuple(dict.fromkeys(extras))


def completed(
    metadata: CoreMetadata, *, static: CoreMetadata | None, requires_txt: str | None, said: Iterable[CoreMetadata]
) -> CoreMetadata:
    """Return `metadata` with the fields that it leaves open (`dynamic`), from the first source that knows them.

    These are a static [project], the egg-info that the same build wrote (`requires_txt`), literals of setup.py and
    setup.cfg (`said`). What none of them knows stays dynamic.
    """
    complete = metadata
    for source in (static, _from_egg_info(metadata, requires_txt), *said):
        if source is None:
            continue
        known = [field for field in _REQUIREMENTS if field in complete.dynamic and field not in source.dynamic]
        if "requires-dist" in known:
            complete = replace(complete, requires_dist=source.requires_dist, provides_extra=source.provides_extra)
            complete = replace(complete, dynamic=_without(complete.dynamic, _REQUIREMENTS))
        if "requires-python" in complete.dynamic and source.requires_python is not None:
            complete = replace(
                complete,
                requires_python=source.requires_python,
                dynamic=_without(complete.dynamic, ("requires-python",)),
            )
    return complete


def _from_egg_info(metadata: CoreMetadata, requires_txt: str | None) -> CoreMetadata | None:
    if requires_txt is None:
        return None
    requires, extras = from_requires_txt(requires_txt)
    return CoreMetadata(
        name=metadata.name, version=metadata.version, requires_dist=RequirementList(requires), provides_extra=extras
    )


def _without(fields: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    return tuple(field for field in fields if field not in tuple(known))
