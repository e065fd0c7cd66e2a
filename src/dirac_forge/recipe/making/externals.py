"""What a release asks for, or installs, outside of Python packages: things that pip does not bring."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from packaging.utils import canonicalize_name

from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.upstream.files.crate import crate_programs
from dirac_forge.upstream.files.declared import table
from dirac_forge.upstream.files.facts import ReleaseFacts, SdistFacts

_SECTIONS: Final = {"build-requires": "build", "host-requires": "host", "dependencies": "run"}
"""Keys of [external] and the sections of a recipe (PEP 725)."""
_MOST_NAMED = 3
_SCRIPT = re.compile(r"\.(?:bat|cmd|pl|ps1|py|sh)$|-config$")
"""Files among the scripts that are no compiled programs, and what prints flags for compilers."""


def external_notes(facts: ReleaseFacts) -> Iterator[Note]:
    """Yield a note on each list of requirements outside of the index: Requires-External, and [external] (PEP 725)."""
    if names := facts.metadata.requires_external:
        yield note("todo", NoteKind.OUTSIDE_OF_PIP, names=names, section="run")
    external = table(facts.sdist.pyproject, "external") if facts.sdist is not None else {}
    for key, section in _SECTIONS.items():
        if names := _texts(external.get(key)):
            yield note("todo", NoteKind.OUTSIDE_OF_PIP, names=names, section=section)


def script_notes(facts: ReleaseFacts) -> Iterator[Note]:
    """Yield a note on scripts that are installed as files, which the rules for noarch packages exclude.

    https://conda-forge.org/docs/maintainer/knowledge_base/#noarch-python
    """
    if names := _installed_scripts(facts):
        yield note("warning", NoteKind.SCRIPTS, scripts=[*names[:_MOST_NAMED], *("…" for _ in names[_MOST_NAMED:][:1])])


def programs_of(facts: ReleaseFacts) -> tuple[str, ...]:
    """Return the compiled programs that a wheel for one platform installs, or that maturin is told to, by name."""
    if facts.wheel is None:
        return crate_programs(facts.sdist) if facts.sdist is not None else ()
    if facts.wheel.pure:
        return ()
    names = (name.removesuffix(".exe") for name in _installed_scripts(facts))
    return tuple(name for name in names if not _SCRIPT.search(name))


def main_program(facts: ReleaseFacts) -> str:
    """Return the program that the project is about: the only one, or that of its name; "" if there is none."""
    programs = programs_of(facts)
    own = canonicalize_name(facts.metadata.name)
    return next((name for name in programs if len(programs) == 1 or canonicalize_name(name) == own), "")


def _installed_scripts(facts: ReleaseFacts) -> list[str]:
    if facts.wheel is not None:
        places = (re.fullmatch(r"[^/]+\.data/scripts/([^/]+)", member) for member in facts.wheel.members)
        return sorted(place[1] for place in places if place)
    return sorted(path.rpartition("/")[2] for path in _declared_scripts(facts.sdist)) if facts.sdist is not None else []


def _declared_scripts(sdist: SdistFacts) -> Iterator[str]:
    """Yield the paths that setup(), setuptools' tables, poetry and hatch install as scripts."""
    yield from _texts(sdist.setup.get("scripts"))
    yield from _texts(table(sdist.pyproject, "tool", "setuptools").get("script-files"))
    # Each file of the sources with what it is called where it is installed.
    installed = table(sdist.pyproject, "tool", "hatch", "build", "targets", "wheel", "shared-scripts")
    yield from _texts([*installed.values()])
    for value in table(sdist.pyproject, "tool", "poetry", "scripts").values():
        match value:
            case {"type": "file", "reference": str(path)}:
                yield path


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list | tuple) else ()
